import { gru, gruOriginal } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import type { RecurrentOptions } from './options.ts';
import { RecurrentCell, type RecurrentCellOptions } from './recurrent-cell.ts';
import { Recurrent } from './recurrent.ts';

/** What GRUs have besides. */
interface ResetOptions {
  /** Default true: the reset gate after the recurrent product, as PyTorch and cuDNN. False: before it, as published. */
  readonly resetAfter?: boolean;
}
/** Options of `GRU`. */
export interface GRUOptions extends RecurrentOptions, ResetOptions {}
/** Options of `GRUCell`. */
export interface GRUCellOptions extends RecurrentCellOptions, ResetOptions {}

/** nn.GRU: gated recurrent unit in L layers and D directions. Cho et al. 2014. Its state is h, (L·D, B, H). */
export class GRU extends Recurrent<Tensor> {
  readonly resetAfter: boolean;

  constructor(inputSize: number, hiddenSize: number, { resetAfter = true, ...options }: GRUOptions = {}) {
    super(resetAfter ? gru : gruOriginal, inputSize, hiddenSize, options);
    this.resetAfter = resetAfter;
  }
}

/** nn.GRUCell: one step of time. Its state is h, (B, H). */
export class GRUCell extends RecurrentCell<Tensor> {
  readonly resetAfter: boolean;

  constructor(inputSize: number, hiddenSize: number, { resetAfter = true, ...options }: GRUCellOptions = {}) {
    super(resetAfter ? gru : gruOriginal, inputSize, hiddenSize, options);
    this.resetAfter = resetAfter;
  }
}
