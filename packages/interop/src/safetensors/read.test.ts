import { describe, expect, test } from 'vitest';
import type { SafetensorsErrorCode } from './error.ts';
import { readSafetensors } from './read.ts';
import { entry, fileOf, refusal, refusalCode, withLength } from './testing.ts';

const JSON_ERROR = 'InvalidHeaderDeserialization';
const VALID = '{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}';

/** A header with one I32 tensor "a" of 16 bytes, whose fields are replaced by text as it is. */
function withFields({ dtype = '"I32"', shape = '[2,2]', offsets = '[0,16]' }: { dtype?: string; shape?: string; offsets?: string }): string {
  return `{"a":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`;
}

describe('header length', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7])('a file of %i bytes is too small', (length) => {
    expect(refusalCode(() => readSafetensors(new Uint8Array(length)))).toBe('HeaderTooSmall');
  });

  test.each([
    ['nothing after the length', withLength(60n)],
    ['1000 claimed in a small file', withLength(1000n, new TextEncoder().encode(VALID), new Uint8Array(16))],
    ['one byte more than there is', withLength(3n, new TextEncoder().encode('{}'))],
    ['exactly the cap', withLength(100_000_000n)],
  ])('%s', (_, file) => {
    expect(refusalCode(() => readSafetensors(file))).toBe('InvalidHeaderLength');
  });

  // As doubles, the last two would be 2^63 and 2^64; 2^32 + 60 would be 60 in 32 bits.
  test.each([0xff_ff_ff_00_00_00_00_3cn, 100_000_001n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 32n + 60n])('N = %d is too large', (n) => {
    expect(refusalCode(() => readSafetensors(withLength(n, new TextEncoder().encode(VALID), new Uint8Array(16))))).toBe('HeaderTooLarge');
  });
});

describe('header text', () => {
  test.each([
    ['0xff', [0xff]],
    ['overlong slash in a name', [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x7b, 0x7d, 0x7d]],
    ['overlong brace', [0xc1, 0xbb, 0x7d]],
    ['surrogate in UTF-8', [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d]],
    ['cut in a character', [0x7b, 0x22, 0xe2, 0x82]],
  ])('%s is not UTF-8', (_, bytes) => {
    expect(refusalCode(() => readSafetensors(fileOf(Uint8Array.from(bytes))))).toBe('InvalidHeader');
  });

  test.each([
    '', ' ', '{', '}', '[]', 'null', '1', '"a"', '\ufeff{}', '{}{}', '{},', '{}\0', '{}\u00a0', '{"a":1}', '{"a":null}', '{"a":[]}',
    '{,}', '{"a"}', '{"a":}', '{a:{}}', "{'a':{}}", '{"a":{}', `${VALID.slice(0, -1)},}`, `${VALID} //x`, `/**/${VALID}`, '{"__metadata__":{"a":"b",}}',
    '{"a\nb":{}}', '{"a', '{"a\\', '{"a\\"', '{"\\x":{}}', '{"\\u12":{}}', '{"a\\u0000" {}}', '{"__metadata__":NaN}',
  ])('%j is not the JSON we want', (header) => {
    expect(refusalCode(() => readSafetensors(fileOf(header, 16)))).toBe(JSON_ERROR);
  });

  test.each<[string, Parameters<typeof withFields>[0], SafetensorsErrorCode]>([
    ['trailing comma in the shape', { shape: '[2,2,]' }, JSON_ERROR],
    ['a leading zero', { shape: '[02,2]' }, JSON_ERROR],
    ['NaN', { shape: '[NaN]' }, JSON_ERROR],
    ['a fraction', { offsets: '[0,16.0]' }, JSON_ERROR],
    ['an exponent', { offsets: '[0,1e1]' }, JSON_ERROR],
    ['a capital exponent', { offsets: '[0,1E1]' }, JSON_ERROR],
    ['minus zero', { offsets: '[-0,16]' }, JSON_ERROR],
    ['a negative number', { offsets: '[-1,15]' }, JSON_ERROR],
    ['a plus', { offsets: '[+0,16]' }, JSON_ERROR],
    ['hexadecimal', { offsets: '[0x0,16]' }, JSON_ERROR],
    ['a number as text', { offsets: '[0,"16"]' }, JSON_ERROR],
    ['true for a number', { offsets: '[0,true]' }, JSON_ERROR],
    ['one offset', { offsets: '[0]' }, JSON_ERROR],
    ['three offsets', { offsets: '[0,8,16]' }, JSON_ERROR],
    ['no offsets', { offsets: '[]' }, JSON_ERROR],
    ['an object for the shape', { shape: '{}' }, JSON_ERROR],
    ['a nested shape', { shape: '[[2],2]' }, JSON_ERROR],
    ['null for the shape', { shape: 'null' }, JSON_ERROR],
    ['a number for the dtype', { dtype: '32' }, JSON_ERROR],
    ['an integer that a double would round', { offsets: '[0,9007199254740993]' }, 'ValidationOverflow'],
    ['an integer of 400 digits', { offsets: `[0,${'9'.repeat(400)}]` }, 'ValidationOverflow'],
  ])('%s', (_, fields, code) => {
    expect(refusalCode(() => readSafetensors(fileOf(withFields(fields), 16)))).toBe(code);
  });

  test.each([
    ['a tensor', `{${entry('a', 'U8', [1], 0, 1)},${entry('a', 'U8', [1], 1, 2)}}`],
    ['a tensor, once escaped', `{${entry('a', 'U8', [1], 0, 1)},${entry('a', 'U8', [1], 1, 2).replace('"a"', '"\\u0061"')}}`],
    ['a tensor called __proto__', `{${entry('__proto__', 'U8', [1], 0, 1)},${entry('__proto__', 'U8', [1], 1, 2)}}`],
    ['a field', '{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}'],
    ['__metadata__', `{"__metadata__":{},"__metadata__":{},${entry('a', 'U8', [2], 0, 2)}}`],
    ['__metadata__, once escaped', `{"__metadata__":{},"\\u005f_metadata__":{},${entry('a', 'U8', [2], 0, 2)}}`],
    ['a metadata key', `{"__metadata__":{"x":"1","x":"2"},${entry('a', 'U8', [2], 0, 2)}}`],
  ])('%s twice', (_, header) => {
    expect(refusalCode(() => readSafetensors(fileOf(header, 2)))).toBe('DuplicateKey');
  });

  test.each(['1', 'null', 'true', '[]', '"a"', '{"a":1}', '{"a":null}', '{"a":{}}', '{"a":["b"]}'])('metadata %s', (value) => {
    expect(refusalCode(() => readSafetensors(fileOf(`{"__metadata__":${value}}`)))).toBe(JSON_ERROR);
  });

  test('an unknown dtype is refused with the names of tensor and dtype', () => {
    const error = refusal(() => readSafetensors(fileOf(`{${entry('w', 'F12', [2], 0, 3)}}`, 3)));
    expect(error.code).toBe(JSON_ERROR);
    expect(error.message).toContain('tensor "w"');
    expect(error.message).toContain('"F12"');
  });

  test.each(['toString', 'constructor', '__proto__', 'f32', ''])('dtype %j is no dtype', (dtype) => {
    expect(refusalCode(() => readSafetensors(fileOf(`{${entry('w', dtype, [], 0, 1)}}`, 1)))).toBe(JSON_ERROR);
  });

  test.each([
    ['{"w":{"shape":[1],"data_offsets":[0,1]}}', '"dtype" is missing'],
    ['{"w":{"dtype":"U8","data_offsets":[0,1]}}', '"shape" is missing'],
    ['{"w":{"dtype":"U8","shape":[1]}}', '"data_offsets" is missing'],
    ['{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}}', '"strides"'],
    ['{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"__proto__":{}}}', '"__proto__"'],
  ])('%s', (header, words) => {
    const error = refusal(() => readSafetensors(fileOf(header, 1)));
    expect(error.code).toBe(JSON_ERROR);
    expect(error.message).toMatch(/tensor "w"/);
    expect(error.message.replace('the field ', '')).toContain(words);
  });

  test.each(['\\ud800', '\\udc00', '\\udc00\\ud800', 'a\\ud83dx'])('half a surrogate pair in a name: %s', (name) => {
    expect(refusalCode(() => readSafetensors(fileOf(`{"${name}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`)))).toBe(JSON_ERROR);
  });

  test.each([
    ['arrays', '['.repeat(1e6)],
    ['arrays in a shape', `{"a":{"shape":${'['.repeat(1e6)}`],
    ['objects', '{"a":'.repeat(2e5)],
    ['objects in metadata', `{"__metadata__":${'{"a":'.repeat(2e5)}`],
  ])('a million nested %s do not exhaust the stack', (_, header) => {
    expect(refusalCode(() => readSafetensors(fileOf(header)))).toBe(JSON_ERROR);
  });

  test('a message is one short line whatever the name holds', () => {
    const { message } = refusal(() => readSafetensors(fileOf(`{"${'x'.repeat(1e6)}\\n\\u001b[31m\\u009b\\u202e":1}`)));
    expect(message.length).toBeLessThan(300);
    const control = refusal(() => readSafetensors(fileOf('{"\\n\\u001b[31m\\u009b\\u202e":1}')));
    expect(control.message).not.toMatch(/\p{C}/u);
  });
});

describe('layout', () => {
  test('ten tensors on the same bytes', () => {
    const entries = Array.from({ length: 10 }, (_, i) => entry(`weight_${i}`, 'F32', [2, 2], 0, 16));
    expect(refusalCode(() => readSafetensors(fileOf(`{${entries.join()}}`, 16)))).toBe('InvalidOffset');
  });

  test('100,000 tensors on the same bytes', () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => entry(`weight_${i}`, 'F32', [2, 2], 0, 16));
    expect(refusalCode(() => readSafetensors(fileOf(`{${entries.join()}}`, 16)))).toBe('InvalidOffset');
  });

  test.each([
    ['a gap', [entry('a', 'U8', [2], 0, 2), entry('b', 'U8', [2], 3, 5)], 5],
    ['a start after 0', [entry('a', 'U8', [2], 1, 3)], 3],
    ['an overlap', [entry('a', 'U8', [2], 0, 2), entry('b', 'U8', [2], 1, 3)], 3],
    ['swapped offsets', [entry('a', 'U8', [2], 2, 0)], 2],
    ['an end before its begin', [entry('a', 'U8', [2], 0, 2), entry('b', 'U8', [1], 2, 1)], 2],
    ['an empty tensor off the seam', [entry('a', 'U8', [2], 0, 2), entry('b', 'U8', [0], 1, 1)], 2],
  ])('%s', (_, entries, size) => {
    expect(refusalCode(() => readSafetensors(fileOf(`{${entries.join()}}`, size)))).toBe('InvalidOffset');
  });

  test.each([
    ['trailing bytes', VALID, 17],
    ['a file that lacks two bytes', VALID, 14],
    ['a file without its data', VALID, 0],
    ['data and no tensor', '{}', 1],
    ['offsets out of the file', `{${entry('a', 'U8', [2 ** 40], 0, 2 ** 40)}}`, 8],
  ])('%s', (_, header, size) => {
    expect(refusalCode(() => readSafetensors(fileOf(header, size)))).toBe('MetadataIncompleteBuffer');
  });

  test.each([
    ['a [2,2] of I32 in 4 bytes', entry('a', 'I32', [2, 2], 0, 4), 4],
    ['a scalar in 0 bytes', entry('a', 'I32', [], 0, 0), 0],
    ['an empty tensor with a byte', entry('a', 'I32', [0], 0, 1), 1],
  ])('%s', (_, tensor, size) => {
    expect(refusalCode(() => readSafetensors(fileOf(`{${tensor}}`, size)))).toBe('TensorInvalidInfo');
  });

  test.each(['[2,18446744073709551614]', '[2,9223372036854775807]', `[${2 ** 40},${2 ** 40}]`, `[${2 ** 53 - 1}]`, `[${2 ** 26},${2 ** 26},${2 ** 26},0]`])(
    'the size of shape %s is not rounded',
    (shape) => {
      expect(refusalCode(() => readSafetensors(fileOf(withFields({ shape }), 16)))).toBe('ValidationOverflow');
    },
  );

  test('three elements of 4 bits do not fill bytes', () => {
    const error = refusal(() => readSafetensors(fileOf(`{${entry('w', 'F4', [3], 0, 2)}}`, 2)));
    expect(error.code).toBe('MisalignedSlice');
    expect(error.message).toContain('tensor "w" of dtype F4');
  });
});

describe('accepted', () => {
  test.each(['{}', '{}\r \t\n', '\t\n{}\r ', ' { "__metadata__" : { } } ', '{"__metadata__":{}}'])('%j has no tensors', (header) => {
    const { metadata, tensors } = readSafetensors(fileOf(header));
    expect([metadata.size, tensors.size]).toEqual([0, 0]);
  });

  test('the reference file', () => {
    const data = Uint8Array.from({ length: 16 }, (_, i) => i);
    const { tensors } = readSafetensors(fileOf(VALID, data));
    expect([...tensors]).toEqual([['test', { dtype: 'I32', shape: [2, 2], data }]]);
  });

  test('rank 0, size 0 and both at once', () => {
    const header = `{${[entry('one', 'I32', [], 0, 4), entry('none', 'I32', [2, 0], 0, 0), entry('huge', 'F64', [0, 2 ** 40, 2 ** 40], 4, 4)].join()}}`;
    const { tensors } = readSafetensors(fileOf(header, 4));
    expect([...tensors].map(([name, { shape, data }]) => [name, shape, data.length])).toEqual([
      ['none', [2, 0], 0],
      ['one', [], 4],
      ['huge', [0, 2 ** 40, 2 ** 40], 0],
    ]);
  });

  test('an unaligned start, and a view of a larger buffer', () => {
    const header = `{${entry('b', 'U8', [1], 0, 1)},${entry('w', 'F64', [1], 1, 9)}}`;
    const file = fileOf(header, Uint8Array.from([7, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]));
    const larger = new Uint8Array(file.length + 20).fill(0xee);
    larger.set(file, 3);
    const { tensors } = readSafetensors(larger.subarray(3, 3 + file.length));
    expect(tensors.get('b')?.data).toEqual(Uint8Array.of(7));
    expect(tensors.get('w')?.data).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x3f));
    expect(tensors.get('w')?.data.buffer).toBe(larger.buffer);
  });

  test('a Buffer gives plain arrays', () => {
    const { tensors } = readSafetensors(Buffer.from(fileOf(VALID, 16)));
    expect(tensors.get('test')?.data.constructor).toBe(Uint8Array);
  });

  test('payloads of NaN stay as they are', () => {
    const payload = Uint8Array.of(1, 2, 0xa0, 0x7f);
    const { tensors } = readSafetensors(fileOf(`{${entry('nan', 'F32', [1], 0, 4)}}`, payload));
    expect(tensors.get('nan')?.data).toEqual(payload);
  });

  test('tensors come in the order of their bytes', () => {
    const { tensors } = readSafetensors(fileOf(`{${entry('b', 'U8', [1], 1, 2)},${entry('a', 'U8', [1], 0, 1)}}`, 2));
    expect([...tensors.keys()]).toEqual(['a', 'b']);
  });

  test('fields in any order, white space anywhere, escapes in names', () => {
    const header = '{ "\\u00e9\\n\\ud83d\\ude00\\/" : { "data_offsets" : [ 0 , 2 ] ,\n"shape":[ 2 ],\t"dtype" : "\\u00558" } }';
    expect([...readSafetensors(fileOf(header, 2)).tensors.keys()]).toEqual(['é\n😀/']);
  });

  test('names that objects would trip over', () => {
    const names = ['__proto__', 'constructor', 'toString', '', 'x'.repeat(1_000_000), '\0', '\u2028'];
    const header = `{"__metadata__":{"__proto__":"p","constructor":"c"},${names.map((name, i) => entry(name, 'U8', [1], i, i + 1)).join()}}`;
    const { metadata, tensors } = readSafetensors(fileOf(header, names.length));
    expect([...tensors.keys()]).toEqual(names);
    expect([...metadata]).toEqual([['__proto__', 'p'], ['constructor', 'c']]);
    expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
  });

  test('metadata before, between and after tensors', () => {
    const parts = [entry('a', 'U8', [1], 0, 1), '"__metadata__":{"format":"pt"}', entry('b', 'U8', [1], 1, 2)];
    for (const order of [[0, 1, 2], [1, 0, 2], [0, 2, 1]]) {
      const { metadata, tensors } = readSafetensors(fileOf(`{${order.map((i) => parts[i]).join()}}`, 2));
      expect(metadata.get('format')).toBe('pt');
      expect(tensors.size).toBe(2);
    }
  });

  test.each<[string, number[], number]>([
    ['BOOL', [3], 3], ['F4', [2, 3], 3], ['F6_E2M3', [4], 3], ['F6_E3M2', [8], 6], ['U8', [3], 3], ['I8', [3], 3], ['F8_E5M2', [3], 3],
    ['F8_E4M3', [3], 3], ['F8_E8M0', [3], 3], ['F8_E4M3FNUZ', [3], 3], ['F8_E5M2FNUZ', [3], 3], ['I16', [3], 6], ['U16', [3], 6], ['F16', [3], 6],
    ['BF16', [3], 6], ['I32', [3], 12], ['U32', [3], 12], ['F32', [3], 12], ['C64', [3], 24], ['F64', [3], 24], ['I64', [3], 24], ['U64', [3], 24],
  ])('%s %j takes %i bytes', (dtype, shape, size) => {
    expect(readSafetensors(fileOf(`{${entry('w', dtype, shape, 0, size)}}`, size)).tensors.get('w')?.dtype).toBe(dtype);
  });
});
