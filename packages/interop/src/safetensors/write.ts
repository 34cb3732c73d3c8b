import { BITS, byteLength, isDType, showShape, type RawTensor, type SafetensorsDType } from './dtype.ts';
import { describeTensor, quote, SafetensorsError } from './error.ts';
import { LONGEST_HEADER, METADATA_KEY } from './header.ts';
import { isWellFormed } from './scanner.ts';

/** A tensor to write whose dtype is that of its array: F32, F64 or I32. */
export interface TypedTensor {
  readonly shape: readonly number[];
  /** product(shape) values in C order. */
  readonly data: Float32Array | Float64Array | Int32Array;
}

/**
 * The bytes of a safetensors file, the same bytes for the same content in whatever order it comes, and those that the
 * format's reference implementation writes: tensors by dtype (widest first), then by name; the header padded with
 * spaces to a multiple of 8 bytes, so that the data of a file at an aligned address is aligned.
 *
 * @param entries name and tensor; a `Map` will do, and so will the `tensors` of a file that was read.
 * @param metadata free texts, written in the order of their keys; nothing is written where there are none.
 * @throws {SafetensorsError} where a name is reserved, malformed or there twice, or where shape, dtype and data of a
 * tensor do not agree.
 */
export function writeSafetensors(
  entries: Iterable<readonly [name: string, tensor: RawTensor | TypedTensor]>,
  metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = collect(entries);
  const header = encodeHeader(tensors, sortedMetadata(metadata));
  const size = tensors.reduce((sum, { data }) => sum + data.length, LENGTH_BYTES + header.length);
  const file = new Uint8Array(size);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, LENGTH_BYTES);
  let position = LENGTH_BYTES + header.length;
  for (const { data } of tensors) {
    file.set(data, position);
    position += data.length;
  }
  return file;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

interface NamedTensor extends RawTensor {
  readonly name: string;
}

function collect(entries: Iterable<readonly [string, RawTensor | TypedTensor]>): NamedTensor[] {
  const tensors = new Map<string, NamedTensor>();
  for (const [name, tensor] of entries) {
    if (tensors.has(name)) throw new SafetensorsError('DuplicateKey', `${describeTensor(name)} is there twice; names must be unique`);
    checkText(name, describeTensor(name));
    if (name === METADATA_KEY) throw new SafetensorsError('InvalidName', `no tensor can be called ${quote(name)}, which is where the metadata go; rename it`);
    tensors.set(name, toNamed(name, tensor));
  }
  const dtypes = Object.keys(BITS);
  return [...tensors.values()].sort((a, b) => dtypes.indexOf(b.dtype) - dtypes.indexOf(a.dtype) || compareText(a.name, b.name));
}

function toNamed(name: string, tensor: RawTensor | TypedTensor): NamedTensor {
  const { shape, data } = tensor;
  const dtype = 'dtype' in tensor ? tensor.dtype : dtypeOf(tensor.data);
  if (!isDType(dtype)) throw new SafetensorsError('InvalidTensorView', `${describeTensor(name)} has the unknown dtype ${quote(String(dtype))}`);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new SafetensorsError('InvalidTensorView', `${describeTensor(name)} has shape ${showShape(shape)}; lengths must be whole numbers from 0`);
  }
  const size = byteLength(dtype, shape, name);
  if (data.byteLength !== size) {
    throw new SafetensorsError(
      'InvalidTensorView',
      `${describeTensor(name)} of dtype ${dtype} and shape ${showShape(shape)} needs ${size} bytes, but its data has ${data.byteLength}`,
    );
  }
  return { name, dtype, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function dtypeOf(array: TypedTensor['data']): SafetensorsDType {
  if (array instanceof Float32Array) return 'F32';
  return array instanceof Float64Array ? 'F64' : 'I32';
}

function sortedMetadata(metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>>): [string, string][] {
  const pairs = isMap(metadata) ? [...metadata] : Object.entries(metadata);
  for (const [key, value] of pairs) {
    checkText(key, `metadata key ${quote(key)}`);
    checkText(value, `the metadata text of ${quote(key)}`);
  }
  return pairs.sort(([a], [b]) => compareText(a, b));
}

function isMap(metadata: object): metadata is ReadonlyMap<string, string> {
  return metadata instanceof Map;
}

/** Halves of surrogate pairs have no UTF-8; anything but text comes from callers without types. */
function checkText(text: unknown, what: string): void {
  if (typeof text !== 'string') throw new SafetensorsError('InvalidName', `${what} must be a string, got ${typeof text}`);
  if (!isWellFormed(text)) throw new SafetensorsError('InvalidName', `${what} has half of a surrogate pair, which UTF-8 cannot hold`);
}

function encodeHeader(tensors: readonly NamedTensor[], metadata: readonly (readonly [string, string])[]): Uint8Array {
  const members: string[] = [];
  const texts = metadata.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  if (texts.length > 0) members.push(`"${METADATA_KEY}":{${texts.join()}}`);
  let begin = 0;
  for (const { name, dtype, shape, data } of tensors) {
    const end = begin + data.length;
    members.push(`${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join()}],"data_offsets":[${begin},${end}]}`);
    begin = end;
  }
  return pad(new TextEncoder().encode(`{${members.join()}}`));
}

function pad(json: Uint8Array): Uint8Array {
  const header = new Uint8Array(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT).fill(0x20);
  if (header.length > LONGEST_HEADER) {
    throw new SafetensorsError(
      'HeaderTooLarge',
      `names, shapes and metadata take ${header.length} bytes and at most ${LONGEST_HEADER} are allowed; write several files`,
    );
  }
  header.set(json);
  return header;
}

/** By code point, which is the order of the UTF-8 bytes; `<` on strings puts surrogates before U+E000. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = codeUnitRank(a.charCodeAt(i)) - codeUnitRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function codeUnitRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
