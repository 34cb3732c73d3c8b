import type { Define } from '../command.ts';

/** Names of the commands, in the order of the help text. */
export type CommandName = 'start' | 'train' | 'sample' | 'inspect' | 'verify' | 'cells';

/** What is known of a command without loading it. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}

/** Every command. A new one is a file here and a row below. */
export const commands: Readonly<Record<CommandName, CommandEntry>> = {
  start: { summary: 'watch an LSTM learn to write, in about a minute', load: () => import('./start.ts') },
  train: { summary: 'train a character model on a text of your own', load: () => import('./train.ts') },
  sample: { summary: 'let a trained model write', load: () => import('./sample.ts') },
  inspect: { summary: 'look inside a model: weights, gates over a text, how far gradients reach', load: () => import('./inspect.ts') },
  verify: { summary: "compare results and gradients with PyTorch's, file by file", load: () => import('./verify.ts') },
  cells: { summary: 'list the recurrent cells, or print the equations of one', load: () => import('./cells.ts') },
};
