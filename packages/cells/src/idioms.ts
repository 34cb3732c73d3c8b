import { children, input, type Expr } from '@unroll/expr';
import { activations, type ActivationName } from './activations.ts';
import { clip, layerNorm, logSigmoid } from './functions.ts';

/** A function that is made of operations, as it stands in a graph: its name in text, its argument, and numbers that are not the default. */
export interface Idiom { readonly name: string; readonly operand: Expr; readonly numbers: readonly number[] }

interface Pattern { readonly name: string; readonly graph: Expr }
interface Found { operand?: Expr; readonly numbers: (number | undefined)[] }

const hole = input('…');
/** Numbers that nobody writes stand for any number. */
const anyNumber: readonly [number, number] = [1.2345e-301, 5.4321e-301];

// Without those that are easier to read as what they are made of: affine, scaledTanh.
const activationNames: readonly ActivationName[] = ['kerasHardSigmoid', 'hardSigmoid', 'leakyRelu', 'thresholdedRelu', 'elu', 'softsign', 'softplus'];

/** What each function looks like around a hole, larger graphs first. */
const patterns: readonly Pattern[] = [
  { name: 'layernorm', graph: layerNorm(hole) },
  { name: 'logsigmoid', graph: logSigmoid(hole) },
  { name: 'clip', graph: clip(hole, ...anyNumber) },
  ...activationNames.map((name) => graphOf(name, activations[name].alpha ?? 1, activations[name].beta ?? 1)),
  ...activationNames.map((name) => graphOf(name, ...anyNumber)),
];

/** The function that an expression is, so that people read its name and not what it is made of. Equal expressions must be one object. */
export function idiomOf(expr: Expr): Idiom | undefined {
  for (const { name, graph } of patterns) {
    const found: Found = { numbers: [] };
    if (fits(graph, expr, found) && found.operand !== undefined) return { name, operand: found.operand, numbers: found.numbers.filter((number) => number !== undefined) };
  }
  return undefined;
}

function graphOf(name: ActivationName, alpha: number, beta: number): Pattern {
  return { name: name.toLowerCase(), graph: activations[name].apply(hole, alpha, beta) };
}

function fits(pattern: Expr, expr: Expr, found: Found): boolean {
  if (pattern === hole) return (found.operand ??= expr) === expr;
  if (pattern.kind === 'constant') return expr.kind === 'constant' && fitsNumber(pattern.value, expr.value, found);
  if (pattern.kind === 'apply' && !(expr.kind === 'apply' && expr.op === pattern.op)) return false;
  const below = children(expr);
  return pattern.kind === expr.kind && children(pattern).every((child, k) => below[k] !== undefined && fits(child, below[k], found));
}

function fitsNumber(pattern: number, value: number, { numbers }: Found): boolean {
  const place = anyNumber.indexOf(pattern);
  return place < 0 ? Object.is(value, pattern) : (numbers[place] ??= value) === value;
}
