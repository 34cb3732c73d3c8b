import { rnn, rnnRelu, type Cell } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import { check } from './errors.ts';
import { Recurrent, type RecurrentOptions } from './recurrent.ts';

/** What a simple recurrent network applies to the sum of its products. */
export type Nonlinearity = 'tanh' | 'relu';

/** Options of `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  /** Default 'tanh'. */
  readonly nonlinearity?: Nonlinearity;
}

const cellOf: Readonly<Record<Nonlinearity, Cell>> = { tanh: rnn, relu: rnnRelu };

/** nn.RNN: h_t = φ(W x_t + b + R h_{t−1} + c), in L layers and D directions. Elman 1990. Its state is h, (L·D, B, H). */
export class RNN extends Recurrent<Tensor> {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, { nonlinearity = 'tanh', ...options }: RNNOptions = {}) {
    check(Object.hasOwn(cellOf, nonlinearity), 'argument', () => `RNN: nonlinearity must be tanh or relu, got ${nonlinearity}.`);
    super(cellOf[nonlinearity], inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }
}
