import type { CellName } from '@unroll/cells';
import type { TaskName } from '@unroll/datasets';

/**
 * How a model is judged on sequences that it has never seen.
 * - `mse`: the mean squared error.
 * - `accuracy`: the share of right classes: of sequences; or of the steps at which the answer is not class 0, which is a blank there.
 * - `legal`: the share of strings in which, at every step, each symbol that may follow is ranked above each that may not.
 * - `exact`: the share of answers that are right from the first symbol to the end.
 */
export type Criterion = 'mse' | 'accuracy' | 'legal' | 'exact';

/** What was published, beside which a trial stands. */
export interface Published {
  readonly source: string;
  /** In the words of the source, or of who read it. */
  readonly value: string;
  /** How many sequences it took there. */
  readonly sequences?: string;
}

/** A task, a network and the settings under which it is solved (or, where a network cannot, is not). */
export interface Trial {
  readonly task: TaskName;
  /** What the task is asked with; the rest takes the task's defaults. */
  readonly options: Readonly<Record<string, number>>;
  readonly cell: CellName;
  readonly hidden: number;
  /** Biases that gates start with, by the name of the gate: who forgets nothing at first has something to learn from. The rest starts as PyTorch has it. */
  readonly gateBias?: Readonly<Record<string, number>>;
  readonly batch: number;
  readonly lr: number;
  /** Largest norm of the gradient. */
  readonly clip: number;
  /** So many distinct sequences are learnt from, again and again; otherwise each is new. Those of the tests are others in any case. */
  readonly distinct?: number;
  /** Updates after which it counts as not solved. */
  readonly steps: number;
  /** Updates from one test to the next. */
  readonly testEvery: number;
  /** Sequences of a test; 512 unless given. */
  readonly testSize?: number;
  readonly criterion: Criterion;
  /** Solved: `mse` below this, the others at least this. */
  readonly goal: number;
  /** Whether it is expected to be solved. */
  readonly expected: boolean;
  readonly published: Published;
}

/** Where a trial stands. */
export interface TrialProgress {
  /** Updates made, of `steps`. */
  readonly step: number;
  readonly loss: number;
  /** The criterion; absent between tests. */
  readonly score?: number;
}

/** How a trial went. */
export interface TrialResult {
  readonly solved: boolean;
  /** The criterion at the last test. */
  readonly score: number;
  /** Sequences learnt from until then. */
  readonly sequences: number;
  readonly seconds: number;
}
