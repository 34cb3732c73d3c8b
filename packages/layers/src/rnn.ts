import { rnn, rnnRelu, type Cell } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import { oneOf } from './errors.ts';
import type { RecurrentOptions } from './options.ts';
import { RecurrentCell, type RecurrentCellOptions } from './recurrent-cell.ts';
import { Recurrent } from './recurrent.ts';

/** What a simple recurrent network applies to the sum of its products. */
export type Nonlinearity = 'tanh' | 'relu';

/** What simple recurrent networks have besides. */
interface NonlinearityOptions {
  /** Default 'tanh'. */
  readonly nonlinearity?: Nonlinearity;
}
/** Options of `RNN`. */
export interface RNNOptions extends RecurrentOptions, NonlinearityOptions {}
/** Options of `RNNCell`. */
export interface RNNCellOptions extends RecurrentCellOptions, NonlinearityOptions {}

/** nn.RNN: h_t = φ(W x_t + b + R h_{t−1} + c), in L layers and D directions. Elman 1990. Its state is h, (L·D, B, H). */
export class RNN extends Recurrent<Tensor> {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, { nonlinearity = 'tanh', ...options }: RNNOptions = {}) {
    super(cellOf('RNN', nonlinearity), inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }
}

/** nn.RNNCell: one step of time. Its state is h, (B, H). */
export class RNNCell extends RecurrentCell<Tensor> {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, { nonlinearity = 'tanh', ...options }: RNNCellOptions = {}) {
    super(cellOf('RNNCell', nonlinearity), inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }
}

// Private.

const cells: Readonly<Record<Nonlinearity, Cell>> = { tanh: rnn, relu: rnnRelu };

function cellOf(layer: string, nonlinearity: Nonlinearity): Cell {
  return cells[oneOf(layer, 'nonlinearity', nonlinearity, ['tanh', 'relu'])];
}
