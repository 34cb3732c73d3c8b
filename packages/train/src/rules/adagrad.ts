import { add, div, mul, sqrt } from '@unroll/expr';
import { checkFromZero } from '../errors.ts';
import type { GroupOptions } from '../groups.ts';
import { optimizerOf, type Optimizer } from '../optimizer.ts';
import { decayed } from './formulas.ts';

/** Options of `adagrad`; names, meanings and defaults of torch.optim.Adagrad. `lr` is 1e-2 unless given. */
export interface AdagradOptions extends GroupOptions {
  /** Default 0: at step t the learning rate is lr / (1 + (t − 1) · lrDecay). */
  readonly lrDecay?: number;
  /** Default 0: added to the gradient as weightDecay · w. */
  readonly weightDecay?: number;
  /** What the sums of squares start from. Default 0. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-10. */
  readonly eps?: number;
}

/** Adagrad (Duchi et al. 2011): w' = w − lr · g / (√s + ε), where s is the sum of all g² so far. Keeps `sum`. */
export function adagrad({ lr = 1e-2, lrDecay = 0, initialAccumulatorValue = 0, eps = 1e-10, ...others }: AdagradOptions = {}): Optimizer {
  checkFromZero('adagrad', { lrDecay, initialAccumulatorValue, eps });
  return optimizerOf<'sum', 'minusLr'>('adagrad', { lr, ...others }, (weightDecay) => ({
    slots: ['sum'],
    initial: { sum: initialAccumulatorValue },
    scalars: ['minusLr'],
    schedule: (rate, t) => ({ minusLr: -(rate / (1 + (t - 1) * lrDecay)) }),
    update({ w, g, sum, minusLr }) {
      const slope = decayed(g, w, weightDecay);
      const squares = add(sum, mul(slope, slope));
      return { w: add(w, div(mul(minusLr, slope), add(sqrt(squares), eps))), sum: squares };
    },
  }));
}
