import type { DiagramLayout } from '@unroll/diagram';
import type { CellChoice, BackendChoice, Fairness, Learning, TaskName } from '../config/config.ts';

/**
 * What the page and the worker of a model say to each other. Calls have an answer; events come by themselves, at most ten a second.
 * Everything is structured-cloneable; arrays of numbers in traces and snapshots are transferred, not copied.
 */

/** Text or table that a visitor brought; it never leaves the page. */
export interface OwnData {
  readonly name: string;
  readonly text: string;
}

/** All that a worker has to know to build its model and its data. */
export interface RunSpec extends CellChoice, Learning {
  readonly backend: BackendChoice;
  readonly task: TaskName;
  /** Complete. */
  readonly options: Readonly<Record<string, number>>;
  /** H, or what `fairness` makes of it. */
  readonly hidden: number;
  readonly fairness: Fairness;
  /** All models of the page. */
  readonly rivals: readonly CellChoice[];
  /** Added to the biases of gates that keep a state. */
  readonly keep: number;
  readonly batch: number;
  readonly seed: number;
  readonly data?: OwnData;
}

/** What a model turned out to be. */
export interface Opened {
  /** Numbers that are learnt. */
  readonly parameters: number;
  readonly hidden: number;
  /** Where it computes. */
  readonly backend: BackendName;
  /** Threads of the processor that it may use. */
  readonly threads: number;
  /** Values of the cell that a trace has, in the order of its definition: gates and states. */
  readonly values: readonly string[];
  /** Those of them that are states. */
  readonly states: readonly string[];
  readonly data: DataInfo;
  /** Why it does not compute where it was asked to, if so. */
  readonly notice?: Notice;
}

/** Where it really computes. */
export type BackendName = 'wasm' | 'webgpu';

/** What a model reads and says. */
export interface DataInfo {
  readonly inputs: 'ids' | 'values';
  readonly targets: 'classification' | 'regression';
  readonly per: 'step' | 'sequence';
  /** Names of input ids and of classes. */
  readonly inputSymbols?: readonly string[];
  readonly targetSymbols?: readonly string[];
  /** The loss of who remembers nothing, and that which nobody can beat. */
  readonly baseline: number;
  readonly floor: number;
  /** Whether `sample`, and whether `forecast` can be asked for. */
  readonly text: boolean;
  readonly series: boolean;
  /** Held-out sequences. */
  readonly sequences: number;
  /** Columns of a table, or names of a series. */
  readonly columns?: readonly string[];
}

/** Training steps since the last progress, in order. NaN where something was not measured. */
export interface Progress {
  /** The number of the last of them. */
  readonly step: number;
  readonly losses: Float32Array;
  readonly gradNorms: Float32Array;
  /** Of held-out sequences: share of right answers, or of variance explained. */
  readonly scores: Float32Array;
  readonly heldOut: Float32Array;
  /** Measured over the last second or so. */
  readonly stepsPerSecond: number;
}

/**
 * `diverged`: a loss that is no number (step, loss, gradNorm); `device-lost`, `device-lost-often`, `device-gone`: the GPU was lost, or so often, or
 * there is none any more, and training went on from a step on a backend (step, backend, losses, message); `no-webgpu`: a GPU was asked for and
 * there is none (message); `auto`: which backend was faster (backend, wasm and webgpu in steps a second); `failed`: anything else, in its own
 * words (message).
 */
export type NoticeCode = 'diverged' | LossCode | 'no-webgpu' | 'auto' | 'failed';
export type LossCode = 'device-lost' | 'device-lost-often' | 'device-gone';

/** Something that a visitor should be told; `words` has a sentence for each code. */
export interface Notice {
  readonly code: NoticeCode;
  readonly values: Readonly<Record<string, string | number>>;
}

/** One held-out sequence, seen from inside. T steps; matrices are row by row, [t * width + k]. */
export interface Trace {
  /** Number of training steps before it. */
  readonly step: number;
  /** T. */
  readonly length: number;
  /** H. */
  readonly hidden: number;
  /** [T] ids, or [T, I] values. */
  readonly inputs: Float32Array | Int32Array;
  readonly inputSize: number;
  /** Asked for at each step, or at the last one: classes (-100: not asked) or values. */
  readonly targets: Float32Array | Int32Array;
  /** [T, O] probabilities of classes, or predictions; at each step, also where only the last one is asked. */
  readonly outputs: Float32Array;
  readonly outputSize: number;
  /** [T, H] of each value that was asked for, by its name in the cell. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** [T] norm of the gradient of the last answer's loss by each state after step t, by name of the state; only where asked for. */
  readonly reach?: Readonly<Record<string, Float32Array>>;
}

/** Which trace. */
export interface TraceRequest {
  /** Number of the held-out sequence. */
  readonly sequence: number;
  /** Names of values; all unless given. */
  readonly values?: readonly string[];
  /** Whether gradients by states are computed too: some milliseconds. */
  readonly reach?: boolean;
}

/** What may be asked of a worker. All answers come in the order of the questions, between training steps. */
export interface Calls {
  /** Reads the data of a run, for who wants to know whether it can be learnt from before anything ends. Refuses with what is wrong with it. */
  examine(spec: RunSpec): void;
  /** Builds a model; ends the one before. */
  open(spec: RunSpec): Opened;
  /** Trains until this number of steps was made; a number that is reached already pauses. Answers at once. */
  grant(limit: number): void;
  /** Lays out the picture of a cell, whichever is trained. */
  picture(choice: CellChoice): DiagramLayout;
  /** Changes how it learns; weights stay. */
  learn(settings: Learning): void;
  /** Goes back to the last snapshot at or before a step; answers which it was. */
  rewind(step: number): number;
  /** Steps to which `rewind` can go. */
  snapshots(): readonly number[];
  trace(request: TraceRequest): Trace;
  /** Text that the model writes; only where symbols are characters. */
  sample(request: SampleRequest): Sample;
  /** What the model says of the future of a series; only where there is one. */
  forecast(request: { readonly column: number; readonly seed: number }): Forecast;
  /** A copy of the parameters, by their PyTorch names. */
  weights(): readonly NamedArray[];
  /** Takes over parameters, or numbers in the order of the state dict, and starts counting at 0 from there. */
  load(weights: readonly NamedArray[] | Float32Array): void;
  /** Takes the GPU away, as a driver that crashes would: for tests, and for those who want to see it. */
  loseDevice(): void;
}

/** A parameter on the host. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** How text is drawn. */
export interface SampleRequest {
  /** Read first; letters that the text never had are left out. */
  readonly prompt: string;
  /** Characters to draw. */
  readonly length: number;
  /** Scores are divided by it: 0 always takes the likeliest. */
  readonly temperature: number;
  readonly seed: number;
  /** The gate or state to look at beside. */
  readonly value: string;
}

/** Text that was drawn: N characters, those of the prompt included. */
export interface Sample {
  readonly characters: readonly string[];
  /** How many of them were given. */
  readonly prompted: number;
  readonly hidden: number;
  readonly value: string;
  /** [N, H] that value after reading each character. */
  readonly values: Float32Array;
}

/** The future of one column of a series, in its units. */
export interface Forecast {
  readonly column: number;
  readonly names: readonly string[];
  /** Rows of the series: of `past[0]`, and of `actual[0]`. */
  readonly first: number;
  readonly origin: number;
  readonly past: Float64Array;
  readonly actual: Float64Array;
  /** The forecast, and the bounds of the share `inside` of the futures that are likely. */
  readonly middle: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly inside: number;
  /** Of who says again what was a season ago. */
  readonly naive: Float64Array;
  readonly season: number;
  /** Mean absolute errors of both. */
  readonly error: number;
  readonly naiveError: number;
  readonly times?: Float64Array;
}

export type CallName = keyof Calls;

/** To the worker. */
export interface Call<Name extends CallName = CallName> {
  readonly id: number;
  readonly name: Name;
  readonly args: Parameters<Calls[Name]>;
}

/** Why there is nothing more to wait for: the loss on unseen sequences is as low as it has to be, or has not fallen for long. */
export type Settled = 'target' | 'patience';

/** From the worker. */
export type Message =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: Refusal }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'settled'; readonly why: Settled }
  | { readonly kind: 'paused'; readonly step: number };

/** An error on its way between threads. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
  /** Line and column of an equation, where it is about one. */
  readonly line?: number;
  readonly column?: number;
  readonly length?: number;
}
