import { add, div, mul, select, sqrt } from '@unroll/expr';
import { checkFromZero } from '../errors.ts';
import type { GroupOptions } from '../groups.ts';
import { optimizerOf, type Optimizer } from '../optimizer.ts';
import { blended, blendedSquare, checkBetas, decayed, type Betas } from './formulas.ts';

/** Options of `radam`; names, meanings and defaults of torch.optim.RAdam. `lr` is 1e-3 unless given. */
export interface RadamOptions extends GroupOptions {
  /** Default [0.9, 0.999]. */
  readonly betas?: Betas;
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0: added to the gradient as weightDecay · w. */
  readonly weightDecay?: number;
}

/** Rectified Adam (Liu et al. 2020): momentum alone until the second moment is known well enough. Keeps `exp_avg` and `exp_avg_sq`. */
export function radam({ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, ...others }: RadamOptions = {}): Optimizer {
  checkFromZero('radam', { eps });
  checkBetas('radam', betas);
  const [beta1, beta2] = betas;
  return optimizerOf<'exp_avg' | 'exp_avg_sq', 'minusRate' | 'rectified'>('radam', { lr, ...others }, (weightDecay) => ({
    slots: ['exp_avg', 'exp_avg_sq'],
    scalars: ['minusRate', 'rectified'],
    schedule(rate, t) {
      const factor = rectification(t, beta2);
      return { minusRate: -(rate / (1 - beta1 ** t)) * (factor ?? 1), rectified: factor === undefined ? 0 : 1 };
    },
    update({ w, g, exp_avg: m, exp_avg_sq: v, minusRate, rectified }) {
      const slope = decayed(g, w, weightDecay);
      const mean = blended(m, slope, beta1);
      const square = blendedSquare(v, slope, beta2);
      const root = select(rectified, add(sqrt(square), eps), 1);
      return { w: add(w, div(mul(minusRate, mean), root)), exp_avg: mean, exp_avg_sq: square };
    },
  }));
}

/** r √(1 − β₂ᵗ), where ρ∞ = 2 / (1 − β₂) − 1, ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ), r² = (ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ); undefined up to ρ = 5. */
function rectification(t: number, beta2: number): number | undefined {
  const correction = 1 - beta2 ** t;
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * t * beta2 ** t) / correction;
  if (!(length > 5)) return undefined;
  return Math.sqrt(correction) * Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
}
