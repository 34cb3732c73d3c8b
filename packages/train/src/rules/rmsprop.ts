import { add, div, mul, sqrt, sub } from '@unroll/expr';
import { checkFromZero } from '../errors.ts';
import type { GroupOptions } from '../groups.ts';
import { optimizerOf, type Optimizer } from '../optimizer.ts';
import { blended, blendedSquare, decayed } from './formulas.ts';

/** Options of `rmsprop`; names, meanings and defaults of torch.optim.RMSprop. `lr` is 1e-2 unless given. */
export interface RmspropOptions extends GroupOptions {
  /** Default 0.99. */
  readonly alpha?: number;
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0: added to the gradient as weightDecay · w. */
  readonly weightDecay?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default false. True: the squares are taken around a running mean of the gradient. */
  readonly centered?: boolean;
}

/** RMSprop (Tieleman & Hinton 2012; centered: Graves 2013). Keeps `square_avg`, and `grad_avg` and `momentum_buffer` where they are used. */
export function rmsprop({ lr = 1e-2, alpha = 0.99, eps = 1e-8, momentum = 0, centered = false, ...others }: RmspropOptions = {}): Optimizer {
  type Slot = 'square_avg' | 'grad_avg' | 'momentum_buffer';
  checkFromZero('rmsprop', { alpha, eps, momentum });
  return optimizerOf<Slot, 'minusLr'>('rmsprop', { lr, ...others }, (weightDecay) => ({
    slots: ['square_avg', ...(centered ? (['grad_avg'] as const) : []), ...(momentum > 0 ? (['momentum_buffer'] as const) : [])],
    scalars: ['minusLr'],
    schedule: (rate) => ({ minusLr: -rate }),
    update({ w, g, square_avg: s, grad_avg: m, momentum_buffer: b, minusLr }) {
      const slope = decayed(g, w, weightDecay);
      const square = blendedSquare(s, slope, alpha);
      const mean = centered ? blended(m, slope, alpha) : slope;
      const root = add(sqrt(centered ? sub(square, mul(mean, mean)) : square), eps);
      if (momentum === 0) return { w: add(w, div(mul(minusLr, slope), root)), square_avg: square, grad_avg: mean, momentum_buffer: slope };
      const buffer = add(mul(b, momentum), div(slope, root));
      return { w: add(w, mul(minusLr, buffer)), square_avg: square, grad_avg: mean, momentum_buffer: buffer };
    },
  }));
}
