import type { Tensor } from '@unroll/tensor';
import type { History, Optimizer, Recovery } from '@unroll/train';
import type { Content, SavedContent } from '../files/checkpoint.ts';
import type { Source } from '../files/source.ts';
import type { Values } from '../options/spec.ts';
import type { RecipeName } from './names.ts';

/** What a training reports after an update, or after a measurement. */
export type Progress =
  | { readonly kind: 'step'; readonly step: number; readonly loss: number; readonly gradNorm: number; readonly lr: number; readonly tokens: number }
  | { readonly kind: 'evaluation'; readonly step: number; readonly loss: number; readonly metrics: Readonly<Record<string, number>>; readonly about: string };

/** How a model was measured. */
export interface Measurement {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** The same for a person. */
  readonly about: string;
}

/** A training, of whatever kind, as far as the worker has to do with it. */
export interface Trainee {
  /** Complete and checked. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Updates in all. */
  readonly steps: number;
  readonly optimizer: Optimizer;
  readonly history: History;
  /** Passes over the data that are complete. */
  readonly epoch: number;
  /** Why it is over before its last update; undefined: it is not. */
  readonly stopped: 'patience' | 'target' | undefined;
  /** Whether what comes next is a measurement, which changes nothing that a checkpoint holds: it may be cut short. */
  readonly isMeasuring: boolean;
  /** Whether the last evaluation was the best so far. */
  readonly isBest: boolean;
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Data and model in a line each. */
  readonly about: readonly string[];
  /** Goes on until it is over, or left after a step; an evaluation under way ends with `signal`. Where a device is lost, `next` gives the one to go on with. */
  train(signal: AbortSignal, next?: Recovery['next']): AsyncGenerator<Progress, void, void>;
  /** All that is needed to go on from here. */
  content(): Content;
  /** A last measurement when all is done, where there is one that is not made on the way. */
  conclude?(): Promise<Measurement | undefined>;
  /** What it can do by now, for a person to read. */
  preview(): Promise<string>;
  dispose(): void;
}

/** A kind of training: how its data become a trainee. */
export interface Adapter {
  readonly recipe: RecipeName;
  /** A new training; `options` say how the data are read. Throws a `CliError` or an error of the packages, whose outcome is known by its class. */
  create(source: Source, config: Values, options: Values): Promise<Trainee>;
  /** One that goes on; `changes` were given anew. */
  resume(source: Source, saved: SavedContent, changes: Values, options: Values): Promise<Trainee>;
}
