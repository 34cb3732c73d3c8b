import {
  characterVocabulary, choraleSet, column, decodeUtf8, digitSet, jsbChorales, linesByClass, lineSet, mnistDigits, pairSet, pairSymbols, parseChorales, parseCsv, parseIdx, parseParquet, parsePairs,
  tableSequences, tableSeries, vocabularyFromJson, type DatasetFiles, type DigitOrder, type LabelledLines, type SequenceSet, type SequenceShape, type Series, type Table, type Vocabulary,
} from '@unroll/datasets';
import type { SequenceData } from '@unroll/recipes';
import { CliError } from '../errors.ts';
import type { SourceFile } from '../files/remote.ts';
import type { Source } from '../files/source.ts';
import type { Values } from '../options/spec.ts';

/** Sequences with a class each: names by line, one file a class; images of digits; a table with a label; the remote sets `names` and `mnist`. */
export async function classifyData(source: Source, options: Values, known?: SequenceShape): Promise<SequenceData> {
  if (source.remote === 'mnist') return { train: await mnistDigits(filesOf(source), 'train', digitOptions(options)), heldOut: await mnistDigits(filesOf(source), 'test', digitOptions(options)) };
  if (source.files.some(({ name }) => /ubyte(\.gz)?$/.test(name))) return digits(source, options);
  if (isTable(source)) return tableData(source, options, 'sequence', known);
  const lines = linesByClass(source.files.map((file) => ({ name: file.name, text: textOf(file) })));
  return lineSet(known === undefined ? lines : asKnown(lines, known), known === undefined ? characterVocabulary(lines.lines.join('')) : vocabularyOf(known));
}

/** Sequences with a label at each step: a table with labels, chorales as JSON, the remote set `jsb-chorales`. */
export async function tagData(source: Source, options: Values, known?: SequenceShape): Promise<SequenceData> {
  const [file] = source.files;
  if (source.remote === 'jsb-chorales' || file?.name.endsWith('.json') === true) {
    const chorales = source.remote === undefined ? parseChorales(textOf(file as SourceFile), (file as SourceFile).name) : jsbChorales(filesOf(source));
    return { train: choraleSet(chorales.train), heldOut: choraleSet(known === undefined ? chorales.validation : chorales.test) };
  }
  return tableData(source, options, 'step', known);
}

/** Pairs of texts, a line each: input, tab, answer. */
export function translateData(source: Source, _options: Values, known?: SequenceShape): Promise<SequenceData> {
  const pairs = source.files.flatMap((file) => parsePairs(textOf(file), file.name));
  if (pairs.length === 0) throw new CliError('data', `${source.files[0]?.name ?? 'the data'}: there are no pairs in it; a line is an input, a tab and an answer`);
  return Promise.resolve(pairSet(pairs, known === undefined ? pairSymbols(pairs) : { input: known.inputSymbols ?? [], answer: known.targetSymbols ?? [] }));
}

/** Numbers over time: a CSV or Parquet file, or the remote set `ett`. */
export async function forecastData(source: Source, options: Values): Promise<Series> {
  const { time, columns } = options;
  const table = await readTable(source, options);
  return tableSeries(table, { ...(time === undefined ? {} : { time: String(time) }), ...(columns === undefined ? {} : { columns: listOf(columns) }) });
}

/** A list of names with commas between. */
export function listOf(names: unknown): string[] {
  return String(names).split(',').map((name) => name.trim()).filter((name) => name !== '');
}

/** What a line, or all lines, of a symbol model are to be answered. */
export function linesIn(file: SourceFile): string[] {
  return textOf(file).split(/\r\n|\n|\r/).filter((line) => line !== '');
}

function textOf({ name, bytes }: SourceFile): string {
  const text = decodeUtf8(bytes, name);
  if (text.trim() === '') throw new CliError('data', `${name}: the file is empty; give it something to learn from`);
  return text;
}

function filesOf({ files }: Source): DatasetFiles {
  return new Map(files.map(({ name, bytes }) => [name, bytes]));
}

function digitOptions({ order }: Values): { readonly order?: DigitOrder } {
  return order === undefined ? {} : { order: order as DigitOrder };
}

/** Images and labels are told apart by their names, as MNIST calls them. */
async function digits({ files }: Source, options: Values): Promise<SequenceSet> {
  const [images, labels] = ['images', 'labels'].map((what) => files.find(({ name }) => name.includes(what)));
  if (images === undefined || labels === undefined) throw new CliError('data', `${files.map(({ name }) => name).join(', ')}: digits are two files, …images-idx3-ubyte and …labels-idx1-ubyte`);
  return digitSet(await parseIdx(images.bytes, images.name), await parseIdx(labels.bytes, labels.name), digitOptions(options));
}

function isTable({ files }: Source): boolean {
  return files.length === 1 && (/\.(csv|tsv|parquet)$/i.test(files[0]?.name ?? '') || files[0]?.name === 'stdin');
}

async function readTable({ files }: Source, { delimiter, missing }: Values): Promise<Table> {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) throw new CliError('data', `${files.map(({ name }) => name).join(', ')}: give one table, as CSV or Parquet`);
  const policy = missing === undefined ? {} : { missing: missing as 'error' };
  if (/\.parquet$/i.test(file.name)) return parseParquet(file.bytes, file.name, policy);
  const mark = delimiter === undefined ? (/\.tsv$/i.test(file.name) ? '\t' : undefined) : String(delimiter);
  return parseCsv(textOf(file), file.name, { ...policy, ...(mark === undefined ? {} : { delimiter: mark }) });
}

async function tableData(source: Source, options: Values, per: 'sequence' | 'step', known: SequenceShape | undefined): Promise<SequenceSet> {
  const { by, label, read, text } = options;
  const table = await readTable(source, options);
  if (label === undefined) throw new CliError('usage', `${table.file}: say which column is the label with --label; there are ${table.columns.map(({ name }) => name).join(', ')}`);
  if (text !== undefined) return textColumn(table, String(text), String(label), known);
  if (by === undefined) throw new CliError('usage', `${table.file}: say with --by which column tells the sequences apart, or with --text which holds a text; there are ${table.columns.map(({ name }) => name).join(', ')}`);
  const set = tableSequences(table, { by: String(by), label: String(label), per, ...(read === undefined ? {} : { inputs: listOf(read) }) });
  return known === undefined ? set : relabelled(set, known);
}

function textColumn(table: Table, text: string, label: string, known: SequenceShape | undefined): SequenceSet {
  const [texts, labels] = [column(table, text, 'category'), column(table, label, 'category')];
  const lines: LabelledLines = { lines: Array.from(texts.values, (id) => texts.categories[id] as string), labels: labels.values, classes: labels.categories };
  return lineSet(known === undefined ? lines : asKnown(lines, known), known === undefined ? characterVocabulary(lines.lines.join('')) : vocabularyOf(known));
}

function vocabularyOf({ inputSymbols = [] }: SequenceShape): Vocabulary {
  return vocabularyFromJson({ kind: 'characters', characters: inputSymbols.join('') });
}

/** The same lines with the classes that a model knows. */
function asKnown({ lines, labels, classes }: LabelledLines, { targetSymbols = [] }: SequenceShape): LabelledLines {
  return { lines, labels: labels.map(mapping(classes, targetSymbols)), classes: targetSymbols };
}

function relabelled(set: SequenceSet, known: SequenceShape): SequenceSet {
  const map = mapping(set.shape.targetSymbols ?? [], known.targetSymbols ?? []);
  const target = (index: number): ArrayLike<number> => Array.from(set.target(index), map);
  return { ...set, size: set.size, shape: { ...set.shape, targetSize: known.targetSize, ...(known.targetSymbols === undefined ? {} : { targetSymbols: known.targetSymbols }) }, target, length: (index) => set.length(index), input: (index) => set.input(index), batch: (indices) => withTargets(set, indices, target) };
}

function withTargets(set: SequenceSet, indices: ArrayLike<number>, target: (index: number) => ArrayLike<number>): ReturnType<SequenceSet['batch']> {
  const batch = set.batch(indices);
  const targets = Int32Array.from(batch.targets as Int32Array);
  const columns = indices.length;
  Array.from(indices).forEach((index, row) => Array.from(target(index)).forEach((value, t) => { targets[t * columns + row] = value; }));
  return { ...batch, targets };
}

function mapping(from: readonly string[], to: readonly string[]): (id: number) => number {
  return (id) => {
    const found = to.indexOf(from[id] as string);
    if (found < 0) throw new CliError('data', `the label ${JSON.stringify(from[id])} is not among those that the model knows: ${to.join(', ')}`);
    return found;
  };
}
