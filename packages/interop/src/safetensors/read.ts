import { byteLength, showShape, type RawTensor } from './dtype.ts';
import { describeTensor, SafetensorsError } from './error.ts';
import { LONGEST_HEADER, parseHeader, type TensorInfo } from './header.ts';

/** A file, taken apart. */
export interface SafetensorsFile {
  /** The free texts of the file's `__metadata__`; empty where it has none. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Name to tensor, in the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
}

const LENGTH_BYTES = 8;

/**
 * Takes a safetensors file apart without copying its tensors: their `data` are views of `bytes`.
 *
 * Stricter than `JSON.parse` and no laxer than the format's reference implementation: the tensors must cover the data
 * exactly, without gap, overlap or trailing bytes; keys must be unique; sizes must be exact. Values are not looked at,
 * so NaN and infinities pass.
 *
 * @throws {SafetensorsError} where the file is damaged; `code` says how, and nothing has been changed.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  // A Buffer is a Uint8Array whose slice() does not copy; from here on we have the plain thing.
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataStart = findDataStart(file);
  const header = parseHeader(decodeHeader(file, dataStart));
  const infos = header.tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(infos, file.length - dataStart);
  const data = file.subarray(dataStart);
  const tensors = new Map<string, RawTensor>();
  for (const { name, dtype, shape, begin, end } of infos) tensors.set(name, { dtype, shape, data: data.subarray(begin, end) });
  return { metadata: header.metadata, tensors };
}

/** 8 + N, with N read as an integer of 64 bits: as a double, 2^64 - 1 and friends would round. */
function findDataStart(file: Uint8Array): number {
  if (file.length < LENGTH_BYTES) {
    throw new SafetensorsError('HeaderTooSmall', `the file has ${file.length} bytes, but even an empty one has at least 8 + 2`);
  }
  const n = new DataView(file.buffer, file.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (n > BigInt(LONGEST_HEADER)) {
    throw new SafetensorsError('HeaderTooLarge', `the header claims ${n} bytes and at most ${LONGEST_HEADER} are allowed; is this a safetensors file?`);
  }
  const end = LENGTH_BYTES + Number(n);
  if (end > file.length) {
    throw new SafetensorsError(
      'InvalidHeaderLength',
      `the header claims ${n} bytes, but only ${file.length - LENGTH_BYTES} follow; the file is cut short or not a safetensors file`,
    );
  }
  return end;
}

function decodeHeader(file: Uint8Array, end: number): string {
  // A copy, because browsers do not decode views of shared memory.
  const header = file.slice(LENGTH_BYTES, end);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw new SafetensorsError('InvalidHeader', 'the header is not valid UTF-8; the file is damaged or not a safetensors file');
  }
}

/** Sorted by offset, the tensors must follow each other from 0 to `dataLength` without gap or overlap. */
function checkCoverage(infos: readonly TensorInfo[], dataLength: number): void {
  let position = 0;
  for (const info of infos) {
    if (info.begin !== position || info.end < info.begin) throw badOffset(info, position);
    checkSize(info);
    position = info.end;
  }
  if (position === dataLength) return;
  const problem = position > dataLength ? 'the file is cut short' : 'bytes that belong to no tensor are not allowed';
  throw new SafetensorsError('MetadataIncompleteBuffer', `the tensors take ${position} bytes, but ${dataLength} follow the header: ${problem}`);
}

function checkSize({ name, dtype, shape, begin, end }: TensorInfo): void {
  const size = byteLength(dtype, shape, name);
  if (end - begin === size) return;
  throw new SafetensorsError(
    'TensorInvalidInfo',
    `${describeTensor(name)} of dtype ${dtype} and shape ${showShape(shape)} needs ${size} bytes, but its offsets [${begin}, ${end}] give ${end - begin}`,
  );
}

function badOffset({ name, begin, end }: TensorInfo, position: number): SafetensorsError {
  const refuse = (problem: string): SafetensorsError =>
    new SafetensorsError('InvalidOffset', `${describeTensor(name)} with offsets [${begin}, ${end}] ${problem}`);
  if (end < begin) return refuse('ends before it begins');
  if (begin < position) return refuse(`overlaps the tensor before it, which ends at ${position}`);
  return refuse(`leaves a gap after byte ${position}`);
}
