import { add, div, max, mean, min, mul, neg, sqrt, sub, type Expr } from '@unroll/expr';
import { activation } from './activations.ts';

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
