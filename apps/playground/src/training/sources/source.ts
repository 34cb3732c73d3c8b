import { Rng, type SequenceBatch, type SequenceShape, type Vocabulary } from '@unroll/datasets';

/** Sequences to learn from. Batch k depends on the seed and on k alone, so that every model sees the same and a run can go back. */
export interface Source {
  readonly shape: SequenceShape;
  /** The batch of training step k, from 0. */
  readonly batch: (step: number) => SequenceBatch;
  /** Sequences that are never learnt from. */
  readonly heldOut: SequenceBatch;
  /** The loss of who remembers nothing (of who knows only how frequent characters are; of who says the last value again), and the loss that nobody can beat. */
  readonly baseline: number;
  readonly floor: number;
  /** Where there is one series, which can be forecast. */
  readonly series?: ForecastSeries;
  /** Where symbols are characters, which can be drawn. */
  readonly vocabulary?: Vocabulary;
}

/** One series to forecast, in its own units, row by row [N, C]. */
export interface ForecastSeries {
  readonly names: readonly string[];
  readonly values: Float64Array;
  /** Rows from here on are not learnt from. */
  readonly origin: number;
  /** Steps ahead that the model says at once. */
  readonly horizon: number;
  /** Rows of a season, for the naive forecast; 1 says the last value again. */
  readonly season: number;
  /** Between units and what the model reads: column c. */
  readonly scale: (value: number, column: number) => number;
  readonly unscale: (value: number, column: number) => number;
  /** Where the model reads how rows differ from the one `lag` rows before: (difference − mean) / deviation, of scaled values. */
  readonly differences?: { readonly lag: number; readonly mean: number; readonly deviation: number };
  /** Rows before the origin that were not learnt from, if there are any: by what was wrong on them one knows what may go wrong. */
  readonly unseen?: number;
  /** Of rows, where they are known: milliseconds since 1970. */
  readonly times?: Float64Array;
}

/** Sequences by which models are judged. */
export const judges = 64;
/** More training steps than anybody waits for; what is held out is drawn from behind them. */
export const mostSteps: number = 2 ** 22;

/** The stream of random numbers of one batch. */
export function streamOf(seed: number, step: number): Rng {
  return new Rng(seed * mostSteps * 2 + step);
}
