import { backendChoices } from '../backend-names.ts';
import { cellNames } from '../cell-names.ts';
import type { OptionSpec } from './spec.ts';

/** Settings of the network, of the learning and of the run that more than one kind of training has. Defaults are those of `@unroll/train`. */
export const networkSpecs: readonly OptionSpec[] = [
  { key: 'cell', takes: { kind: 'choice', choices: cellNames }, default: 'lstm', help: 'recurrent cell; `unroll cells` says more of each' },
  { key: 'cellFile', takes: { kind: 'text' }, placeholder: 'file', help: 'a cell of your own, as equations: `unroll cells gru` shows how they look' },
  { key: 'hidden', takes: { kind: 'whole', bounds: { least: 1 } }, default: 128, help: 'units in each layer' },
  { key: 'layers', takes: { kind: 'whole', bounds: { least: 1 } }, default: 2, help: 'layers' },
  { key: 'embedding', takes: { kind: 'whole', bounds: { least: 1 } }, default: 64, help: 'numbers that stand for a symbol' },
  { key: 'dropout', takes: { kind: 'real', bounds: { least: 0, below: 1 } }, placeholder: 'share', default: 0, help: 'share of the units left out at random in training' },
];

export const learningSpecs: readonly OptionSpec[] = [
  { key: 'batch', takes: { kind: 'whole', bounds: { least: 1 } }, default: 50, help: 'sequences read side by side' },
  { key: 'steps', takes: { kind: 'whole', bounds: { least: 1 } }, default: 4000, help: 'updates', resumable: true },
  {
    key: 'optimizer', takes: { kind: 'choice', choices: ['sgd', 'rmsprop', 'adagrad', 'adam', 'adamw', 'nadam', 'radam'] }, default: 'adam',
    help: 'who makes the updates, as PyTorch computes them',
  },
  { key: 'lr', takes: { kind: 'real', bounds: { above: 0 } }, default: 0.002, help: 'learning rate, the largest where it changes', resumable: true },
  {
    key: 'schedule', takes: { kind: 'choice', choices: ['constant', 'linear', 'cosine', 'step', 'exponential', 'one-cycle', 'plateau'] }, default: 'constant',
    help: 'how the learning rate falls',
  },
  { key: 'warmup', takes: { kind: 'whole', bounds: { least: 0 } }, default: 0, help: 'updates in which the learning rate rises' },
  { key: 'accumulate', takes: { kind: 'whole', bounds: { least: 1 } }, default: 1, help: 'batches that make one update' },
  { key: 'ema', takes: { kind: 'real', bounds: { least: 0, below: 1 } }, placeholder: 'share', default: 0, help: 'what remains of the averaged weights at each update; 0 averages none' },
  { key: 'clip', takes: { kind: 'real', bounds: { least: 0 } }, placeholder: 'norm', default: 1, help: 'largest norm of the gradients, 0 for any', resumable: true },
  { key: 'evaluateEvery', takes: { kind: 'whole', bounds: { least: 0 } }, default: 500, help: 'updates between evaluations, 0 for one at the end', resumable: true },
  { key: 'patience', takes: { kind: 'whole', bounds: { least: 0 } }, default: 0, help: 'evaluations without improvement that end the training, 0 for never', resumable: true },
  { key: 'target', takes: { kind: 'real', bounds: { least: 0 } }, placeholder: 'loss', default: 0, help: 'a held-out loss that ends the training, 0 for none', resumable: true },
  { key: 'seed', takes: { kind: 'whole', bounds: { least: 0 } }, default: 0, help: 'seed of everything random' },
];

/** Settings of the process, not of the model: they are not part of its description. */
export const runSpecs: readonly OptionSpec[] = [
  { key: 'backend', takes: { kind: 'choice', choices: backendChoices }, default: 'wasm', help: 'what computes; auto: the faster one of wasm and webgpu, measured', resumable: true },
  { key: 'saveEvery', takes: { kind: 'whole', bounds: { least: 0 } }, default: 0, help: 'updates between checkpoints; 0: every half minute', resumable: true },
  { key: 'keep', takes: { kind: 'whole', bounds: { least: 1 } }, default: 3, help: 'how many of the newest checkpoints are kept', resumable: true },
  { key: 'sampleEvery', takes: { kind: 'whole', bounds: { least: 0 } }, default: 0, help: 'updates between samples of what it can do by then, 0 for none', resumable: true },
  { key: 'logEvery', takes: { kind: 'whole', bounds: { least: 1 } }, default: 1, help: 'updates between lines of the log and of --format json', resumable: true },
  { key: 'dataDir', takes: { kind: 'text' }, placeholder: 'folder', help: 'where files of remote sets lie that need not be fetched', resumable: true },
];
