import { describe, expect, test } from 'vitest';
import { linesByClass, lineSet } from './lines.ts';
import { pairSet, pairSymbols, parsePairs } from './pairs.ts';
import { characterVocabulary } from './text.ts';

describe('linesByClass', () => {
  const files = [{ name: 'names\\Korean.txt', text: 'Kim\r\n\r\n  Lee \n' }, { name: 'a/b.c/Czech.txt', text: 'Abl' }];

  test('takes the class from the name of the file, and lines without their margins', () => {
    expect(linesByClass(files)).toEqual({ lines: ['Abl', 'Kim', 'Lee'], labels: Int32Array.of(0, 1, 1), classes: ['Czech', 'Korean'] });
  });

  test('refuses one class, a class twice and a file without lines', () => {
    expect(() => linesByClass(files.slice(1))).toThrow('two at least');
    expect(() => linesByClass([...files, { name: 'Czech.csv', text: 'x' }])).toThrow('a second file of the class "Czech"');
    expect(() => linesByClass([...files, { name: 'Dutch.txt', text: ' \n' }])).toThrow('Dutch.txt: there are no lines');
  });

  test('makes sequences of ids with their class', () => {
    const set = lineSet(linesByClass(files), characterVocabulary('AKLbeilm'));
    const { inputs, lengths, targets } = set.batch([0, 2]);
    const { inputSymbols = [], targetSymbols = [] } = set.shape;
    expect([...inputs].map((id) => inputSymbols[id]).join('')).toBe('ALbele');
    expect([lengths, [...targets].map((label) => targetSymbols[label])]).toEqual([undefined, ['Czech', 'Korean']]);
    expect(() => lineSet(linesByClass(files), characterVocabulary('abc'))).toThrow('is not among the 3 characters');
  });
});

describe('pairs', () => {
  test('are lines with a tab', () => {
    expect(parsePairs('go .\tva !\tCC-BY\r\n\nhi\tsalut\n', 'fra.txt')).toEqual([{ input: 'go .', answer: 'va !' }, { input: 'hi', answer: 'salut' }]);
    expect(() => parsePairs('a\tb\nc\n', 'fra.txt')).toThrow('fra.txt:2: a pair is an input, a tab and an answer, got "c"');
    expect(() => parsePairs('a\t \n', 'fra.txt')).toThrow('fra.txt:1');
  });

  test('become ids, with an end of the answer', () => {
    const pairs = [{ input: 'ab', answer: 'z' }, { input: 'b', answer: 'yé' }];
    const symbols = pairSymbols(pairs);
    expect(symbols).toEqual({ input: ['', 'a', 'b'], answer: ['', 'y', 'z', 'é'] });
    const { inputs, targets, lengths, targetLengths } = pairSet(pairs, symbols).batch([0, 1]);
    expect([[...inputs], [...targets], [...(lengths ?? [])], [...(targetLengths ?? [])]]).toEqual([[1, 2, 2, 0], [2, 1, 0, 3, -100, 0], [2, 1], [2, 3]]);
    expect(() => pairSet([{ input: 'x', answer: 'y' }], symbols)).toThrow('"x" in "x" is not among the 3 symbols');
  });
});
