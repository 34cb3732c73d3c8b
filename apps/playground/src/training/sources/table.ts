import { DataError, fitScaling, parseCsv, tableSeries, type SequenceBatch, type SequenceShape, type Series } from '@unroll/datasets';
import type { OwnData, RunSpec } from '../protocol.ts';
import { judges, mostSteps, streamOf, type ForecastSeries, type Source } from './source.ts';
import { rowWindows } from './windows.ts';

/** Columns that are read, at most. */
const mostColumns = 16;

/** All numeric columns of a table, row by row: the next row from those before. Learnt from the first four fifths, which also fit the scaling. */
export async function tableSource({ name, text }: OwnData, { options, batch, seed }: Pick<RunSpec, 'options' | 'batch' | 'seed'>): Promise<Source> {
  const { length = 24 } = options;
  const table = await parseCsv(text, name, { missing: 'forward-fill', ...formOf(text) });
  const whole = tableSeries(table);
  if (whole.names.length > mostColumns) throw new DataError('invalid-option', `${name}: there are ${whole.names.length} columns of numbers; the playground takes ${mostColumns}, leave some out`);
  const trained = Math.floor(whole.length * 0.8);
  if (whole.length - trained <= length + 1) throw new DataError('series-too-short', `${name}: ${whole.length} rows are too few for windows of ${length}; at least ${5 * (length + 2)} are needed, or a shorter window`);
  const scaled = scaledRows(whole, trained);
  const width = whole.names.length;
  const shape: SequenceShape = { inputs: 'values', targets: 'regression', per: 'step', inputSize: width, targetSize: width };
  const draw = (step: number, rows: number, from: number, to: number): SequenceBatch => {
    const rng = streamOf(seed, step);
    return rowWindows({ values: scaled.rows, width }, Array.from({ length: rows }, () => from + rng.integer(to - from - length)), length);
  };
  return {
    shape, floor: 0, baseline: persistence(scaled.rows.subarray(trained * width), width), series: { ...scaled.series, origin: trained },
    batch: (step) => draw(step, batch, 0, trained),
    heldOut: draw(mostSteps, judges, trained, whole.length),
  };
}

function scaledRows({ names, values, times, length }: Series, trained: number): { rows: Float64Array; series: Omit<ForecastSeries, 'origin'> } {
  const { columns } = fitScaling({ names, values, length }, { from: 0, to: trained });
  const scale = (value: number, c: number): number => (value - (columns[c]?.offset ?? 0)) / (columns[c]?.scale ?? 1);
  const unscale = (value: number, c: number): number => value * (columns[c]?.scale ?? 1) + (columns[c]?.offset ?? 0);
  return {
    rows: values.map((value, k) => scale(value, k % names.length)),
    series: { names, values, horizon: 1, season: 1, scale, unscale, ...(times === undefined ? {} : { times }) },
  };
}

/** Mean squared error of who says the last row again. */
function persistence(rows: Float64Array, width: number): number {
  let sum = 0;
  for (let k = width; k < rows.length; k++) sum += ((rows[k] as number) - (rows[k - width] as number)) ** 2;
  return sum / Math.max(1, rows.length - width);
}

/** What separates the cells of the first line most often, and whether it names columns: numbers alone are data. */
function formOf(text: string): { delimiter: string; header: boolean } {
  const line = /^\uFEFF?\s*([^\r\n]*)/u.exec(text)?.[1] ?? '';
  const count = (mark: string): number => line.split(mark).length;
  const delimiter = [',', ';', '\t', '|'].sort((a, b) => count(b) - count(a))[0] as string;
  return { delimiter, header: !line.split(delimiter).every((cell) => /^\s*"?[-+]?[\d.,]*\d[\d.,]*(?:e[-+]?\d+)?"?\s*$/iu.test(cell)) };
}
