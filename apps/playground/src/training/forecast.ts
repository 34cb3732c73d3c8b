import { Rng } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { scope, tensor } from '@unroll/tensor';
import { releaseState, retainState } from '@unroll/train';
import type { SequenceModel } from './model.ts';
import type { Forecast } from './protocol.ts';
import type { ForecastSeries } from './sources/source.ts';

/** Futures that are drawn for the interval, beside the one without noise. */
const futures = 100;
/** Rows that the model reads before it begins to forecast, at most. */
const longestContext = 200;
/** Errors in a row that are drawn together, on average. */
const meanRun = 6;
/** Share of the futures in the interval. */
const inside = 0.8;

/**
 * A forecast beyond the origin of a series, in its units: the model reads the past, then its own predictions. The interval has the middle
 * 80 % of many futures, each with errors drawn from those that the model made on the past (Hyndman & Athanasopoulos, Forecasting, ch. 5.5).
 */
export async function forecastOf(model: SequenceModel, series: ForecastSeries, { column, seed }: { readonly column: number; readonly seed: number }): Promise<Forecast> {
  const width = series.names.length;
  const rows = series.values.length / width;
  const context = Math.min(series.origin, longestContext);
  const past = readRows(series, series.origin - context, series.origin);
  const onPast = await predictionsOn(model, past, width);
  const errors = errorsOf(past, onPast, width, series);
  const drawn = (await futuresOf(model, past, errors, { ...series, steps: rows - series.origin, width, rng: new Rng(seed) })).map((future) => levelsOf(series, future));
  const units = (values: readonly number[]): Float64Array => Float64Array.from(values, (value) => series.unscale(value, column));
  const steps = Array.from({ length: rows - series.origin }, (_, t) => drawn.map((future) => future[t * width + column] as number));
  const sorted = steps.map((values) => values.slice(1).sort((a, b) => a - b));
  const quantile = (share: number): Float64Array => units(sorted.map((values) => values[Math.round(share * (values.length - 1))] as number));
  const known = (row: number): number => series.values[row * width + column] as number;
  const naive = Float64Array.from(steps, (_, t) => known(series.origin - series.season + (t % series.season)));
  const middle = units(steps.map(([middle]) => middle as number));
  const actual = Float64Array.from(steps, (_, t) => known(series.origin + t));
  return {
    column, names: series.names, first: series.origin - context, origin: series.origin,
    past: Float64Array.from({ length: context }, (_, k) => known(series.origin - context + k)), actual,
    middle, low: quantile((1 - inside) / 2), high: quantile((1 + inside) / 2), naive, season: series.season, inside,
    error: meanError(middle, actual), naiveError: meanError(naive, actual),
    ...(series.times === undefined ? {} : { times: series.times.slice(series.origin - context) }),
  };
}

// Private.

/** What the model reads of rows [from, to). */
function readRows({ values, names, scale, differences }: ForecastSeries, from: number, to: number): Float64Array {
  const width = names.length;
  const level = (k: number): number => scale(values[k] as number, k % width);
  return Float64Array.from({ length: (to - from) * width }, (_, at) => {
    const k = from * width + at;
    if (differences === undefined) return level(k);
    return (level(k) - level(Math.max(k - differences.lag * width, k % width)) - differences.mean) / differences.deviation;
  });
}

/** A future of what the model says as scaled values: differences are added to the rows that they are from, known or foreseen. */
function levelsOf({ values, names, scale, differences, origin }: ForecastSeries, future: Float64Array): Float64Array {
  if (differences === undefined) return future;
  const width = names.length;
  const { lag, mean, deviation } = differences;
  const levels = new Float64Array(future.length);
  for (const [k, value] of future.entries()) {
    const before = k - lag * width;
    levels[k] = (before < 0 ? scale(values[origin * width + before] as number, k % width) : (levels[before] as number)) + value * deviation + mean;
  }
  return levels;
}

/** What the model says after each row of the past. */
async function predictionsOn(model: SequenceModel, past: Float64Array, width: number): Promise<ArrayLike<number>> {
  const output = scope(() => {
    const [outputs] = model.rnn.forward(tensor(Float32Array.from(past), { shape: [past.length / width, 1, width] }));
    return model.head.forward(outputs);
  });
  const read = await output.data();
  output.dispose();
  return read;
}

/**
 * Errors on what of the past was not learnt from, or else on its second half, row by row: what came, less what was said, less the mean of
 * that, since what the model is wrong by on average one way need not be what it is wrong by next.
 */
function errorsOf(past: Float64Array, said: ArrayLike<number>, width: number, { horizon, unseen }: ForecastSeries): number[][] {
  const rows = past.length / width;
  const first = Math.min(rows - 1, Math.max(horizon, unseen === undefined ? Math.floor(rows / 2) : rows - unseen));
  const count = rows - first;
  const error = (k: number, c: number): number => (past[(first + k) * width + c] as number) - (said[(first + k - horizon) * width + c] ?? 0);
  const means = Array.from({ length: width }, (_, c) => Array.from({ length: count }, (_, k) => error(k, c)).reduce((sum, value) => sum + value, 0) / count);
  return Array.from({ length: count }, (_, k) => means.map((mean, c) => error(k, c) - mean));
}

/** Errors that come together were made together: runs of them, each of random length, from random places (Politis & Romano 1994, the stationary bootstrap). */
function errorsInRuns(errors: readonly (readonly number[])[], rng: Rng): () => readonly number[] | undefined {
  let at = rng.integer(errors.length);
  return () => {
    at = rng.uniform() < 1 / meanRun ? rng.integer(errors.length) : (at + 1) % errors.length;
    return errors[at];
  };
}

interface Future {
  readonly steps: number;
  readonly width: number;
  readonly horizon: number;
  readonly rng: Rng;
}

/** [futures + 1][steps * width]: the first one without noise. The row after t is what was said `horizon` rows before it. */
async function futuresOf(model: SequenceModel, past: Float64Array, errors: readonly (readonly number[])[], { steps, width, horizon, rng }: Future): Promise<Float64Array[]> {
  const count = futures + 1;
  const rows = past.length / width;
  const made = Array.from({ length: count }, () => new Float64Array(steps * width));
  const drawn = made.map(() => errorsInRuns(errors, rng));
  const said: ArrayLike<number>[] = [];
  let input = Float32Array.from({ length: rows * count * width }, (_, k) => past[Math.floor(k / (count * width)) * width + (k % width)] as number);
  let state: RecurrentState | undefined;
  try {
    for (let t = 0; t < steps; t++) {
      const length = input.length / (count * width);
      const { output, next } = scope(() => {
        const [outputs, after] = model.rnn.forward(tensor(input, { shape: [length, count, width] }), state);
        return { output: model.head.forward(outputs), next: retainState(after) };
      });
      releaseState(state);
      state = next;
      const read = await output.data();
      output.dispose();
      for (let step = 0; step < length; step++) said.push(read.slice(step * count * width, (step + 1) * count * width));
      const prediction = said[rows + t - horizon] as ArrayLike<number>;
      input = new Float32Array(count * width);
      for (let future = 0; future < count; future++) {
        const error = future === 0 ? undefined : drawn[future]?.();
        for (let c = 0; c < width; c++) {
          const value = (prediction[future * width + c] as number) + (error?.[c] ?? 0);
          (made[future] as Float64Array)[t * width + c] = value;
          input[future * width + c] = value;
        }
      }
    }
    return made;
  } finally {
    releaseState(state);
  }
}

/** Mean of absolute errors. */
function meanError(said: Float64Array, actual: Float64Array): number {
  return said.reduce((sum, value, t) => sum + Math.abs(value - (actual[t] as number)), 0) / Math.max(1, said.length);
}
