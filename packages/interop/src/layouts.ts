/** Formats whose files we exchange. */
export type ForeignFormat = 'pytorch' | 'onnx' | 'keras';

/** Cells that foreign formats know too, by the names of `@unroll/cells`. */
export type ExchangedCell = 'rnn' | 'rnn-relu' | 'lstm' | 'gru' | 'gru-original' | 'lstm-peephole';

/** The gates of a cell in the order of a format; undefined where the format has no such cell. */
export type GateOrders = Readonly<Record<ExchangedCell, readonly string[] | undefined>>;

/**
 * In which order a format stacks the gates of a cell along the axis of G * H channels of its weights and biases.
 * The letters are the gates of the cell's definition in `@unroll/cells`.
 */
export const gateOrders: Readonly<Record<ForeignFormat, GateOrders>> = {
  // nn.RNN, nn.LSTM, nn.GRU. Two biases.
  pytorch: {
    'rnn': ['h'], 'rnn-relu': ['h'], 'lstm': ['i', 'f', 'g', 'o'], 'gru': ['r', 'z', 'n'], 'gru-original': undefined, 'lstm-peephole': undefined,
  },
  // RNN, LSTM, GRU (linear_before_reset 1, or 0 for the original one). Two biases, one behind the other.
  onnx: {
    'rnn': ['h'], 'rnn-relu': ['h'], 'lstm': ['i', 'o', 'f', 'g'], 'gru': ['z', 'r', 'n'], 'gru-original': ['z', 'r', 'n'], 'lstm-peephole': ['i', 'o', 'f', 'g'],
  },
  // SimpleRNN, LSTM, GRU (reset_after, or not for the original one). One bias, but two in a GRU with reset_after.
  keras: {
    'rnn': ['h'], 'rnn-relu': ['h'], 'lstm': ['i', 'f', 'g', 'o'], 'gru': ['z', 'r', 'n'], 'gru-original': ['z', 'r', 'n'], 'lstm-peephole': undefined,
  },
};

/** How many biases a Keras layer has. Two where the reset gate scales the recurrent product, so that its bias does not add up with the other. */
export const kerasBiases: Readonly<Record<ExchangedCell, 1 | 2>> = { 'rnn': 1, 'rnn-relu': 1, 'lstm': 1, 'gru': 2, 'gru-original': 1, 'lstm-peephole': 1 };
