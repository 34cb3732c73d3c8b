import type { Outcome } from '../errors.ts';
import type { RecipeName } from '../recipes/names.ts';

/** Version of the events below; their schema is `schema/events-1.json`. New fields keep it, other changes raise it. */
export const eventsVersion = 1;

/** What every event has. */
interface Common {
  /** Seconds since the training began. */
  readonly t: number;
  /** Updates made. */
  readonly step: number;
  /** Passes over the data that are complete. */
  readonly epoch: number;
}

/** The training is about to begin. */
export interface StartEvent extends Common {
  readonly event: 'start';
  readonly recipe: RecipeName;
  readonly steps: number;
  readonly parameters: number;
  readonly backend: string;
  /** The run folder; null where nothing is saved. */
  readonly run: string | null;
  /** The checkpoint it goes on from; null for a new one. */
  readonly resumed: string | null;
  readonly config: Readonly<Record<string, unknown>>;
  /** Data and model in a line each, for a person. */
  readonly about: readonly string[];
}

/** An update was made. */
export interface StepEvent extends Common {
  readonly event: 'step';
  readonly loss: number;
  readonly gradNorm: number;
  readonly lr: number;
  /** Targets learnt from. */
  readonly tokens: number;
}

/** The model was measured on what was held out. */
export interface EvalEvent extends Common {
  readonly event: 'eval';
  readonly loss: number;
  /** Further measures of this kind of training, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether it is the best so far. */
  readonly best: boolean;
  /** The same for a person. */
  readonly about: string;
}

/** What the model can do by now. */
export interface SampleEvent extends Common {
  readonly event: 'sample';
  readonly text: string;
}

/** A checkpoint is on the disk. */
export interface CheckpointEvent extends Common {
  readonly event: 'checkpoint';
  readonly path: string;
  readonly bytes: number;
  readonly role: 'last' | 'best' | 'out';
}

/** The training ends before its last step because it is good enough, or gets no better. */
export interface EarlyStopEvent extends Common {
  readonly event: 'early_stop';
  readonly reason: 'patience' | 'target';
}

/** Something that a person should know. */
export interface WarningEvent extends Common {
  readonly event: 'warning';
  readonly message: string;
}

/** A file is being fetched. */
export interface DownloadEvent extends Common {
  readonly event: 'download';
  readonly file: string;
  readonly received: number;
  readonly total: number;
}

/** What a training would be: the answer to `--dry-run`. */
export interface PlanEvent extends Common {
  readonly event: 'plan';
  readonly recipe: RecipeName;
  readonly steps: number;
  readonly parameters: number;
  /** Shapes by state_dict name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Bytes of parameters, gradients and optimiser. */
  readonly parameterBytes: number;
  /** Bytes that the backend took for a step, all included. */
  readonly peakBytes: number;
  readonly checkpointBytes: number;
  readonly secondsPerStep: number;
  readonly seconds: number;
  readonly about: readonly string[];
}

/** The training is over. */
export interface DoneEvent extends Common {
  readonly event: 'done';
  /** `stopped`: asked to by a signal. */
  readonly reason: 'finished' | 'early_stop' | 'stopped';
  readonly seconds: number;
  /** The last held-out loss; null where none was measured. */
  readonly loss: number | null;
  /** The run folder; null where nothing is saved. */
  readonly run: string | null;
  /** The model to use: the best, or else the last. */
  readonly model: string | null;
}

/** Something went wrong; nothing follows. */
export interface ErrorEvent extends Common {
  readonly event: 'error';
  readonly outcome: Outcome;
  /** The exit code. */
  readonly code: number;
  readonly message: string;
  /** Lines that show the place. */
  readonly excerpt: readonly string[];
  /** For `DEBUG=unroll`. */
  readonly stack?: string;
}

/** All that the worker tells, as plain data. With `v`, each is a line of `--format json` and of a run's `log.jsonl`. */
export type TrainingEvent =
  | StartEvent | StepEvent | EvalEvent | SampleEvent | CheckpointEvent | EarlyStopEvent | WarningEvent | DownloadEvent | PlanEvent | DoneEvent | ErrorEvent;

/** An event as a line of JSON. Numbers that JSON has not (NaN, infinity) are null. */
export function eventLine(event: TrainingEvent): string {
  return `${JSON.stringify({ v: eventsVersion, ...event })}\n`;
}
