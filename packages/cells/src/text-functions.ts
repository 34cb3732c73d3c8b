import { apply, mean, ops, type Expr, type ScalarOp } from '@unroll/expr';
import { activation, activations, type ActivationName } from './activations.ts';
import { clip, layerNorm, logSigmoid } from './functions.ts';

/** A function as equations in text call it: operands first, then plain numbers, the last `optional` of which may be left out. */
export interface TextFunction {
  readonly operands: number;
  readonly numbers: number;
  readonly optional: number;
  make(operands: readonly Expr[], numbers: readonly number[]): Expr;
}

/** Operations that have a sign of their own in text. */
const signed: ReadonlySet<ScalarOp> = new Set<ScalarOp>(['add', 'sub', 'mul', 'div', 'neg']);

/** Every function of the notation, by its name in lower case. */
export const textFunctions: ReadonlyMap<string, TextFunction> = new Map(Object.entries<TextFunction>({
  ...scalarFunctions(),
  ...activationFunctions(),
  σ: plain(1, ([a]) => activation('sigmoid')(a as Expr)),
  logsigmoid: plain(1, ([a]) => logSigmoid(a as Expr)),
  mean: plain(1, ([a]) => mean(a as Expr)),
  layernorm: { operands: 1, numbers: 1, optional: 1, make: ([a], [epsilon]) => layerNorm(a as Expr, epsilon) },
  clip: { operands: 1, numbers: 2, optional: 0, make: ([a], [low, high]) => clip(a as Expr, low as number, high as number) },
}));

function plain(operands: number, make: TextFunction['make']): TextFunction {
  return { operands, numbers: 0, optional: 0, make };
}

function scalarFunctions(): Record<string, TextFunction> {
  const names = (Object.keys(ops) as ScalarOp[]).filter((op) => !signed.has(op));
  return Object.fromEntries(names.map((op) => [op.toLowerCase(), plain(ops[op].arity, (operands) => apply(op, ...operands))]));
}

function activationFunctions(): Record<string, TextFunction> {
  return Object.fromEntries((Object.keys(activations) as ActivationName[]).map((name) => {
    const { alpha, beta } = activations[name];
    const numbers = [alpha, beta].filter((number) => number !== undefined).length;
    const make: TextFunction['make'] = ([a], [first, second]) =>
      activation({ name, ...(first === undefined ? {} : { alpha: first }), ...(second === undefined ? {} : { beta: second }) })(a as Expr);
    return [name.toLowerCase(), { operands: 1, numbers, optional: numbers, make }];
  }));
}
