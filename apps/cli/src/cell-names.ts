import type { CellName } from '@unroll/cells';

// The command line is checked before anything heavy is loaded, so the names stand here once more; the compiler knows if one is missing.
const known: Readonly<Record<CellName, true>> = {
  'rnn': true, 'rnn-relu': true, 'indrnn': true, 'mingru': true, 'minlstm': true, 'mgu': true, 'gru': true, 'gru-original': true, 'gru-layernorm': true,
  'lstm': true, 'lstm-coupled': true, 'lstm-peephole': true, 'lstm-layernorm': true, 'slstm': true,
};

/** Names of the cells that come with the library, from simple to hard. */
export const cellNames: readonly string[] = Object.keys(known);
