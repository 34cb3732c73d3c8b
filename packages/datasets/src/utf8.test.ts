import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from './errors.ts';
import { decodeUtf8, firstInvalidByte } from './utf8.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function refusal(bytes: number[], name = 'story.txt'): DataError {
  try {
    decodeUtf8(Uint8Array.from(bytes), name);
  } catch (error) {
    if (error instanceof DataError) return error;
  }
  throw new Error('the bytes were accepted');
}

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

describe('decodeUtf8', () => {
  test('gives back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.startsWith('\uFEFF'));
        expect(decodeUtf8(new TextEncoder().encode(text), 'text')).toBe(text);
      }),
    );
  });

  test('drops a byte-order mark at the start, and only there', () => {
    expect(decodeUtf8(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]), 'text')).toBe('a');
    expect(decodeUtf8(Uint8Array.from([0x61, 0xef, 0xbb, 0xbf]), 'text')).toBe('a\uFEFF');
    expect(decodeUtf8(new Uint8Array(0), 'text')).toBe('');
  });

  test('says which byte of which line is wrong, and what to do', () => {
    const error = refusal([...ascii('one\ntwo\ncaf'), 0xe9, ...ascii(' three\n')]);
    expect(error.message).toBe('story.txt: byte 11 (0xE9, line 3) is not valid UTF-8; save the file as UTF-8');
    expect(error.code).toBe('invalid-utf8');
    expect(error.place).toEqual({ position: 11, line: 3 });
  });

  test('recognises UTF-16 by its mark', () => {
    expect(refusal([0xff, 0xfe, 0x61, 0x00]).message).toMatch(/byte 0 .*it begins like UTF-16/);
    expect(refusal([0xfe, 0xff, 0x00, 0x61]).message).toMatch(/it begins like UTF-16/);
  });

  test.each<[string, number[], number]>([
    ['a continuation byte alone', [0x61, 0x80], 1],
    ['a sequence cut off by the end', [0x61, 0xe2, 0x82], 1],
    ['a sequence cut off by a letter', [0x61, 0xe2, 0x82, 0x61], 1],
    ['an overlong slash', [0xc0, 0xaf], 0],
    ['an overlong three-byte form', [0x61, 0xe0, 0x9f, 0xbf], 1],
    ['a surrogate', [0xed, 0xa0, 0x80], 0],
    ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 0],
    ['a byte that UTF-8 never uses', [0x0a, 0x0a, 0xff], 2],
  ])('refuses %s', (_what, bytes, offset) => {
    expect(refusal(bytes).place?.position).toBe(offset);
  });
});

describe('firstInvalidByte', () => {
  // Bytes near the borders of the ranges, so that well-formed, overlong and cut-off sequences are all frequent.
  const byte = fc.oneof(
    fc.constantFrom(0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xee, 0xf0, 0xf1, 0xf4, 0xf5),
    fc.integer({ min: 0, max: 255 }),
  );

  test('stops after the longest well-formed beginning, as the platform decoder sees it', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (list) => {
        const bytes = Uint8Array.from(list);
        let longest = bytes.length;
        while (!isUtf8(bytes.subarray(0, longest))) longest--;
        expect(firstInvalidByte(bytes)).toBe(longest === bytes.length ? -1 : longest);
      }),
      { numRuns: 3000 },
    );
  });
});
