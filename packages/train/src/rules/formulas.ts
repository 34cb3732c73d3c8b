import { add, constant, mul, type Expr } from '@unroll/expr';
import { check } from '../errors.ts';

// The rules are PyTorch's (torch.optim), operation by operation: w parameter, g gradient, t step from 1. What is constant over a
// run is written into the formulas; what changes from step to step is computed on the host in float64 and comes in as a scalar.

/** g + λ w. */
export function decayed(g: Expr, w: Expr, weightDecay: number): Expr {
  return weightDecay === 0 ? g : add(g, mul(constant(weightDecay), w));
}

/** β m + (1 − β) x. */
export function blended(m: Expr, x: Expr, beta: number): Expr {
  return add(mul(m, beta), mul(1 - beta, x));
}

/** β v + (1 − β) x². */
export function blendedSquare(v: Expr, x: Expr, beta: number): Expr {
  return add(mul(v, beta), mul(1 - beta, x, x));
}

/** How fast the first and the second moment forget. */
export type Betas = readonly [first: number, second: number];

/** Throws TrainError `argument` unless both are from 0 to below 1. */
export function checkBetas(name: string, betas: Betas): void {
  check(betas.every((beta) => beta >= 0 && beta < 1), 'argument', () => `${name}: betas must be from 0 to below 1, got ${betas.join(' and ')}.`);
}
