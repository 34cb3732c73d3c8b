import { lstm } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import { Recurrent, type RecurrentOptions } from './recurrent.ts';

/** The state of an LSTM: hidden state h and cell state c, each (L·D, B, H). */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/** nn.LSTM: long short-term memory in L layers and D directions. Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000. */
export class LSTM extends Recurrent<LSTMState> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(lstm, inputSize, hiddenSize, options);
  }
}
