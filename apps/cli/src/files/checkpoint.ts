import { createHash } from 'node:crypto';
import { readSafetensors, toFloat32Array, writeSafetensors, type RawTensor, type SafetensorsFile } from '@unroll/interop';
import { tensor, type Tensor } from '@unroll/tensor';
import { CliError, complaint } from '../errors.ts';
import type { Values } from '../options/spec.ts';
import { writeAtomically } from './atomic.ts';
import { readBytes } from './read.ts';

/** The mark by which we know our own files. */
const format = 'unroll';
/** Metadata that are not part of the description. */
const own: readonly string[] = ['format', 'checksum', 'provenance'];
const prefix = 'sha256:';
const blank = '0'.repeat(64);

/** What a checkpoint holds: JSON, and tensors by name. */
export interface Content {
  readonly description: object;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Where a model comes from: what must be the same for the same bytes, and nothing else. */
export interface Provenance {
  /** Version of the command. */
  readonly unroll: string;
  /** SHA-256 of the data, as read. */
  readonly data?: string;
  /** How the data were read: columns, delimiters. */
  readonly options?: Values;
}

/** A checkpoint as it was read; nothing in it is trusted yet. */
export interface SavedContent {
  readonly description: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, RawTensor>;
  readonly provenance: Readonly<Record<string, unknown>>;
}

/**
 * The bytes of a checkpoint: one safetensors file with the description as JSON in the metadata, and the SHA-256 of the whole file, taken
 * while its own digits are zeros. The same content gives the same bytes.
 */
export async function checkpointBytes({ description, tensors }: Content, provenance: Provenance): Promise<Uint8Array> {
  const entries = Object.entries(tensors).map(async ([name, value]) => [name, { shape: value.shape, data: await value.data() }] as const);
  const texts = Object.entries({ ...description, provenance }).map(([key, value]) => [key, JSON.stringify(value)] as const);
  const bytes = writeSafetensors(await Promise.all(entries), { format, checksum: prefix + blank, ...Object.fromEntries(texts) });
  const digits = Buffer.from(digest(bytes));
  bytes.set(digits, placeOf(bytes, blank));
  return bytes;
}

/** Saves those bytes whole or not at all. Throws a `CliError` that names the file. */
export function saveBytes(path: string, bytes: Uint8Array): void {
  try {
    writeAtomically(path, bytes);
  } catch (error) {
    throw new CliError('runtime', `${path}: ${complaint(error)}; the model was not saved`);
  }
}

/** Reads a checkpoint and makes sure that it is one of ours, and whole. Throws a `CliError` of outcome `checkpoint` that names the file. */
export async function readCheckpoint(path: string): Promise<SavedContent> {
  const bytes = await readBytes(path, 'checkpoint');
  return refusing(path, () => {
    const file = readSafetensors(bytes);
    if (file.metadata.get('format') !== format) throw new Error('a safetensors file, but not a model that `unroll train` saved: its metadata have no format "unroll"');
    checkDigest(bytes, file);
    return contentOf(file);
  });
}

/** What `use` makes of a file's content; whatever it finds wrong is told with the file's name, as outcome `checkpoint`. */
export function refusing<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw error instanceof CliError ? error : new CliError('checkpoint', `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Tensors of a file on the backend in use; they belong to the scope around. */
export function uploaded(tensors: ReadonlyMap<string, RawTensor>): Record<string, Tensor> {
  return Object.fromEntries([...tensors].map(([name, raw]) => [name, tensor(toFloat32Array(raw, name), { shape: raw.shape })]));
}

function contentOf({ metadata, tensors }: SafetensorsFile): SavedContent {
  const texts = [...metadata].filter(([key]) => !own.includes(key));
  const provenance = parse('provenance', metadata.get('provenance') ?? '{}');
  return {
    description: Object.fromEntries(texts.map(([key, text]) => [key, parse(key, text)])),
    tensors,
    provenance: typeof provenance === 'object' && provenance !== null ? (provenance as Record<string, unknown>) : {},
  };
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`its metadata "${key}" are not JSON; the file is damaged`);
  }
}

/** Files that other programs rewrote have none. */
function checkDigest(bytes: Uint8Array, { metadata }: SafetensorsFile): void {
  const checksum = metadata.get('checksum');
  if (checksum === undefined) return;
  const digits = checksum.slice(prefix.length);
  const copy = Uint8Array.from(bytes);
  if (/^[0-9a-f]{64}$/.test(digits)) copy.set(Buffer.from(blank), placeOf(copy, digits));
  if (checksum !== prefix + digest(copy)) throw new Error('its checksum does not agree with its content; the file is damaged');
}

function placeOf(bytes: Uint8Array, digits: string): number {
  const key = `"checksum":"${prefix}`;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(key + digits) + key.length;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** How the data of a model were read, as its checkpoint says. */
export function dataOptions({ provenance: { options } }: SavedContent): Values {
  return typeof options === 'object' && options !== null ? (options as Values) : {};
}
