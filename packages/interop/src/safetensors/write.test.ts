import { describe, expect, test } from 'vitest';
import type { RawTensor, SafetensorsDType } from './dtype.ts';
import { readSafetensors } from './read.ts';
import { refusalCode } from './testing.ts';
import { writeSafetensors } from './write.ts';

function raw(dtype: SafetensorsDType, shape: readonly number[], size: number): RawTensor {
  return { dtype, shape, data: new Uint8Array(size) };
}

function headerOf(file: Uint8Array): string {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return new TextDecoder().decode(file.subarray(8, 8 + length));
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

describe('the bytes of the reference implementation', () => {
  test('four int32', () => {
    const header = '@\0\0\0\0\0\0\0{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}    ';
    expect(writeSafetensors([['test', { shape: [2, 2], data: new Int32Array(4) }]])).toEqual(latin1(header + '\0'.repeat(16)));
    expect(writeSafetensors([['test', { shape: [2, 2], data: Int32Array.of(0, 0, 0, 1) }]])).toEqual(latin1(`${header}${'\0'.repeat(12)}\x01\0\0\0`));
  });

  test('six float32, with padding', () => {
    const data = Float32Array.of(0, 1, 2, 3, 4, 5);
    const bytes = '\0\0\0\0\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40';
    expect(writeSafetensors([['attn.0', { shape: [1, 2, 3], data }]])).toEqual(
      latin1(`@\0\0\0\0\0\0\0{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}${bytes}`),
    );
    expect(writeSafetensors([['attn0', { shape: [1, 1, 2, 3], data }]])).toEqual(
      latin1(`H\0\0\0\0\0\0\0{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}${' '.repeat(7)}${bytes}`),
    );
  });

  test('two elements of 4 bits', () => {
    expect(writeSafetensors([['attn.0', raw('F4', [1, 2], 1)]])).toEqual(
      latin1('@\0\0\0\0\0\0\0{"attn.0":{"dtype":"F4","shape":[1,2],"data_offsets":[0,1]}}    \0'),
    );
  });

  test('no tensors, without and with metadata', () => {
    expect(writeSafetensors([])).toEqual(latin1('\x08\0\0\0\0\0\0\0{}      '));
    expect(writeSafetensors([], { framework: 'pt' })).toEqual(latin1('(\0\0\0\0\0\0\0{"__metadata__":{"framework":"pt"}}     '));
  });

  test('texts are escaped as serde_json does', () => {
    const header = headerOf(writeSafetensors([], { k: '"\\/\b\f\n\r\t\0\x1f\x7f\u2028é😀' }));
    expect(header.trimEnd()).toBe('{"__metadata__":{"k":"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\u2028é😀"}}');
  });
});

describe('order', () => {
  test('by dtype in the order of the format, widest first', () => {
    const sizes: readonly [SafetensorsDType, number][] = [
      ['BOOL', 1], ['F4', 0], ['F6_E2M3', 0], ['F6_E3M2', 0], ['U8', 1], ['I8', 1], ['F8_E5M2', 1], ['F8_E4M3', 1], ['F8_E8M0', 1], ['F8_E4M3FNUZ', 1],
      ['F8_E5M2FNUZ', 1], ['I16', 2], ['U16', 2], ['F16', 2], ['BF16', 2], ['I32', 4], ['U32', 4], ['F32', 4], ['C64', 8], ['F64', 8], ['I64', 8], ['U64', 8],
    ];
    const file = writeSafetensors(sizes.map(([dtype, size], i) => [`t${i}`, raw(dtype, size === 0 ? [0] : [], size)]));
    const written = [...headerOf(file).matchAll(/"dtype":"(\w+)"/g)].map((match) => match[1]);
    expect(written).toEqual(sizes.map(([dtype]) => dtype).reverse());
  });

  test('then by code point, not by UTF-16 unit', () => {
    const names = ['b', '😀', '\uffee', 'B', 'ba', '', 'é', '😁', '\ud7ff'];
    const file = writeSafetensors(names.map((name) => [name, raw('U8', [1], 1)]));
    const bytewise = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(bytewise.indexOf('\uffee')).toBeLessThan(bytewise.indexOf('😀'));
    expect(Object.keys(JSON.parse(headerOf(file)) as object)).toEqual(bytewise);
  });

  test('the same bytes in whatever order tensors and metadata come', () => {
    const entries = [['x', raw('F32', [1], 4)], ['y', raw('F64', [1], 8)], ['z', { shape: [2], data: Float32Array.of(1, 2) }]] as const;
    const there = writeSafetensors(entries, { b: '2', a: '1' });
    const back = writeSafetensors(entries.toReversed(), new Map([['a', '1'], ['b', '2']]));
    expect(back).toEqual(there);
    expect(headerOf(there)).toMatch(/^\{"__metadata__":\{"a":"1","b":"2"\},"y":/);
  });
});

test('typed arrays that are views are written as they are seen', () => {
  const array = Float64Array.of(9, 1.5, -2, 9).subarray(1, 3);
  const { tensors } = readSafetensors(writeSafetensors([['w', { shape: [2], data: array }]]));
  expect(tensors.get('w')).toEqual({ dtype: 'F64', shape: [2], data: new Uint8Array(Float64Array.of(1.5, -2).buffer) });
});

test('a file that was read is written again byte by byte', () => {
  const file = writeSafetensors(new Map([['w', raw('BF16', [3], 6)], ['__proto__', raw('BOOL', [], 1)]]), { format: 'pt' });
  const { tensors, metadata } = readSafetensors(file);
  expect(writeSafetensors(tensors, metadata)).toEqual(file);
});

describe('refused', () => {
  test('a name twice', () => {
    expect(refusalCode(() => writeSafetensors([['a', raw('U8', [1], 1)], ['a', raw('U8', [1], 1)]]))).toBe('DuplicateKey');
  });

  test.each(['__metadata__', '\ud800', 'a\udc00'])('the name %j', (name) => {
    expect(refusalCode(() => writeSafetensors([[name, raw('U8', [1], 1)]]))).toBe('InvalidName');
  });

  test.each([{ '\udfff': 'x' }, { x: '\ud83d' }, { x: 1 as unknown as string }])('metadata %j', (metadata) => {
    expect(refusalCode(() => writeSafetensors([], metadata))).toBe('InvalidName');
  });

  test.each<[string, RawTensor]>([
    ['too few bytes', raw('F32', [2, 2], 12)],
    ['too many bytes', raw('U8', [0], 1)],
    ['a negative length', raw('U8', [-1, -1], 1)],
    ['a broken length', raw('U8', [0.5, 2], 1)],
    ['an unknown dtype', raw('F12' as SafetensorsDType, [1], 1)],
  ])('%s', (_, tensor) => {
    expect(refusalCode(() => writeSafetensors([['w', tensor]]))).toBe('InvalidTensorView');
  });

  test('a shape that does not fit its array', () => {
    expect(refusalCode(() => writeSafetensors([['w', { shape: [3], data: new Float32Array(2) }]]))).toBe('InvalidTensorView');
  });

  test('three elements of 4 bits', () => {
    expect(refusalCode(() => writeSafetensors([['w', raw('F4', [1, 3], 2)]]))).toBe('MisalignedSlice');
  });

  test('a shape too large for a number', () => {
    expect(refusalCode(() => writeSafetensors([['w', raw('U8', [2 ** 40, 2 ** 40], 1)]]))).toBe('ValidationOverflow');
  });

  test('a header above the cap', () => {
    expect(refusalCode(() => writeSafetensors([], { x: 'x'.repeat(100_000_000) }))).toBe('HeaderTooLarge');
  });
});
