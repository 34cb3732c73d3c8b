import { lstm } from '@unroll/cells';
import type { Tensor } from '@unroll/tensor';
import type { RecurrentOptions } from './options.ts';
import { RecurrentCell, type RecurrentCellOptions } from './recurrent-cell.ts';
import { Recurrent } from './recurrent.ts';

/** The state of an LSTM: hidden state h, (L·D, B, P), and cell state c, (L·D, B, H); of a single cell both (B, H). */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/** nn.LSTM: long short-term memory in L layers and D directions. Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000; `projSize`: Sak et al. 2014. */
export class LSTM extends Recurrent<LSTMState> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(lstm, inputSize, hiddenSize, options);
  }
}

/** nn.LSTMCell: one step of time. */
export class LSTMCell extends RecurrentCell<LSTMState> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super(lstm, inputSize, hiddenSize, options);
  }
}
