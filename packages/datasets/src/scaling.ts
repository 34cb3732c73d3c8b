import { DataError } from './errors.ts';
import { sequenceSet, type Padding, type SequenceSet } from './sequences.ts';
import { columnIndices, type Range, type Series } from './series.ts';

/** standard: mean 0 and standard deviation 1. minmax: from 0 to 1. Both over the rows they were fitted on. */
export type ScalingKind = 'standard' | 'minmax';

/** How one column is scaled: (value - offset) / scale. */
export interface ColumnScaling {
  readonly name: string;
  readonly offset: number;
  readonly scale: number;
}

/** How the columns of a series are scaled. Plain JSON: save it with the model, which is of no use without it. */
export interface Scaling {
  readonly kind: ScalingKind;
  readonly columns: readonly ColumnScaling[];
}

/**
 * Fits a scaling to the rows of `range` alone: give the training part, so that nothing of the later parts is known beforehand.
 * Standard deviations are those of the rows themselves (divided by N), as scikit-learn has them. A constant column has scale 1.
 *
 * @throws DataError `invalid-option` for a range that is not a part of the series
 */
export function fitScaling(source: Series, range: Range, kind: ScalingKind = 'standard'): Scaling {
  const { from, to } = range;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= source.length)) {
    throw new DataError('invalid-option', `fitScaling: rows [${from}, ${to}) are not a part of a series of ${source.length}`);
  }
  const width = source.names.length;
  const columns = source.names.map((name, c) => {
    const column = Float64Array.from({ length: to - from }, (_, i) => source.values[(from + i) * width + c] as number);
    const { offset, scale } = fits[kind](column);
    return { name, offset, scale: scale > 0 ? scale : 1 };
  });
  return { kind, columns };
}

/**
 * Fits a scaling to the values that sequences have at their steps, over all steps of all of them: give the training part. Columns are
 * named by their place, from 0.
 *
 * @throws DataError `invalid-option` for sequences of ids, which have no values
 */
export function fitInputScaling(set: SequenceSet, kind: ScalingKind = 'standard'): Scaling {
  const { inputs, inputSize: width } = set.shape;
  if (inputs !== 'values') throw new DataError('invalid-option', 'fitInputScaling: these are sequences of ids, which are not scaled');
  const { sums, least, most, count } = extents(set);
  const squares = new Float64Array(width);
  if (kind === 'standard') eachValue(set, (value, c) => { squares[c] = (squares[c] as number) + (value - (sums[c] as number) / count) ** 2; });
  const columns = Array.from({ length: width }, (_, c) => {
    const offset = kind === 'minmax' ? (least[c] as number) : (sums[c] as number) / count;
    const scale = kind === 'minmax' ? (most[c] as number) - offset : Math.sqrt((squares[c] as number) / count);
    return { name: String(c), offset, scale: scale > 0 ? scale : 1 };
  });
  return { kind, columns };
}

/** The same sequences with scaled inputs. Throws DataError `invalid-option` where they have another number of columns than the scaling. */
export function scaleInputs(set: SequenceSet, { columns }: Scaling, padding?: Padding): SequenceSet {
  const { inputs, inputSize } = set.shape;
  if (inputs !== 'values' || inputSize !== columns.length) {
    throw new DataError('invalid-option', `scaleInputs: a scaling of ${columns.length} columns does not fit sequences of ${inputs === 'ids' ? 'ids' : `${inputSize} columns`}`);
  }
  return sequenceSet({
    shape: set.shape, size: set.size,
    length: (index) => set.length(index),
    input: (index) => Float32Array.from(set.input(index), (value, i) => apply(value, columns[i % inputSize] as ColumnScaling)),
    target: (index) => set.target(index),
  }, padding);
}

/** The same series, scaled. Throws DataError `missing-column` where the scaling lacks one of its columns. */
export function scaleSeries(source: Series, scaling: Scaling): Series {
  const columns = columnsOf(scaling, source.names, 'scaleSeries');
  return { ...source, values: source.values.map((value, i) => apply(value, columns[i % columns.length] as ColumnScaling)) };
}

/**
 * Values in the units of the series again: those of a forecast [..., O], say.
 *
 * @param names the columns of each row of `values`; those of the scaling unless given
 */
export function unscale(values: ArrayLike<number>, scaling: Scaling, names?: readonly string[]): Float64Array {
  const columns = columnsOf(scaling, names, 'unscale');
  return Float64Array.from(values, (value, i) => {
    const { offset, scale } = columns[i % columns.length] as ColumnScaling;
    return value * scale + offset;
  });
}

/** The scaling that was saved as JSON. Throws DataError `invalid-state` on anything else. */
export function scalingFromJson(json: unknown): Scaling {
  const { kind, columns } = (typeof json === 'object' && json !== null ? json : {}) as Partial<Scaling>;
  if (kind === undefined || !Object.hasOwn(fits, kind) || !Array.isArray(columns) || columns.length === 0 || !columns.every(isColumn)) {
    throw new DataError('invalid-state', 'scalingFromJson: this is not a scaling; pass what fitScaling gave');
  }
  return { kind, columns: columns.map(({ name, offset, scale }: ColumnScaling) => ({ name, offset, scale })) };
}

const fits: Readonly<Record<ScalingKind, (column: Float64Array) => { offset: number; scale: number }>> = {
  standard: (column) => {
    const offset = column.reduce((sum, value) => sum + value, 0) / column.length;
    const variance = column.reduce((sum, value) => sum + (value - offset) ** 2, 0) / column.length;
    return { offset, scale: Math.sqrt(variance) };
  },
  minmax: (column) => {
    const least = column.reduce((a, b) => Math.min(a, b));
    return { offset: least, scale: column.reduce((a, b) => Math.max(a, b)) - least };
  },
};

// Passes instead of a copy: a set may be larger than memory would like.
function extents(set: SequenceSet): { readonly sums: Float64Array; readonly least: Float64Array; readonly most: Float64Array; readonly count: number } {
  const { inputSize } = set.shape;
  const [sums, least, most] = [new Float64Array(inputSize), new Float64Array(inputSize).fill(Infinity), new Float64Array(inputSize).fill(-Infinity)];
  let count = 0;
  eachValue(set, (value, c) => {
    if (c === 0) count += 1;
    sums[c] = (sums[c] as number) + value;
    if (value < (least[c] as number)) least[c] = value;
    if (value > (most[c] as number)) most[c] = value;
  });
  return { sums, least, most, count };
}

function eachValue(set: SequenceSet, take: (value: number, column: number) => void): void {
  const { inputSize } = set.shape;
  for (let index = 0; index < set.size; index++) {
    const row = set.input(index);
    for (let i = 0; i < row.length; i++) take(row[i] as number, i % inputSize);
  }
}

function apply(value: number, { offset, scale }: ColumnScaling): number {
  return (value - offset) / scale;
}

function columnsOf(scaling: Scaling, names: readonly string[] | undefined, where: string): ColumnScaling[] {
  const known = { names: scaling.columns.map(({ name }) => name) };
  return columnIndices(known, names, where).map((index) => scaling.columns[index] as ColumnScaling);
}

function isColumn(value: unknown): boolean {
  const { name, offset, scale } = (typeof value === 'object' && value !== null ? value : {}) as Partial<ColumnScaling>;
  return typeof name === 'string' && Number.isFinite(offset) && Number.isFinite(scale) && (scale as number) > 0;
}
