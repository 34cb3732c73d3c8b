import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BITS, byteLength, type RawTensor, type SafetensorsDType } from './dtype.ts';
import { SafetensorsError } from './error.ts';
import { readSafetensors, type SafetensorsFile } from './read.ts';
import { entry, fileOf } from './testing.ts';
import { writeSafetensors } from './write.ts';

const RUNS = { numRuns: 3000, seed: 20261121 };

/** Valid headers to damage, and the size of their data. */
const SEEDS: readonly (readonly [string, number])[] = [
  ['{}', 0],
  [' {"__metadata__":{"format":"pt","a":"\\u00e9\\n"}} ', 0],
  [`{${entry('test', 'I32', [2, 2], 0, 16)}}`, 16],
  [`{"__metadata__":{"k":"v"},${entry('w', 'F32', [2, 1], 0, 8)},${entry('é', 'BF16', [], 8, 10)},${entry('none', 'U8', [0], 10, 10)}}`, 10],
];

/** Pieces that a careless parser takes, or that turn one token into another. */
const PIECES = [
  ...'{}[]:,"\\0123456789.-+eE \t\n\0', '""', '\\u', '\\ud800', '\\u0061', '{}', '[]', 'null', 'true', 'NaN', '1e3', '16.0', '-0', '9007199254740993',
  '"dtype"', '"shape"', '"data_offsets"', '"__metadata__"', '"__proto__"', '"F4"', '"U8"', '[0,0]', ',"shape":[1]', '\ufeff', '//', "'",
];

const damagedHeader = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(fc.tuple(fc.nat(400), fc.nat(6), fc.constantFrom('', ...PIECES)), { minLength: 1, maxLength: 4 }))
  .map(([[header, size], edits]) => {
    const text = edits.reduce((s, [at, length, piece]) => s.slice(0, at % (s.length + 1)) + piece + s.slice((at % (s.length + 1)) + length), header);
    return fileOf(text, size);
  });

const damagedBytes = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(20))
  .map(([[header, size], edits, cut]) => {
    const file = fileOf(header, size);
    for (const [at, byte] of edits) file[at % file.length] = byte;
    return cut < 5 ? file.subarray(0, file.length - cut) : file;
  });

/** The file, or undefined where it was refused in the proper way. */
function readOrRefuse(bytes: Uint8Array): SafetensorsFile | undefined {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError && !/\n/.test(error.message)) return undefined;
    throw error;
  }
}

/** What is accepted must be whole: sizes that fit, and nothing lost when it is written and read again. */
function checkWhole(file: SafetensorsFile): void {
  for (const [name, { dtype, shape, data }] of file.tensors) expect(data.length).toBe(byteLength(dtype, shape, name));
  const again = readSafetensors(writeSafetensors(file.tensors, file.metadata));
  expect(new Map(again.tensors)).toEqual(new Map(file.tensors));
  expect(new Map(again.metadata)).toEqual(new Map(file.metadata));
}

describe('damaged files are refused with our error or read whole', () => {
  test.each([
    ['any bytes', fc.uint8Array({ maxLength: 200 })],
    ['any text as header', fc.string({ unit: 'binary' }).map((text) => fileOf(text))],
    ['any JSON as header', fc.json().map((text) => fileOf(text))],
    ['valid headers with pieces put in and taken out', damagedHeader],
    ['valid files with bytes changed', damagedBytes],
  ])('%s', (_, files) => {
    fc.assert(
      fc.property(files, (bytes) => {
        const file = readOrRefuse(bytes);
        if (file !== undefined) checkWhole(file);
      }),
      RUNS,
    );
  });

  test('the damage is of both kinds: some is refused, some is read', () => {
    const outcomes = fc.sample(damagedHeader, RUNS).map((bytes) => readOrRefuse(bytes) !== undefined);
    expect(new Set(outcomes)).toEqual(new Set([true, false]));
  });
});

const name = fc.string({ unit: 'binary', maxLength: 12 });

const tensor: fc.Arbitrary<RawTensor> = fc
  .tuple(fc.constantFrom(...(Object.keys(BITS) as SafetensorsDType[])), fc.array(fc.nat(3), { maxLength: 3 }))
  .map(([dtype, shape]) => ({ dtype, shape: BITS[dtype] < 8 ? [...shape, 4] : shape }))
  .chain(({ dtype, shape }) => {
    const size = byteLength(dtype, shape, undefined);
    return fc.uint8Array({ minLength: size, maxLength: size }).map((data) => ({ dtype, shape, data }));
  });

test('whatever is written is read back, and its bytes do not depend on the order', () => {
  const tensors = fc.uniqueArray(fc.tuple(name.filter((text) => text !== '__metadata__'), tensor), { selector: ([text]) => text, maxLength: 6 });
  const metadata = fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 3 });
  fc.assert(
    fc.property(tensors, metadata, (entries, pairs) => {
      const bytes = writeSafetensors(entries, new Map(pairs));
      const file = readSafetensors(bytes);
      expect(new Map(file.tensors)).toEqual(new Map(entries));
      expect(new Map(file.metadata)).toEqual(new Map(pairs));
      expect(writeSafetensors(entries.toReversed(), new Map(pairs.toReversed()))).toEqual(bytes);
      expect((bytes.length - entries.reduce((sum, [, { data }]) => sum + data.length, 0)) % 8).toBe(0);
    }),
    RUNS,
  );
});
