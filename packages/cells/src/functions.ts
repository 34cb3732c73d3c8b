import { add, apply, div, max, mean, min, mul, neg, ops, sqrt, sub, type Expr, type ScalarOp } from '@unroll/expr';
import { activation, activations, type ActivationName } from './activations.ts';

/** Zero mean and unit variance over the channels of a row: (a − mean a) / √(var a + ε). Ba, Kiros & Hinton 2016, before gain and shift. */
export function layerNorm(a: Expr, epsilon = 1e-5): Expr {
  const centred = sub(a, mean(a));
  return div(centred, sqrt(add(mean(mul(centred, centred)), epsilon)));
}

/** The logarithm of the sigmoid: −softplus(−a). */
export function logSigmoid(a: Expr): Expr {
  return neg(activation('softplus')(neg(a)));
}

/** `a`, but at least `low` and at most `high`. */
export function clip(a: Expr, low: number, high: number): Expr {
  return min(max(a, low), high);
}

/** A function as equations in text call it: operands first, then plain numbers, the last `optional` of which may be left out. */
export interface TextFunction {
  readonly operands: number;
  readonly numbers: number;
  readonly optional: number;
  make(operands: readonly Expr[], numbers: readonly number[]): Expr;
}

/** Operations that have a sign of their own in text. */
export type SignedOp = 'add' | 'sub' | 'mul' | 'div' | 'neg';
const signed: ReadonlySet<string> = new Set<SignedOp>(['add', 'sub', 'mul', 'div', 'neg']);

/** Every function of the notation, by its name in lower case. */
export const textFunctions: ReadonlyMap<string, TextFunction> = /* @__PURE__ */ new Map(Object.entries<TextFunction>({
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
