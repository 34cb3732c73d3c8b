import { describe, expect, test } from 'vitest';
import { philox } from './philox.ts';

const words = (text: string): number[] => text.split(' ').map((word) => Number.parseInt(word, 16));
type Counter = Parameters<typeof philox>[0];
type Key = Parameters<typeof philox>[1];

// The known answers that are published with Random123, the authors' implementation: counter, key → result.
const known = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const;

describe('philox', () => {
  test.each(known)('counter %s under key %s', (counter, key, expected) => {
    expect(philox(words(counter) as unknown as Counter, words(key) as unknown as Key)).toEqual(words(expected));
  });

  test('gives unsigned words', () => {
    for (let k = 0; k < 100; k++) for (const word of philox([k, 0, 0, 0], [1, 2])) expect(word >= 0 && word < 2 ** 32 && Number.isInteger(word)).toBe(true);
  });
});
