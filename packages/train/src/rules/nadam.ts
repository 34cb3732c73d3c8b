import { add, div, mul, sqrt } from '@unroll/expr';
import { checkFromZero } from '../errors.ts';
import type { GroupOptions } from '../groups.ts';
import { optimizerOf, type Optimizer } from '../optimizer.ts';
import { blended, blendedSquare, checkBetas, decayed, type Betas } from './formulas.ts';

/** Options of `nadam`; names, meanings and defaults of torch.optim.NAdam. `lr` is 2e-3 unless given. */
export interface NadamOptions extends GroupOptions {
  /** Default [0.9, 0.999]. */
  readonly betas?: Betas;
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0: added to the gradient as weightDecay · w. */
  readonly weightDecay?: number;
  /** ψ: how fast the momentum comes up to β₁. Default 4e-3. */
  readonly momentumDecay?: number;
}

/**
 * Adam with Nesterov's momentum (Dozat 2016), as PyTorch 2 computes it: with μₜ = β₁ (1 − ½ · 0.96^(ψ t)) and Πₜ = μ₁ … μₜ,
 * w' = w − lr · ((1 − μₜ) / (1 − Πₜ) · g + μₜ₊₁ / (1 − Πₜ₊₁) · m') / (√(v' / (1 − β₂ᵗ)) + ε). Keeps `exp_avg` and `exp_avg_sq`; the
 * products follow from the number of steps.
 */
export function nadam({ lr = 2e-3, betas = [0.9, 0.999], eps = 1e-8, momentumDecay = 4e-3, ...others }: NadamOptions = {}): Optimizer {
  checkFromZero('nadam', { eps, momentumDecay });
  checkBetas('nadam', betas);
  const [beta1, beta2] = betas;
  const momentum = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  const product = products(momentum);
  return optimizerOf<'exp_avg' | 'exp_avg_sq', 'minusDirect' | 'minusMean' | 'correction'>('nadam', { lr, ...others }, (weightDecay) => ({
    slots: ['exp_avg', 'exp_avg_sq'],
    scalars: ['minusDirect', 'minusMean', 'correction'],
    schedule(rate, t) {
      const [now, next, all] = [momentum(t), momentum(t + 1), product(t)];
      return { minusDirect: -((rate * (1 - now)) / (1 - all)), minusMean: -((rate * next) / (1 - all * next)), correction: 1 - beta2 ** t };
    },
    update({ w, g, exp_avg: m, exp_avg_sq: v, minusDirect, minusMean, correction }) {
      const slope = decayed(g, w, weightDecay);
      const mean = blended(m, slope, beta1);
      const square = blendedSquare(v, slope, beta2);
      const root = add(sqrt(div(square, correction)), eps);
      return { w: add(w, div(mul(minusDirect, slope), root), div(mul(minusMean, mean), root)), exp_avg: mean, exp_avg_sq: square };
    },
  }));
}

/** t → f(1) · … · f(t), always multiplied in this order, and cheap where t grows by one. */
function products(factor: (t: number) => number): (t: number) => number {
  let [reached, product] = [0, 1];
  return (t) => {
    if (t < reached) [reached, product] = [0, 1];
    while (reached < t) product *= factor(++reached);
    return product;
  };
}
