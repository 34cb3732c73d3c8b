import { basename, extname } from 'node:path';
import { cells } from '@unroll/cells';
import { characterVocabulary, decodeUtf8, vocabularyFromJson, type Vocabulary } from '@unroll/datasets';
import { ExchangeError, readOnnx, readSafetensors, toFloat32Array, type ExchangedCell, type ExchangedNetwork, type ExchangedTensor } from '@unroll/interop';
import { loadText } from '@unroll/recipes';
import { scope, tensor } from '@unroll/tensor';
import { useBackend } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { checkpointBytes, refusing, saveBytes } from '../files/checkpoint.ts';
import { readBytes } from '../files/read.ts';
import { checkTarget } from '../files/target.ts';
import { bytes, count, quoted } from '../print/format.ts';
import { version } from '../version.ts';
import { kerasNetwork } from './keras.ts';
import { describedCell, textNetwork, type TextNetwork } from './network.ts';
import { networkFrom } from './state-dict.ts';

/** What the command line may say about a model from elsewhere. */
export interface ImportFlags {
  readonly out?: string;
  readonly symbols?: string;
  readonly cell?: string;
}

type Description = Readonly<Record<string, unknown>>;

/** `unroll import`: a file of another world as a model that `unroll sample` takes. */
export async function importModel(path: string, { out, symbols, cell }: ImportFlags, { io }: Session): Promise<void> {
  const target = out ?? (path === '-' ? 'imported.safetensors' : `${basename(path, extname(path))}-imported.safetensors`);
  await checkTarget(target);
  const content = path === '-' ? await io.readStdin() : await readBytes(path, 'checkpoint');
  await useBackend('wasm');
  const { network, described } = refusing(path, () => readNetwork(content, cell));
  const found = refusing(path, () => textNetwork(network));
  const vocabulary = symbols === undefined ? ownVocabulary(path, described) : await symbolsIn(symbols);
  checkSymbols(path, found, vocabulary);
  const config = { ...(described['config'] as object | undefined), ...sizesOf(found, described) };
  const description = { kind: 'text', version: 1, config, vocabulary: vocabulary.toJSON(), ...(typeof described['cellText'] === 'string' ? { cellText: described['cellText'] } : {}) };
  await saveAs(target, path, description, found);
  io.stderr.write(`saved ${target}: ${found.cell.name}, ${found.config.layers} x ${found.config.hidden}, ${count(found.symbols)} symbols (${bytes(content.length)} before)\n`);
  io.stderr.write(`next: unroll sample ${quoted(target)}\n`);
}

/** An ONNX file begins with a field of its protobuf, a safetensors file with a length below 2^40. */
function readNetwork(content: Uint8Array, cell: string | undefined): { network: ExchangedNetwork; described: Description } {
  if (!isSafetensors(content)) {
    const { layers, metadata } = readOnnx(content);
    return { network: { layers }, described: parsed(metadata['unroll']) };
  }
  const { metadata, tensors: raw } = readSafetensors(content);
  const tensors = new Map([...raw].map(([name, value]): [string, ExchangedTensor] => [name, { shape: value.shape, data: toFloat32Array(value, name) }]));
  const described = parsed(metadata.get('unroll'));
  const named = cell ?? describedCell(described)?.name;
  if (metadata.get('format') === 'keras') return { network: kerasNetwork((named ?? 'lstm') as ExchangedCell, tensors), described };
  return { network: networkFrom(tensors, describedCell(described) ?? cellNamed(cell)), described };
}

function isSafetensors(content: Uint8Array): boolean {
  return content.length >= 8 && content[5] === 0 && content[6] === 0 && content[7] === 0 && [0x7b, 0x20, 0x09, 0x0a, 0x0d].includes(content[8] ?? 0);
}

function cellNamed(name: string | undefined): (typeof cells)[keyof typeof cells] | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(cells, name)) return cells[name as keyof typeof cells];
  throw new CliError('usage', `--cell ${name}: there is no such cell; there are ${Object.keys(cells).join(', ')}`);
}

function sizesOf({ config }: TextNetwork, described: Description): object {
  const { hidden, layers, embedding, cell } = config;
  return described['config'] === undefined ? config : { hidden, layers, embedding, cell };
}

function ownVocabulary(path: string, { vocabulary }: Description): Vocabulary {
  if (vocabulary === undefined) throw new CliError('usage', `${path}: it does not say what its symbols are; give a text with all of them, or a JSON list, with --symbols`);
  return refusing(path, () => vocabularyFromJson(vocabulary));
}

async function symbolsIn(path: string): Promise<Vocabulary> {
  const text = decodeUtf8(await readBytes(path, 'data'), path);
  if (!text.trimStart().startsWith('[')) return characterVocabulary(text);
  const list = JSON.parse(text) as unknown;
  if (!Array.isArray(list) || !list.every((symbol) => typeof symbol === 'string' && [...symbol].length === 1)) throw new CliError('data', `${path}: the symbols must be a list of single characters`);
  return vocabularyFromJson({ kind: 'characters', characters: list.join('') });
}

function checkSymbols(path: string, { symbols }: TextNetwork, { size }: Vocabulary): void {
  if (size !== symbols) throw new CliError('data', `${path}: the network has ${count(symbols)} symbols, but ${count(size)} are given; --symbols must have those of its training`);
}

async function saveAs(target: string, path: string, description: object, { parameters }: TextNetwork): Promise<void> {
  const tensors = Object.fromEntries(Object.entries(parameters).map(([name, { shape, data }]) => [name, tensor(data, { shape })]));
  try {
    // What cannot be loaded is not saved.
    refusing(path, () => scope(() => loadText(description, tensors))).model.dispose();
    saveBytes(target, await checkpointBytes({ description, tensors }, { unroll: version() }));
  } finally {
    for (const own of Object.values(tensors)) own.dispose();
  }
}

function parsed(text: string | undefined): Description {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value as Description;
  } catch {
    // Told below.
  }
  throw new ExchangeError('its metadata "unroll" are damaged.');
}
