import { parseChorales, type Chorales } from '../chorales.ts';
import { digitSet, parseIdx, type DigitOptions } from '../digits.ts';
import { DataError } from '../errors.ts';
import { linesByClass, type LabelledLines } from '../lines.ts';
import type { SequenceSet } from '../sequences.ts';
import type { Series } from '../series.ts';
import { parseCsv } from '../table/csv.ts';
import { tableSeries } from '../table/sets.ts';
import { decodeUtf8 } from '../utf8.ts';
import type { DatasetFiles } from './verify.ts';

/** The text of `tiny-shakespeare`. */
export function tinyShakespeare(files: DatasetFiles): string {
  return textOf(files, 'tinyshakespeare.txt');
}

/** The digits of `mnist`: the 60,000 to learn from or the 10,000 to test on. */
export async function mnistDigits(files: DatasetFiles, part: 'train' | 'test', options?: DigitOptions): Promise<SequenceSet> {
  const prefix = part === 'train' ? 'train' : 't10k';
  const [images, labels] = [`${prefix}-images-idx3-ubyte.gz`, `${prefix}-labels-idx1-ubyte.gz`];
  return digitSet(await parseIdx(bytesOf(files, images), images), await parseIdx(bytesOf(files, labels), labels), options);
}

/** The pieces of `jsb-chorales`. */
export function jsbChorales(files: DatasetFiles): Chorales {
  return parseChorales(textOf(files, 'jsb-chorales-quarter.json'), 'jsb-chorales-quarter.json');
}

/** The names of `names`, classes in alphabetical order. */
export function familyNames(files: DatasetFiles): LabelledLines {
  return linesByClass([...files.keys()].map((name) => ({ name, text: textOf(files, name) })));
}

/** The series of `ett`: HUFL, HULL, MUFL, MULL, LUFL, LULL and the oil temperature OT, 17,420 hours. */
export async function ettSeries(files: DatasetFiles): Promise<Series> {
  return tableSeries(await parseCsv(textOf(files, 'ETTh1.csv'), 'ETTh1.csv'));
}

function textOf(files: DatasetFiles, name: string): string {
  return decodeUtf8(bytesOf(files, name), name);
}

function bytesOf(files: DatasetFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new DataError('missing-file', `there is no ${name} among the files (${[...files.keys()].join(', ')}); fetch it too`);
  return bytes;
}
