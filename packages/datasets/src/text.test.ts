import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError, type DataErrorCode } from './errors.ts';
import { byteVocabulary, characterVocabulary, splitHoldout, vocabularyFromJson } from './text.ts';

function refusal(action: () => unknown): DataError {
  try {
    action();
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const someText = fc.string({ unit: 'binary', minLength: 1 });

describe('characterVocabulary', () => {
  test('numbers the distinct characters in code-point order', () => {
    const vocabulary = characterVocabulary('hello world\n');
    expect(vocabulary.toJSON()).toEqual({ kind: 'characters', characters: '\n dehlorw' });
    expect(vocabulary.size).toBe(9);
    expect([...vocabulary.encode('hello')]).toEqual([4, 3, 5, 5, 6]);
  });

  test('sorts by code point, where UTF-16 order would differ', () => {
    // U+1F30A is stored as D83C DF0A, below U+FF5E as a code unit and above it as a code point.
    expect(characterVocabulary('\u{1F30A}\uFF5E').toJSON()).toEqual({ kind: 'characters', characters: '\uFF5E\u{1F30A}' });
  });

  test('decodes what it encoded, one id per code point', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const vocabulary = characterVocabulary(text);
        const ids = vocabulary.encode(text);
        expect(ids).toBeInstanceOf(Int32Array);
        expect(ids.length).toBe([...text].length);
        expect(vocabulary.decode(ids)).toBe(text);
        expect(vocabulary.size).toBe(new Set(text).size);
        expect(Math.max(...ids)).toBe(vocabulary.size - 1);
      }),
    );
  });

  test('survives JSON', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const vocabulary = characterVocabulary(text);
        const again = vocabularyFromJson(JSON.parse(JSON.stringify(vocabulary)));
        expect(again.size).toBe(vocabulary.size);
        expect(again.encode(text)).toEqual(vocabulary.encode(text));
      }),
    );
  });

  test('names an unknown character, its place and the remedy', () => {
    const vocabulary = characterVocabulary('abc\n\u{1F30A}');
    const error = refusal(() => vocabulary.encode('ab\n\u{1F30A}cé'));
    expect(error.message).toBe(
      'encode: "é" (U+00E9) at position 5 (line 2, column 3) is not among the 5 characters of the vocabulary; ' +
        'leave it out, or use a vocabulary made from a text that has it',
    );
    expect(error.code).toBe('unknown-character');
    expect(error.place).toEqual({ position: 5, line: 2, column: 3 });
    expect(refusal(() => characterVocabulary('abc').encode('a\n')).message).toContain('"\\n" (U+000A) at position 1 (line 1, column 2)');
  });

  test('refuses ids outside the vocabulary', () => {
    const vocabulary = characterVocabulary('abc');
    for (const id of [3, -1, 0.5, Number.NaN]) {
      expect(refusal(() => vocabulary.decode([0, id])).message).toBe(
        `decode: id ${id} at index 1 is outside the vocabulary; ids go from 0 to 2`,
      );
    }
  });

  test('refuses an empty text and half of a surrogate pair', () => {
    expect(refusal(() => characterVocabulary('')).code).toBe<DataErrorCode>('empty-text');
    const error = refusal(() => characterVocabulary('a\nb\ud83c!'));
    expect(error.code).toBe<DataErrorCode>('lone-surrogate');
    expect(error.place).toEqual({ position: 3, line: 2, column: 2 });
  });
});

describe('byteVocabulary', () => {
  test('is the UTF-8 bytes of a text, and gives any text back', () => {
    const vocabulary = byteVocabulary();
    expect([...vocabulary.encode('é\n')]).toEqual([0xc3, 0xa9, 0x0a]);
    fc.assert(
      fc.property(someText, (text) => {
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
      }),
    );
    expect(vocabulary.decode(vocabulary.encode('\uFEFFmark'))).toBe('\uFEFFmark');
  });

  test('decodes sampled bytes that are not UTF-8 to the replacement character', () => {
    expect(byteVocabulary().decode([0x61, 0xff, 0x62])).toBe('a\uFFFDb');
    expect(refusal(() => byteVocabulary().decode([256])).code).toBe<DataErrorCode>('unknown-id');
  });

  test('survives JSON', () => {
    expect(vocabularyFromJson(JSON.parse(JSON.stringify(byteVocabulary()))).kind).toBe('bytes');
  });
});

describe('vocabularyFromJson', () => {
  test('keeps the order that was saved, sorted or not', () => {
    expect([...vocabularyFromJson({ kind: 'characters', characters: 'ba' }).encode('ab')]).toEqual([1, 0]);
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /neither/],
    ['null', null, /neither/],
    ['a string', 'abc', /neither/],
    ['another kind', { kind: 'words', characters: 'ab' }, /neither/],
    ['a list of characters', { kind: 'characters', characters: ['a'] }, /neither/],
    ['no characters', { kind: 'characters', characters: '' }, /no characters/],
    ['a character twice', { kind: 'characters', characters: 'aba' }, /twice/],
    ['half of a surrogate pair', { kind: 'characters', characters: 'a\ud83c' }, /surrogate/],
  ])('refuses %s', (_what, json, message) => {
    const error = refusal(() => vocabularyFromJson(json));
    expect(error.code).toBe<DataErrorCode>('invalid-vocabulary');
    expect(error.message).toMatch(message);
  });
});

describe('splitHoldout', () => {
  const range = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);

  test('holds out the end, without copying', () => {
    const ids = range(1_115_394);
    const { train, heldOut } = splitHoldout(ids, 0.1);
    expect([train.length, heldOut.length]).toEqual([1_003_854, 111_540]);
    expect(heldOut[0]).toBe(1_003_854);
    expect(heldOut.buffer).toBe(ids.buffer);
  });

  test('loses nothing and rounds the held-out part up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 3000 }), fc.integer({ min: 10, max: 90 }), (length, percent) => {
        const { train, heldOut } = splitHoldout(range(length), percent / 100);
        expect([...train, ...heldOut]).toEqual([...range(length)]);
        expect(heldOut.length).toBe(Math.ceil((length * percent) / 100));
      }),
    );
  });

  test('holds out nothing on request', () => {
    expect(splitHoldout(range(5), 0).heldOut.length).toBe(0);
  });

  test('refuses fractions outside [0, 1) and texts that are too short', () => {
    for (const fraction of [-0.1, 1, 2, Number.NaN]) {
      expect(refusal(() => splitHoldout(range(100), fraction)).code).toBe<DataErrorCode>('invalid-option');
    }
    expect(refusal(() => splitHoldout(range(5), 0.1)).message).toBe(
      'splitHoldout: 5 symbols split into 4 to train on and 1 held out, but each part needs two; give a longer text',
    );
    expect(refusal(() => splitHoldout(range(1), 0)).code).toBe<DataErrorCode>('text-too-short');
  });
});
