import { gru, gruOriginal } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import { Recurrent, type RecurrentOptions } from './recurrent.ts';

/** Options of `GRU`. */
export interface GRUOptions extends RecurrentOptions {
  /** Default true: the reset gate after the recurrent product, as PyTorch and cuDNN. False: before it, as published. */
  readonly resetAfter?: boolean;
}

/** nn.GRU: gated recurrent unit in L layers and D directions. Cho et al. 2014. Its state is h, (L·D, B, H). */
export class GRU extends Recurrent<Tensor> {
  readonly resetAfter: boolean;

  constructor(inputSize: number, hiddenSize: number, { resetAfter = true, ...options }: GRUOptions = {}) {
    super(resetAfter ? gru : gruOriginal, inputSize, hiddenSize, options);
    this.resetAfter = resetAfter;
  }
}
