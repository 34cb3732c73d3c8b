import { DataError } from '../errors.ts';
import { sequenceSet, type Padding, type SequenceSet } from '../sequences.ts';
import { series, type Series } from '../series.ts';
import { column, type CategoryColumn, type NumberColumn, type Table } from './table.ts';

/** Which columns of a table make a series. */
export interface TableSeriesOptions {
  /** Columns of numbers; all that there are unless given. */
  readonly columns?: readonly string[];
  /** A column of dates, which must ascend; the first one, if any, unless given. */
  readonly time?: string;
}

/**
 * The numbers of a table as a series, row by row.
 *
 * @throws DataError `missing-column` where there is no such column, `invalid-file` where time does not go forward
 */
export function tableSeries(table: Table, { columns, time }: TableSeriesOptions = {}): Series {
  const chosen = columns?.map((name) => column(table, name, 'number')) ?? table.columns.filter((one): one is NumberColumn => one.type === 'number');
  if (chosen.length === 0) throw new DataError('missing-column', `${table.file}: there is no column of numbers in it`);
  const dates = time === undefined ? table.columns.find((one) => one.type === 'date') : column(table, time, 'date');
  const back = dates?.values.findIndex((moment, row) => row > 0 && moment <= (dates.values[row - 1] as number)) ?? -1;
  if (dates !== undefined && back >= 0) {
    throw new DataError('invalid-file', `${table.file}: "${dates.name}" does not go forward at data row ${back + 1}; sort the rows by time and leave out doubles`, { position: back, file: table.file, field: dates.name });
  }
  return series(chosen.map(({ name }) => name), rowMajor(chosen, 0, table.rows), dates?.values);
}

/** Which columns of a table make labelled sequences. */
export interface TableSequencesOptions {
  /** The column that says to which sequence a row belongs: rows that follow one another with the same value are one sequence. */
  readonly by: string;
  /** Columns of numbers that are read at each step; all but `by` and `label` unless given. */
  readonly inputs?: readonly string[];
  /** The column of the class. */
  readonly label: string;
  /** 'sequence': one class a sequence, the same in all its rows. 'step': a class for each row. */
  readonly per: 'sequence' | 'step';
}

/**
 * Rows of a table as sequences with a class each, or with a class at each step.
 *
 * @throws DataError `invalid-cell` where the label changes inside of a sequence that has one
 */
export function tableSequences(table: Table, { by, inputs, label, per }: TableSequencesOptions, padding?: Padding): SequenceSet {
  const chosen = inputs?.map((name) => column(table, name, 'number'))
    ?? table.columns.filter((one): one is NumberColumn => one.type === 'number' && one.name !== by && one.name !== label);
  if (chosen.length === 0) throw new DataError('missing-column', `${table.file}: there is no column of numbers to read in it`);
  const classes = column(table, label, 'category');
  const starts = startsOf(table, by);
  const [from, to] = [(index: number): number => starts[index] as number, (index: number): number => starts[index + 1] ?? table.rows];
  if (per === 'sequence') starts.forEach((_, index) => checkLabel(table, classes, from(index), to(index)));
  return sequenceSet({
    shape: { inputs: 'values', inputSize: chosen.length, targets: 'classification', per, targetSize: classes.categories.length, targetSymbols: classes.categories },
    size: starts.length,
    length: (index) => to(index) - from(index),
    input: (index) => rowMajor(chosen, from(index), to(index)),
    target: (index) => classes.values.subarray(from(index), per === 'step' ? to(index) : from(index) + 1),
  }, padding);
}

function startsOf(table: Table, by: string): number[] {
  const values = (table.columns.find((one) => one.name === by) ?? column(table, by, 'category')).values;
  return Array.from({ length: table.rows }, (_, row) => row).filter((row) => row === 0 || values[row] !== values[row - 1]);
}

function checkLabel({ file }: Table, { name, values, categories }: CategoryColumn, from: number, to: number): void {
  const other = values.subarray(from, to).findIndex((value) => value !== values[from]);
  if (other < 0) return;
  const [first, second] = [categories[values[from] as number], categories[values[from + other] as number]];
  throw new DataError('invalid-cell', `${file}: the sequence that begins at data row ${from + 1} has the labels "${first}" and "${second}"; ask for a label per step, or correct it`, { position: from + other, file, field: name });
}

// out[row C + c] = columns[c][row]
function rowMajor(columns: readonly NumberColumn[], from: number, to: number): Float64Array {
  const width = columns.length;
  return Float64Array.from({ length: (to - from) * width }, (_, i) => columns[i % width]?.values[from + Math.floor(i / width)] as number);
}
