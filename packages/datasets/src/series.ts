import { DataError, integerOption, suggestion } from './errors.ts';
import { sequenceSet, type SequenceSet } from './sequences.ts';

/** One or more columns that were measured together, in the order of time. */
export interface Series {
  /** One for each column. */
  readonly names: readonly string[];
  /** [N, C], row by row; all finite. */
  readonly values: Float64Array;
  /** N. */
  readonly length: number;
  /** [N] milliseconds since 1970-01-01 UTC, where they are known. */
  readonly times?: Float64Array;
}

/** Rows [from, to) of a series. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The parts of a series in the order of time: learn from the first, choose by the second, measure once on the third. */
export interface TimeSplit {
  readonly train: Range;
  readonly validation: Range;
  readonly test: Range;
}

/**
 * A series of `values` [N, C], row by row.
 *
 * @throws DataError `invalid-option` where the values are not whole rows, `missing-value` for one that is not finite
 */
export function series(names: readonly string[], values: Float64Array, times?: Float64Array): Series {
  const columns = integerOption('series', 'number of columns', names.length, 1);
  const length = values.length / columns;
  if (!Number.isInteger(length) || (times !== undefined && times.length !== length)) {
    throw new DataError('invalid-option', `series: ${values.length} values in ${columns} columns${times === undefined ? '' : ` and ${times.length} times`} do not make whole rows`);
  }
  const hole = values.findIndex((value) => !Number.isFinite(value));
  if (hole >= 0) {
    const [row, field] = [Math.floor(hole / columns), names[hole % columns] as string];
    throw new DataError('missing-value', `series: row ${row} of "${field}" is ${values[hole]}; fill it or leave the row out first`, { position: row, field });
  }
  return { names, values, length, ...(times === undefined ? {} : { times }) };
}

/**
 * Cuts a series in the order of time: what is validated comes after what is learnt, what is tested after both.
 * Shares are rounded to whole rows; the training part has what remains.
 *
 * @throws DataError `series-too-short` where a part that is asked for, or the training part, would be empty
 */
export function splitByTime(length: number, { validation = 0, test = 0 }: { readonly validation?: number; readonly test?: number }): TimeSplit {
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new DataError('invalid-option', `splitByTime: validation and test must be shares that leave something to train on, got ${validation} and ${test}`);
  }
  const tested = Math.round(length * test);
  const validated = Math.round(length * validation);
  const trained = length - tested - validated;
  if (trained < 1 || (test > 0 && tested < 1) || (validation > 0 && validated < 1)) {
    throw new DataError('series-too-short', `splitByTime: ${length} rows split into ${trained}, ${validated} and ${tested}, but each part needs one; give a longer series`);
  }
  return { train: { from: 0, to: trained }, validation: { from: trained, to: trained + validated }, test: { from: trained + validated, to: length } };
}

/** What a window holds and which windows there are. */
export interface WindowOptions {
  /** T: rows that are read. */
  readonly length: number;
  /** H: rows after them that are to be told; 1 unless given. */
  readonly horizon?: number;
  /** Rows from one window to the next; 1 unless given. */
  readonly stride?: number;
  /** The part whose rows are told; the whole series unless given. */
  readonly range?: Range;
  /**
   * Whether inputs may reach back before the range: the past is known when a later part is forecast, and its first rows could
   * not be told otherwise. False unless given. What is told is always inside the range, so that no part tells rows of another.
   */
  readonly lookBack?: boolean;
  /** Columns that are read; all unless given. */
  readonly inputs?: readonly string[];
  /** Columns that are told; all unless given. */
  readonly targets?: readonly string[];
}

/** Windows of a series: inputs [T, B, I], targets [B, H * O], row by row of the horizon. */
export interface WindowSet extends SequenceSet {
  /** First row of each window in the series; what it tells begins T rows further on. */
  readonly starts: Int32Array;
  readonly horizon: number;
}

/**
 * Windows of a series for forecasting: T rows are read, the H rows after them are told.
 *
 * @throws DataError `series-too-short` where not one window fits, `missing-column` for a column that the series has not
 */
export function seriesWindows(source: Series, options: WindowOptions): WindowSet {
  const length = integerOption('seriesWindows', 'length', options.length, 1);
  const horizon = integerOption('seriesWindows', 'horizon', options.horizon ?? 1, 1);
  const inputs = columnIndices(source, options.inputs, 'seriesWindows');
  const targets = columnIndices(source, options.targets, 'seriesWindows');
  const starts = startsOf(source.length, length, horizon, options);
  const set = sequenceSet({
    shape: { inputs: 'values', inputSize: inputs.length, targets: 'regression', per: 'sequence', targetSize: horizon * targets.length },
    size: starts.length,
    length: () => length,
    input: (index) => rowsOf(source, inputs, starts[index] as number, length),
    target: (index) => rowsOf(source, targets, (starts[index] as number) + length, horizon),
  });
  return { ...set, starts, horizon };
}

/** Place of each of the named columns; of all of them where none are named. Throws DataError `missing-column`. */
export function columnIndices({ names }: Pick<Series, 'names'>, wanted: readonly string[] | undefined, where: string): number[] {
  return (wanted ?? names).map((name) => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw new DataError('missing-column', `${where}: there is no column "${name}"; ${suggestion(name, names)}`);
  });
}

function startsOf(rows: number, length: number, horizon: number, { stride = 1, range = { from: 0, to: rows }, lookBack = false }: WindowOptions): Int32Array {
  integerOption('seriesWindows', 'stride', stride, 1);
  const { from, to } = range;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= rows)) {
    throw new DataError('invalid-option', `seriesWindows: rows [${from}, ${to}) are not a part of a series of ${rows}`);
  }
  const first = lookBack ? Math.max(0, from - length) : from;
  const count = Math.floor((to - horizon - length - first) / stride) + 1;
  if (count < 1) {
    throw new DataError('series-too-short', `seriesWindows: rows [${first}, ${to}) are too few for ${length} to read and ${horizon} to tell; shorten the window or give a longer series`);
  }
  return Int32Array.from({ length: count }, (_, i) => first + i * stride);
}

function rowsOf({ names, values }: Series, columns: readonly number[], from: number, count: number): Float32Array {
  const width = columns.length;
  return Float32Array.from({ length: count * width }, (_, i) => values[(from + Math.floor(i / width)) * names.length + (columns[i % width] as number)] as number);
}
