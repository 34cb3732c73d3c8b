/** Formats whose files we exchange. */
export type ForeignFormat = 'pytorch';

/** Cells that foreign formats know too, by the names of `@unroll/cells`. */
export type ExchangedCell = 'rnn' | 'rnn-relu' | 'lstm' | 'gru';

/**
 * In which order a format stacks the gates of a cell along the first axis ([G * H, ...]) of its weights and biases.
 * The letters are the gates of the cell's definition in `@unroll/cells`.
 */
export const gateOrders: Readonly<Record<ForeignFormat, Readonly<Record<ExchangedCell, readonly string[]>>>> = {
  pytorch: {
    'rnn': ['h'],
    'rnn-relu': ['h'],
    'lstm': ['i', 'f', 'g', 'o'],
    'gru': ['r', 'z', 'n'],
  },
};
