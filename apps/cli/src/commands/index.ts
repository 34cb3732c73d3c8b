import type { CommandEntry } from '../command.ts';

/** Names of the commands, in the order of the help text. */
export type CommandName = 'start' | 'playground' | 'init' | 'train' | 'eval' | 'sample' | 'predict' | 'forecast' | 'inspect' | 'verify' | 'export' | 'import' | 'cells' | 'bench' | 'doctor' | 'config' | 'completion';

/** Every command. A new one is a file here and a row below. */
export const commands: Readonly<Record<CommandName, CommandEntry>> = {
  start: { summary: 'watch an LSTM learn to write, in about a minute', load: () => import('./start.ts') },
  playground: { summary: 'train RNN, LSTM and GRU side by side in your browser, and look inside', load: () => import('./playground.ts') },
  init: { summary: 'write a config file to begin with', load: () => import('./init.ts') },
  train: { summary: 'train a model to write, label, foresee or translate', load: () => import('./train.ts') },
  eval: { summary: 'measure a model on data', load: () => import('./eval.ts') },
  sample: { summary: 'let a trained model write', load: () => import('./sample.ts') },
  predict: { summary: 'let a model label or translate', load: () => import('./predict.ts') },
  forecast: { summary: 'foresee the next rows of a series', load: () => import('./forecast.ts') },
  inspect: { summary: 'look inside a model: weights, gates over a text, how far gradients reach', load: () => import('./inspect.ts') },
  verify: { summary: "compare results and gradients with PyTorch's, file by file", load: () => import('./verify.ts') },
  export: { summary: 'give a model to PyTorch, ONNX or Keras', load: () => import('./export.ts') },
  import: { summary: 'take a text model from an ONNX or safetensors file', load: () => import('./import.ts') },
  cells: { summary: 'list the recurrent cells, or print the equations of one', load: () => import('./cells.ts') },
  bench: { summary: 'solve the tasks of the papers, and print what they print', load: () => import('./bench.ts') },
  doctor: { summary: 'what this machine computes with, tested and measured', load: () => import('./doctor.ts') },
  config: { summary: 'settings and where they come from; schemas', load: () => import('./config.ts') },
  completion: { summary: 'a script that completes commands in bash, zsh or fish', load: () => import('./completion.ts') },
};
