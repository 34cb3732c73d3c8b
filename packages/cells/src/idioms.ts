import { children, input, type Expr } from '@unroll/expr';
import { activation } from './activations.ts';
import { layerNorm, logSigmoid } from './functions.ts';

/** A function of one argument that is made of operations, as it stands in a graph. */
export interface Idiom { readonly name: string; readonly operand: Expr }

const hole = input('…');

/** What each function looks like around a hole; larger patterns first. */
const patterns: readonly { readonly name: string; readonly pattern: Expr }[] = Object.entries({
  layernorm: layerNorm(hole),
  logsigmoid: logSigmoid(hole),
  softplus: activation('softplus')(hole),
  softsign: activation('softsign')(hole),
  hardsigmoid: activation('hardSigmoid')(hole),
}).map(([name, pattern]) => ({ name, pattern }));

/** The function that an expression is, so that people read its name and not what it is made of. Equal expressions must be one object. */
export function idiomOf(expr: Expr): Idiom | undefined {
  for (const { name, pattern } of patterns) {
    const found: { operand?: Expr } = {};
    if (fits(pattern, expr, found) && found.operand !== undefined) return { name, operand: found.operand };
  }
  return undefined;
}

function fits(pattern: Expr, expr: Expr, found: { operand?: Expr }): boolean {
  if (pattern === hole) return (found.operand ??= expr) === expr;
  if (pattern.kind === 'constant') return expr.kind === 'constant' && Object.is(expr.value, pattern.value);
  if (pattern.kind === 'apply' && !(expr.kind === 'apply' && expr.op === pattern.op)) return false;
  const below = children(expr);
  return pattern.kind === expr.kind && children(pattern).every((child, k) => below[k] !== undefined && fits(child, below[k], found));
}
