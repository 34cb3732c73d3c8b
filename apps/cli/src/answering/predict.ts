import { parseCsv, decodeUtf8, tableSeries } from '@unroll/datasets';
import { classify, tag, translate, type SequenceInput } from '@unroll/recipes';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { readBytes } from '../files/read.ts';
import type { Io } from '../io.ts';
import { linesIn, listOf } from '../recipes/data.ts';
import { loadAny, type LoadedAny } from './load.ts';

/** What the command line may say about answers. */
export interface PredictFlags {
  readonly text?: readonly string[];
  readonly beams: number;
  readonly top: number;
  readonly backend: BackendName;
}

/** `unroll predict`: a line of input, a line of answer. */
export async function predict(path: string, file: string | undefined, flags: PredictFlags, session: Session): Promise<void> {
  await useBackend(flags.backend);
  const loaded = await loadAny(path);
  try {
    await answer(loaded, path, file, flags, session);
  } finally {
    loaded.model.dispose();
  }
}

async function answer(loaded: LoadedAny, path: string, file: string | undefined, flags: PredictFlags, session: Session): Promise<void> {
  if (loaded.kind === 'text') throw new CliError('usage', `${path}: a text model writes on; use unroll sample ${path}`);
  if (loaded.kind === 'forecast') throw new CliError('usage', `${path}: a model of a series foresees its next rows; use unroll forecast ${path} SERIES.csv`);
  const inputs = await readInputs(loaded, file, flags.text, session.io);
  const write = (fields: Readonly<Record<string, unknown>>, line: string): void => session.io.stdout.write(`${session.format === 'json' ? JSON.stringify(fields) : line}\n`);
  if (loaded.kind === 'classify') {
    (await classify.predict(loaded, inputs.map(({ input }) => input))).forEach(({ label, probabilities }, k) => {
      const ranked = [...probabilities].map((probability, index) => ({ label: loaded.shape.targetSymbols?.[index] ?? String(index), probability })).sort((a, b) => b.probability - a.probability).slice(0, flags.top);
      write({ input: inputs[k]?.name, label, probabilities: ranked }, [inputs[k]?.name, ...ranked.map((one) => `${one.label} ${one.probability.toFixed(4)}`)].join('\t'));
    });
  } else if (loaded.kind === 'tag') {
    (await tag.predict(loaded, inputs.map(({ input }) => input))).forEach(({ labels }, k) => write({ input: inputs[k]?.name, labels }, [inputs[k]?.name, labels.join(',')].join('\t')));
  } else {
    (await translate.predict(loaded, inputs.map(({ input }) => input), { beams: flags.beams })).forEach(({ text, logProbability, alternatives }, k) =>
      write({ input: inputs[k]?.name, text, logProbability, alternatives: alternatives.map((one) => ({ text: one.text, logProbability: one.logProbability })) }, [inputs[k]?.name, text].join('\t')));
  }
}

/** One thing to be answered. */
interface Input { readonly name: string; readonly input: SequenceInput }

async function readInputs(loaded: Exclude<LoadedAny, { readonly kind: 'text' | 'forecast' }>, file: string | undefined, texts: readonly string[] | undefined, io: Io): Promise<readonly Input[]> {
  const { shape, options } = loaded;
  if (shape.inputs === 'ids') {
    const lines = texts ?? linesIn({ name: file === undefined || file === '-' ? 'stdin' : file, bytes: await bytesOf(file, io) });
    return lines.map((line) => ({ name: line, input: line }));
  }
  if (texts !== undefined) throw new CliError('usage', '--text is for models that read characters; this one reads numbers: give it a table');
  const name = file === undefined || file === '-' ? 'stdin' : file;
  const { delimiter, by, read } = options;
  const table = await parseCsv(decodeUtf8(await bytesOf(file, io), name), name, delimiter === undefined ? {} : { delimiter: String(delimiter) });
  const numbers = table.columns.filter((column) => column.type === 'number' && column.name !== options['label'] && column.name !== by).map((column) => column.name);
  const { names, values, length } = tableSeries({ ...table, columns: table.columns.filter(({ type }) => type === 'number') }, { columns: read === undefined ? numbers : listOf(read) });
  if (names.length !== shape.inputSize) throw new CliError('data', `${name}: the model reads ${shape.inputSize} numbers a step, the table has ${names.length} (${names.join(', ')})`);
  const groups = by === undefined ? undefined : table.columns.find((column) => column.name === by);
  const starts = Array.from({ length }, (_, row) => row).filter((row) => row === 0 || (groups !== undefined && groups.values[row] !== groups.values[row - 1]));
  return starts.map((start, k) => ({ name: nameOf(groups, start, k), input: values.subarray(start * names.length, (starts[k + 1] ?? length) * names.length) }));
}

function nameOf(groups: { readonly values: ArrayLike<number>; readonly categories?: readonly string[] } | undefined, row: number, index: number): string {
  if (groups === undefined) return String(index + 1);
  const value = groups.values[row] as number;
  return groups.categories?.[value] ?? String(value);
}

async function bytesOf(file: string | undefined, io: Io): Promise<Uint8Array> {
  return file === undefined || file === '-' ? io.readStdin() : readBytes(file, 'data');
}
