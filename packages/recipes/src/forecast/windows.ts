import { seriesWindows, sequenceSet, splitByTime, type Range, type Scaling, type SequenceSet, type Series, type TimeSplit } from '@unroll/datasets';
import { check } from '../errors.ts';
import type { ForecastConfig } from './config.ts';

/** Which columns go in and which are told, in this order. Plain JSON. */
export interface ForecastColumns {
  readonly inputs: readonly string[];
  readonly targets: readonly string[];
}

/** A series as windows: what a model of forecasts is trained and measured on. */
export interface ForecastWindows extends SequenceSet {
  /** In scaled units, row by row of the horizon: what was there, and what was there in the last row that is read. */
  truth(index: number): ArrayLike<number>;
  last(index: number): ArrayLike<number>;
  /** The row of the series at which the told ones begin. */
  firstRow(index: number): number;
}

/** A series cut for forecasting. */
export interface ForecastParts {
  readonly split: TimeSplit;
  readonly scaling: Scaling;
  /** Scaled. */
  readonly series: Series;
  readonly columns: ForecastColumns;
}

/** The columns of a series that a description means. */
export function columnsOf({ names }: Series, { inputs, targets }: Pick<ForecastConfig, 'inputs' | 'targets'>): ForecastColumns {
  return { inputs: inputs.length > 0 ? inputs : names, targets: targets.length > 0 ? targets : names };
}

/** The parts of a series in the order of time. Throws DataError `series-too-short`. */
export function splitOf(source: Series, { holdout, test }: Pick<ForecastConfig, 'holdout' | 'test'>): TimeSplit {
  return splitByTime(source.length, { validation: holdout, test });
}

/** Windows over scaled rows whose told ones lie in `range`; they may read what is before it, but for the learnt part. */
export function windowsOf({ series, columns }: Pick<ForecastParts, 'series' | 'columns'>, { window, horizon, relative }: Pick<ForecastConfig, 'window' | 'horizon' | 'relative'>, range: Range, stride: number): ForecastWindows {
  const windows = seriesWindows(series, { length: window, horizon, stride, range, lookBack: range.from > 0, inputs: columns.inputs, targets: columns.targets });
  const width = columns.inputs.length;
  const places = columns.targets.map((name) => series.names.indexOf(name));
  const firstRow = (index: number): number => (windows.starts[index] as number) + window;
  const last = (index: number): Float64Array => Float64Array.from(places, (place) => series.values[(firstRow(index) - 1) * series.names.length + place] as number);
  const set = sequenceSet({
    shape: windows.shape, size: windows.size,
    length: () => window,
    input: (index) => (relative ? differences(windows.input(index), width) : windows.input(index)),
    target: (index) => (relative ? minus(windows.target(index), last(index)) : windows.target(index)),
  });
  return { ...set, truth: (index) => windows.target(index), last, firstRow };
}

/** Rows [T · I], each less the last one. */
export function differences(rows: ArrayLike<number>, width: number): Float32Array {
  return minus(rows, Array.from({ length: width }, (_, c) => rows[rows.length - width + c] as number));
}

/** The columns of these names alone, in this order. Throws RecipeError `argument` where one is missing. */
export function chosenColumns({ names, values, length, times }: Series, wanted: readonly string[]): Series {
  const places = wanted.map((name) => names.indexOf(name));
  const missing = wanted.filter((_, k) => (places[k] as number) < 0);
  check(missing.length === 0, 'argument', () => `forecast: the model needs the columns ${wanted.join(', ')}, the series has ${names.join(', ')}; give it ${missing.join(', ')}, too.`);
  const chosen = Float64Array.from({ length: length * places.length }, (_, i) => values[Math.floor(i / places.length) * names.length + (places[i % places.length] as number)] as number);
  return { names: wanted, values: chosen, length, ...(times === undefined ? {} : { times }) };
}

function minus(rows: ArrayLike<number>, base: ArrayLike<number>): Float32Array {
  return Float32Array.from(rows, (value, i) => value - (base[i % base.length] as number));
}
