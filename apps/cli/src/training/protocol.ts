import type { BackendChoice } from '../backend-names.ts';
import type { Values } from '../options/spec.ts';
import type { RecipeName } from '../recipes/names.ts';
import type { TrainingEvent } from './events.ts';

/** What the worker is asked to do: plain data, sent to another thread. It answers with events, the last of which is `done`, `plan` or `error`. */
export interface Job {
  readonly recipe: RecipeName;
  /** Files, `-` for stdin, or names of remote sets. */
  readonly data: readonly string[];
  /** Where remote sets lie that are there already. */
  readonly dataDir?: string;
  /** Settings of the recipe; all for a new training, those that were given anew for one that goes on. */
  readonly config: Values;
  /** How the data of a new training are read. */
  readonly options: Values;
  readonly backend: BackendChoice;
  readonly target: Target;
  /** A run folder or a checkpoint to go on from. */
  readonly resume?: string;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  /** Everything that is needed to say the same again, for the run's `config.json`. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** Where results go, and when. */
export interface Target {
  /** The run folder; unless given, a new one in `runs`. */
  readonly folder?: string;
  /** A single file for the finished model. */
  readonly out?: string;
  /** Updates between checkpoints; 0: by time. */
  readonly saveEvery: number;
  readonly keep: number;
  readonly sampleEvery: number;
  readonly logEvery: number;
}

/** What tells a job to end. */
export interface Stop {
  /** Looked at after every step. */
  readonly requested: boolean;
  /** Cuts evaluations short. */
  readonly signal: AbortSignal;
}

/** Hears the events. */
export type Tell = (event: TrainingEvent) => void;

/** A job under way. */
export interface Running {
  /** Settled when the last event was told; rejected where the worker broke down. */
  readonly done: Promise<void>;
  /** Asks it to finish its step, save and end. */
  stop(): void;
}

/** Starts a job, here or in another thread. */
export type StartJob = (job: Job, tell: Tell) => Running;
