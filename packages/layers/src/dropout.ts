import { constant, input, mul } from '@unroll/expr';
import { bernoulli, map, scope, type Generator, type Tensor } from '@unroll/tensor';
import { probability } from './errors.ts';
import { Module } from './module.ts';

/** Options of `Dropout`. */
export interface DropoutOptions {
  /** Where the masks are drawn from. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/**
 * In training, sets each element to 0 with probability p and divides the others by 1 − p, as nn.Dropout; in evaluation (`eval()`)
 * it changes nothing. Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting.
 *
 * @throws LayerError `argument` where p is not from 0 to 1
 */
export class Dropout extends Module {
  /** Probability of dropping an element. */
  readonly p: number;
  readonly #generator: Generator | undefined;

  constructor(p = 0.5, { generator }: DropoutOptions = {}) {
    super();
    this.p = probability('Dropout', 'p', p);
    this.#generator = generator;
  }

  /** Any shape → the same shape; the same tensor where nothing is dropped. */
  forward(input: Tensor): Tensor {
    return this.training ? dropout(input, this.p, this.#generator) : input;
  }
}

/** y = x m / (1 − p), with m drawn anew for each element: 1 with probability 1 − p, else 0. */
export function dropout(values: Tensor, p: number, generator?: Generator): Tensor {
  if (p === 0) return values;
  const scale = p === 1 ? 0 : 1 / (1 - p);
  return scope(() => {
    const { dtype } = values;
    const mask = bernoulli(values.shape, 1 - p, generator === undefined ? { dtype } : { dtype, generator });
    const [dropped] = map([mul(input('x0'), mul(input('x1'), constant(scale)))], [values, mask]);
    return dropped as Tensor;
  });
}
