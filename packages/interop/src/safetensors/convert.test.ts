import { describe, expect, test } from 'vitest';
import { toFloat32Array, toFloat64Array, toInt32Array } from './convert.ts';
import type { RawTensor, SafetensorsDType } from './dtype.ts';
import { refusal, refusalCode } from './testing.ts';

/** A tensor over these little-endian elements, at an odd address. */
function tensor(dtype: SafetensorsDType, elements: ArrayLike<number | bigint> & { readonly buffer: ArrayBuffer }): RawTensor {
  const bytes = new Uint8Array(elements.buffer);
  const unaligned = new Uint8Array(bytes.length + 1).subarray(1);
  unaligned.set(bytes);
  return { dtype, shape: [elements.length], data: unaligned };
}

const EXACT: readonly [RawTensor, number[]][] = [
  [tensor('BOOL', Uint8Array.of(0, 1, 2)), [0, 1, 1]],
  [tensor('U8', Uint8Array.of(0, 255)), [0, 255]],
  [tensor('I8', Int8Array.of(-128, 127)), [-128, 127]],
  [tensor('U16', Uint16Array.of(0, 65535)), [0, 65535]],
  [tensor('I16', Int16Array.of(-32768, 32767)), [-32768, 32767]],
  [tensor('U32', Uint32Array.of(0, 2 ** 24)), [0, 2 ** 24]],
  [tensor('I32', Int32Array.of(-(2 ** 24), 7)), [-(2 ** 24), 7]],
  [tensor('U64', BigUint64Array.of(0n, 2n ** 24n)), [0, 2 ** 24]],
  [tensor('I64', BigInt64Array.of(-(2n ** 31n), 5n)), [-(2 ** 31), 5]],
  [tensor('F32', Float32Array.of(-3, 1024)), [-3, 1024]],
  [tensor('F64', Float64Array.of(-3, 1024)), [-3, 1024]],
  [tensor('F16', Uint16Array.of(0xc200, 0x6400)), [-3, 1024]],
  [tensor('BF16', Uint16Array.of(0xc040, 0x4480)), [-3, 1024]],
];

describe.each(EXACT)('%o', (raw, values) => {
  test(`${raw.dtype} converts to all three arrays`, () => {
    expect(toFloat32Array(raw)).toEqual(Float32Array.from(values));
    expect(toFloat64Array(raw)).toEqual(Float64Array.from(values));
    expect(toInt32Array(raw)).toEqual(Int32Array.from(values));
  });
});

test('float16: every exponent, subnormals, signs and non-numbers', () => {
  const bits = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0xbc00, 0x3555, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00];
  const values = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 1 + 2 ** -10, -1, 0.333251953125, 65504, -65504, Infinity, -Infinity, NaN];
  expect([...toFloat64Array(tensor('F16', Uint16Array.from(bits)))]).toEqual(values);
  expect(toFloat32Array(tensor('F16', Uint16Array.from(bits)))).toEqual(Float32Array.from(values));
});

test('bfloat16 is the upper half of a float32, for all 65,536 patterns', () => {
  const upper = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const expected = new Float32Array(Uint32Array.from(upper, (bits) => bits * 65536).buffer);
  const actual = toFloat32Array(tensor('BF16', upper));
  expect(actual.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
});

test('float64 is rounded to the nearest float32', () => {
  expect(toFloat32Array(tensor('F64', Float64Array.of(0.1, 1e-50, NaN, -Infinity)))).toEqual(Float32Array.of(0.1, 0, NaN, -Infinity));
});

test('the same dtype keeps every bit, payloads of NaN included', () => {
  const bytes = Uint8Array.of(1, 2, 0xa0, 0x7f);
  expect(new Uint8Array(toFloat32Array({ dtype: 'F32', shape: [], data: bytes }).buffer)).toEqual(bytes);
});

test('the result is a copy', () => {
  const raw = tensor('F32', Float32Array.of(1));
  toFloat32Array(raw)[0] = 2;
  expect(toFloat32Array(raw)[0]).toBe(1);
});

test('empty and scalar tensors', () => {
  expect(toFloat32Array({ dtype: 'I64', shape: [3, 0], data: new Uint8Array(0) })).toEqual(new Float32Array(0));
  expect(toInt32Array({ dtype: 'U8', shape: [], data: Uint8Array.of(9) })).toEqual(Int32Array.of(9));
});

type Convert = (raw: RawTensor, name?: string) => unknown;

test.each<[string, Convert, RawTensor]>([
  ['an F64 beyond float32', toFloat32Array, tensor('F64', Float64Array.of(1, 1e39))],
  ['an I32 between two float32', toFloat32Array, tensor('I32', Int32Array.of(1, 2 ** 24 + 1))],
  ['an I64 between two float32', toFloat32Array, tensor('I64', BigInt64Array.of(1n, 2n ** 24n + 1n))],
  ['an I64 between two float64', toFloat64Array, tensor('I64', BigInt64Array.of(1n, 2n ** 53n + 1n))],
  ['a U64 between two float64', toFloat64Array, tensor('U64', BigUint64Array.of(1n, 2n ** 64n - 1n))],
  ['a U64 that rounds to a float32', toFloat32Array, tensor('U64', BigUint64Array.of(1n, 2n ** 64n - 1n))],
  ['a U32 beyond int32', toInt32Array, tensor('U32', Uint32Array.of(1, 2 ** 31))],
  ['an I64 beyond int32', toInt32Array, tensor('I64', BigInt64Array.of(1n, 2n ** 32n))],
  ['a fraction', toInt32Array, tensor('F32', Float32Array.of(1, 0.5))],
  ['not a number', toInt32Array, tensor('F16', Uint16Array.of(0x3c00, 0x7e00))],
  ['infinity', toInt32Array, tensor('F64', Float64Array.of(1, Infinity))],
])('%s is not representable', (_, convert, raw) => {
  const error = refusal(() => convert(raw, 'w'));
  expect(error.code).toBe('NotRepresentable');
  expect(error.message).toContain(`tensor "w" has the ${raw.dtype} value`);
  expect(error.message).toContain('at element 1');
});

test.each<SafetensorsDType>(['F4', 'F6_E2M3', 'F6_E3M2', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'C64'])('%s has no conversion', (dtype) => {
  const raw: RawTensor = { dtype, shape: [0], data: new Uint8Array(0) };
  for (const convert of [toFloat32Array, toFloat64Array, toInt32Array]) expect(refusalCode(() => convert(raw))).toBe('UnsupportedDType');
});

test('data that do not fit the shape are refused', () => {
  for (const convert of [toFloat32Array, toFloat64Array, toInt32Array]) {
    expect(refusalCode(() => convert({ dtype: 'F32', shape: [2], data: new Uint8Array(4) }))).toBe('InvalidTensorView');
  }
});
