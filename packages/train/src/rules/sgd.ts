import { add, mul } from '@unroll/expr';
import { check, checkFromZero } from '../errors.ts';
import type { GroupOptions } from '../groups.ts';
import { optimizerOf, type Optimizer } from '../optimizer.ts';
import { decayed } from './formulas.ts';

/** Options of `sgd`; names, meanings and defaults of torch.optim.SGD. `lr` is 1e-3 unless given. */
export interface SgdOptions extends GroupOptions {
  /** Default 0. */
  readonly momentum?: number;
  /** Default 0. */
  readonly dampening?: number;
  /** Default 0: added to the gradient as weightDecay · w. */
  readonly weightDecay?: number;
  /** Default false. Needs momentum, and no dampening. */
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013). Keeps `momentum_buffer`. */
export function sgd({ lr = 1e-3, momentum = 0, dampening = 0, nesterov = false, ...others }: SgdOptions = {}): Optimizer {
  const name = 'sgd';
  checkFromZero(name, { momentum });
  check(!nesterov || (momentum > 0 && dampening === 0), 'argument', () => `${name}: nesterov needs a momentum above 0 and dampening 0, got ${momentum} and ${dampening}.`);
  if (momentum === 0) {
    return optimizerOf<never, 'minusLr'>(name, { lr, ...others }, (weightDecay) => ({
      slots: [],
      scalars: ['minusLr'],
      schedule: (rate) => ({ minusLr: -rate }),
      update: ({ w, g, minusLr }) => ({ w: add(w, mul(minusLr, decayed(g, w, weightDecay))) }),
    }));
  }
  return optimizerOf<'momentum_buffer', 'minusLr' | 'share'>(name, { lr, ...others }, (weightDecay) => ({
    slots: ['momentum_buffer'],
    scalars: ['minusLr', 'share'],
    // The first gradient enters the buffer whole.
    schedule: (rate, t) => ({ minusLr: -rate, share: t === 1 ? 1 : 1 - dampening }),
    update({ w, g, momentum_buffer: buffer, minusLr, share }) {
      const slope = decayed(g, w, weightDecay);
      const next = add(mul(buffer, momentum), mul(share, slope));
      return { w: add(w, mul(minusLr, nesterov ? add(slope, mul(momentum, next)) : next)), momentum_buffer: next };
    },
  }));
}
