import { byteLength, elementCount, showShape, type RawTensor, type SafetensorsDType } from './dtype.ts';
import { describeTensor, SafetensorsError } from './error.ts';

/**
 * The values of a tensor as float32, always in a new array of product(shape) elements.
 *
 * `F64` is rounded to the nearest float32; integers must be exact.
 *
 * @param name the tensor's name, for the error message.
 * @throws {SafetensorsError} `NotRepresentable` where an `F64` overflows or an integer is not exact in float32,
 * `UnsupportedDType` for complex numbers and for floats below 16 bits.
 */
export function toFloat32Array(raw: RawTensor, name?: string): Float32Array {
  const out = new Float32Array(checkedCount(raw, name));
  return raw.dtype === 'F32' ? copyBytes(raw, out) : fill(raw, name, out, raw.dtype === 'F64' ? roundToFloat32 : exactFloat32);
}

/**
 * The values of a tensor as float64, always in a new array of product(shape) elements.
 *
 * @param name the tensor's name, for the error message.
 * @throws {SafetensorsError} `NotRepresentable` where an integer of 64 bits is not exact in float64,
 * `UnsupportedDType` for complex numbers and for floats below 16 bits.
 */
export function toFloat64Array(raw: RawTensor, name?: string): Float64Array {
  const out = new Float64Array(checkedCount(raw, name));
  return raw.dtype === 'F64' ? copyBytes(raw, out) : fill(raw, name, out, exactFloat64);
}

/**
 * The values of a tensor as int32, always in a new array of product(shape) elements.
 *
 * @param name the tensor's name, for the error message.
 * @throws {SafetensorsError} `NotRepresentable` where a value is not whole or beyond 32 bits,
 * `UnsupportedDType` for complex numbers and for floats below 16 bits.
 */
export function toInt32Array(raw: RawTensor, name?: string): Int32Array {
  const out = new Int32Array(checkedCount(raw, name));
  return raw.dtype === 'I32' ? copyBytes(raw, out) : fill(raw, name, out, exactInt32);
}

type ReadElement = (view: DataView, byte: number) => number | bigint;

const READERS: Readonly<Record<SafetensorsDType, ReadElement | undefined>> = {
  BOOL: (view, byte) => (view.getUint8(byte) === 0 ? 0 : 1),
  F4: undefined,
  F6_E2M3: undefined,
  F6_E3M2: undefined,
  U8: (view, byte) => view.getUint8(byte),
  I8: (view, byte) => view.getInt8(byte),
  F8_E5M2: undefined,
  F8_E4M3: undefined,
  F8_E8M0: undefined,
  F8_E4M3FNUZ: undefined,
  F8_E5M2FNUZ: undefined,
  I16: (view, byte) => view.getInt16(byte, true),
  U16: (view, byte) => view.getUint16(byte, true),
  F16: (view, byte) => decodeFloat16(view.getUint16(byte, true), 5),
  BF16: (view, byte) => decodeFloat16(view.getUint16(byte, true), 8),
  I32: (view, byte) => view.getInt32(byte, true),
  U32: (view, byte) => view.getUint32(byte, true),
  F32: (view, byte) => view.getFloat32(byte, true),
  C64: undefined,
  F64: (view, byte) => view.getFloat64(byte, true),
  I64: (view, byte) => view.getBigInt64(byte, true),
  U64: (view, byte) => view.getBigUint64(byte, true),
};

/** (-1)^s (1 + m / 2^w) 2^(e - bias); (-1)^s (m / 2^w) 2^(1 - bias) where e = 0; infinity or NaN where e is all ones. */
function decodeFloat16(bits: number, exponentBits: number): number {
  const width = 15 - exponentBits;
  const top = 2 ** exponentBits - 1;
  const bias = (top - 1) / 2;
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> width) & top;
  const mantissa = bits & (2 ** width - 1);
  if (exponent === top) return mantissa === 0 ? sign * Infinity : NaN;
  const fraction = mantissa / 2 ** width;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The value as the target holds it, or undefined where it cannot. */
type Fit = (value: number | bigint) => number | undefined;

const exactFloat64: Fit = (value) => {
  const number = Number(value);
  return typeof value === 'number' || BigInt(number) === value ? number : undefined;
};

const exactFloat32: Fit = (value) => {
  const number = exactFloat64(value);
  return number === undefined || Object.is(Math.fround(number), number) ? number : undefined;
};

const roundToFloat32: Fit = (value) => {
  const number = Number(value);
  return Number.isFinite(number) && !Number.isFinite(Math.fround(number)) ? undefined : number;
};

const exactInt32: Fit = (value) => {
  const number = exactFloat64(value);
  return number !== undefined && (number | 0) === number ? number : undefined;
};

type NumberArray = Float32Array | Float64Array | Int32Array;

function fill<A extends NumberArray>(raw: RawTensor, name: string | undefined, out: A, fit: Fit): A {
  const read = READERS[raw.dtype];
  if (read === undefined) throw unsupported(raw.dtype, name, out);
  const view = new DataView(raw.data.buffer, raw.data.byteOffset, raw.data.byteLength);
  const step = out.length === 0 ? 0 : raw.data.length / out.length;
  for (let i = 0; i < out.length; i += 1) {
    const value = read(view, i * step);
    const fitted = fit(value);
    if (fitted === undefined) throw notRepresentable(raw.dtype, name, out, i, value);
    out[i] = fitted;
  }
  return out;
}

/** As every engine that Unroll runs on is little endian, a typed array holds the file's bytes as they are. */
function copyBytes<A extends NumberArray>(raw: RawTensor, out: A): A {
  new Uint8Array(out.buffer).set(raw.data);
  return out;
}

function checkedCount(raw: RawTensor, name: string | undefined): number {
  const size = byteLength(raw.dtype, raw.shape, name);
  if (raw.data.length !== size) {
    throw new SafetensorsError(
      'InvalidTensorView',
      `${describeTensor(name)} of dtype ${raw.dtype} and shape ${showShape(raw.shape)} needs ${size} bytes, but its data has ${raw.data.length}`,
    );
  }
  return elementCount(raw.shape, name);
}

function unsupported(dtype: SafetensorsDType, name: string | undefined, out: NumberArray): SafetensorsError {
  return new SafetensorsError(
    'UnsupportedDType',
    `${describeTensor(name)} has dtype ${dtype}, which does not convert to ${arrayName(out)}; save it as F32, or read its bytes from data`,
  );
}

function notRepresentable(dtype: SafetensorsDType, name: string | undefined, out: NumberArray, index: number, value: number | bigint): SafetensorsError {
  const remedy = out instanceof Float64Array ? 'read its bytes from data' : 'use toFloat64Array';
  return new SafetensorsError(
    'NotRepresentable',
    `${describeTensor(name)} has the ${dtype} value ${value} at element ${index}, which ${arrayName(out)} cannot hold; ${remedy}`,
  );
}

function arrayName(array: NumberArray): string {
  if (array instanceof Int32Array) return 'Int32Array';
  return array instanceof Float32Array ? 'Float32Array' : 'Float64Array';
}
