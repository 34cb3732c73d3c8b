import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from './errors.ts';
import { Rng, type RngState } from './rng.ts';

const take = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.bits());

describe('Rng', () => {
  test('gives the reference outputs of xoshiro128** for the state (1, 2, 3, 4)', () => {
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804];
    expect(take(Rng.fromState([1, 2, 3, 4]), 10)).toEqual(expected);
  });

  test('agrees with the definition in whole numbers, for any state', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word, word, fc.integer({ min: 1, max: 2 ** 32 - 1 })), (state) => {
        expect(take(Rng.fromState(state), 20)).toEqual(definition(state, 20));
      }),
    );
  });

  test('is decided by the seed, of which all 53 bits count', () => {
    expect(take(new Rng(7), 5)).toEqual(take(new Rng(7), 5));
    const seeds = [0, 1, 2, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER];
    expect(new Set(seeds.map((seed) => new Rng(seed).bits())).size).toBe(seeds.length);
  });

  test('seeds as it always did: saved experiments depend on it', () => {
    expect(new Rng(0).state).toEqual([2462723854, 1020716019, 454327756, 1275600319]);
    expect(new Rng(20261121).state).toEqual([4154740791, 2098525395, 2571721047, 2424060281]);
  });

  test('continues from a state that went through JSON', () => {
    const rng = new Rng(11);
    take(rng, 13);
    const state = JSON.parse(JSON.stringify(rng.state)) as RngState;
    expect(take(Rng.fromState(state), 50)).toEqual(take(rng, 50));
  });

  test('uniform stays in [0, 1) with the mean and variance of the uniform distribution', () => {
    const rng = new Rng(3);
    const values = Array.from({ length: 20_000 }, () => rng.uniform());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    // Four standard errors: sqrt(1 / 12 / n) and sqrt(1 / 180 / n).
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / values.length));
  });

  test('normal has the moments of the standard normal distribution, and takes two draws of uniform', () => {
    const rng = new Rng(6);
    const values = Array.from({ length: 20_000 }, () => rng.normal());
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    // Four standard errors: the variance of x^k is (2k - 1)!! - E[x^k]^2.
    [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96]].forEach(([power = 0, expected = 0, variance = 0]) =>
      expect(Math.abs(moment(power) - expected)).toBeLessThan(4 * Math.sqrt(variance / values.length)));
    const [a, b] = [new Rng(6), new Rng(6)];
    a.normal();
    b.uniform();
    b.uniform();
    expect(a.state).toEqual(b.state);
  });

  test('integer covers its range evenly, also where the range does not divide 2^32', () => {
    const rng = new Rng(5);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 14_000; i++) {
      const drawn = rng.integer(7);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expect(counts).toHaveLength(7);
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt((2000 * 6) / 7));
  });

  test('integer draws again where a remainder would be favoured', () => {
    // With a bound above 2^31, about half of all draws are refused; the rest must be passed on unchanged.
    const bound = 2 ** 31 + 1;
    const accepted = take(new Rng(9), 200).filter((bits) => bits < bound);
    const rng = new Rng(9);
    expect(accepted.slice(0, 50).map(() => rng.integer(bound))).toEqual(accepted.slice(0, 50));
    expect(accepted.length).toBeLessThan(150);
  });

  test('shuffle keeps all items, in place, in arrays and typed arrays', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const shuffled = [...items];
        expect(new Rng(seed).shuffle(shuffled)).toBe(shuffled);
        const order = (a: number, b: number): number => a - b;
        expect([...shuffled].sort(order)).toEqual([...items].sort(order));
        expect([...new Rng(seed).shuffle(Int32Array.from(items))]).toEqual(shuffled.map((item) => item | 0));
      }),
    );
  });

  test('shuffle reaches every order about equally often', () => {
    const rng = new Rng(13);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = rng.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt((1000 * 5) / 6));
  });

  test('refuses bad seeds, bounds and states', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => new Rng(seed)).toThrow(/seed must be an integer of at least 0/);
    for (const bound of [0, -3, 1.5, 2 ** 32 + 1]) expect(() => new Rng(1).integer(bound)).toThrow(DataError);
    const states: unknown[] = [[0, 0, 0, 0], [1, 2, 3], [1, 2, 3, -4], [1, 2, 3, 'x'], null, 'state'];
    for (const state of states) expect(() => Rng.fromState(state as RngState)).toThrow(/four 32-bit words/);
  });
});

// The authors' C code, in BigInt.
function definition(state: RngState, count: number): number[] {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
  let [s0, s1, s2, s3] = state.map(BigInt) as [bigint, bigint, bigint, bigint];
  return Array.from({ length: count }, () => {
    const result = (rotate((s1 * 5n) & mask, 7n) * 9n) & mask;
    const t = (s1 << 9n) & mask;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotate(s3, 11n);
    return Number(result);
  });
}
