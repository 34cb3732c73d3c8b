import type { Published, Trial } from './definition.ts';

/** Names of the trials. */
export type TrialName =
  | 'adding-lstm' | 'adding-gru' | 'adding-rnn' | 'embedded-reber-lstm' | 'temporal-order-6a-lstm' | 'temporal-order-6a-gru' | 'copy-gru' | 'addition-gru';

const adding: Omit<Trial, 'cell' | 'expected'> = {
  task: 'adding', options: { length: 100 }, hidden: 64, batch: 64, lr: 5e-3, clip: 1, steps: 3000, testEvery: 50, criterion: 'mse', goal: 0.01,
  published: {
    source: 'Hochreiter and Schmidhuber 1997, experiment 4, T = 100', value: 'LSTM: error above 0.04 in 1 of 2,560 sequences', sequences: '74,000',
  } satisfies Published,
};

// The classes depend on two of a hundred symbols alone: gates that are open at first let them through to the end.
const temporalOrder: Omit<Trial, 'cell' | 'hidden' | 'lr'> = {
  task: 'temporal-order-6a', options: { length: 100 }, batch: 32, clip: 1, steps: 3000, testEvery: 50, criterion: 'accuracy', goal: 0.99, expected: true,
  published: { source: 'Hochreiter and Schmidhuber 1997, experiment 6a', value: 'LSTM: 1 of 2,560 sequences wrong', sequences: '31,390' },
};

/**
 * Tasks that were made to tell networks with a memory from those without, each with settings under which it should come out as
 * expected; docs/benchmarks.md says what did.
 */
export const trials: Readonly<Record<TrialName, Trial>> = {
  'adding-lstm': { ...adding, cell: 'lstm', expected: true },
  'adding-gru': { ...adding, cell: 'gru', gateBias: { z: 2 }, expected: true },
  'adding-rnn': { ...adding, cell: 'rnn', expected: false },
  'embedded-reber-lstm': {
    task: 'embedded-reber', options: {}, cell: 'lstm', hidden: 32, batch: 32, lr: 1e-2, clip: 1, steps: 2000, testEvery: 25, criterion: 'legal', goal: 1, expected: true,
    published: { source: 'Hochreiter and Schmidhuber 1997, experiment 1', value: 'LSTM: all of 256 strings right in 97 to 100 % of the trials', sequences: '8,440 to 9,500' },
  },
  'temporal-order-6a-lstm': { ...temporalOrder, cell: 'lstm', hidden: 64, gateBias: { f: 5, i: -1 }, lr: 3e-3 },
  'temporal-order-6a-gru': { ...temporalOrder, cell: 'gru', hidden: 32, gateBias: { z: 3 }, lr: 5e-3 },
  'copy-gru': {
    task: 'copy', options: { delay: 20 }, cell: 'gru', hidden: 128, gateBias: { z: 2 }, batch: 64, lr: 5e-3, clip: 1, steps: 10_000, testEvery: 50, criterion: 'accuracy', goal: 0.99, expected: true,
    published: { source: 'Arjovsky, Shah and Bengio 2016, arXiv 1511.06464', value: 'LSTM: no better than without memory at T = 100 and beyond' },
  },
  'addition-gru': {
    task: 'addition', options: { digits: 2 }, cell: 'gru', hidden: 128, batch: 64, lr: 3e-3, clip: 1, distinct: 5000, steps: 4000, testEvery: 79, criterion: 'exact', goal: 0.99, expected: true,
    published: { source: 'Keras addition_rnn, two digits reversed', value: 'LSTM: 99 % of the symbols', sequences: '275,000 (5,000, 55 times)' },
  },
};
