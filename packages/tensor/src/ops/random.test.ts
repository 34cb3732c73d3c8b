import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bernoulli, defaultGenerator, Generator, manualSeed, normal, reference, uniform, use, type Tensor } from '../index.ts';
import { fillRandom } from '../kernels/random.ts';
import { philox } from '../philox.ts';

beforeEach(() => { use(reference()); });
afterEach(() => {
  manualSeed(0);
  use(undefined);
});

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];
const count = 40_000;

// Mean and standard deviation, far within what 40,000 draws allow by chance (fixed seeds: never flaky).
function moments(list: readonly number[]): { mean: number; std: number } {
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return { mean, std: Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length) };
}

describe('distributions', () => {
  test('uniform', async () => {
    const list = await values(uniform([count], { generator: new Generator(1) }));
    expect(list.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24))).toBe(true);
    const { mean, std } = moments(list);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(std).toBeCloseTo(Math.sqrt(1 / 12), 2);
    expect(new Set(list).size).toBeGreaterThan(count * 0.99);
    const scaled = await values(uniform([count], { low: -3, high: 5, generator: new Generator(1), dtype: 'float64' }));
    expect(scaled).toEqual(list.map((value) => value * 8 - 3));
  });

  test('normal', async () => {
    const list = await values(normal([count], { generator: new Generator(2) }));
    const { mean, std } = moments(list);
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(std).toBeCloseTo(1, 1);
    expect(list.filter((value) => Math.abs(value) < 1).length / count).toBeCloseTo(0.6827, 1);
    expect(list.every((value) => Math.abs(value) < 5.8)).toBe(true);
    const moved = moments(await values(normal([count], { mean: 4, std: 0.5, generator: new Generator(2) })));
    expect(moved.mean).toBeCloseTo(4, 1);
    expect(moved.std).toBeCloseTo(0.5, 1);
    const correlation = list.slice(1).reduce((sum, value, k) => sum + value * (list[k] as number), 0) / count;
    expect(Math.abs(correlation)).toBeLessThan(0.02);
  });

  test('bernoulli', async () => {
    const list = await values(bernoulli([count], 0.3, { generator: new Generator(3) }));
    expect(new Set(list)).toEqual(new Set([0, 1]));
    expect(moments(list).mean).toBeCloseTo(0.3, 1);
    expect(await values(bernoulli([9], 0))).toEqual(Array.from({ length: 9 }, () => 0));
    expect(await values(bernoulli([9], 1))).toEqual(Array.from({ length: 9 }, () => 1));
    expect(bernoulli([2], 0.5, { dtype: 'int32' }).dtype).toBe('int32');
  });

  test('are the words of Philox, in order, whatever the length', () => {
    const seed = [7, 9] as const;
    const expected = [0, 1, 2].flatMap((block) => [...philox([block, 0, 0, 0], seed)]).map((word) => Math.floor(word / 256) / 2 ** 24);
    for (const length of [0, 1, 5, 12]) {
      const out = new Float64Array(length);
      fillRandom({ distribution: 'uniform', seed, probability: 0 }, out);
      expect([...out]).toEqual(expected.slice(0, length));
    }
    const ones = new Float64Array(12);
    fillRandom({ distribution: 'bernoulli', seed, probability: 0.4 }, ones);
    expect([...ones]).toEqual(expected.map((value) => Number(value < 0.4)));
    const [u = 0, v = 0] = expected;
    const pair = new Float64Array(2);
    fillRandom({ distribution: 'normal', seed, probability: 0 }, pair);
    const radius = Math.sqrt(-2 * Math.log(u + 2 ** -24));
    expect([...pair]).toEqual([radius * Math.cos(2 * Math.PI * v), radius * Math.sin(2 * Math.PI * v)]);
  });

  test('shapes', () => {
    expect([uniform([2, 3]).shape, normal([]).shape, bernoulli([0, 2], 0.5).shape]).toEqual([[2, 3], [], [0, 2]]);
  });
});

describe('Generator', () => {
  test('the same seed gives the same numbers, the next draw others', async () => {
    const [a, b] = [new Generator(5), new Generator(5)];
    const first = await values(normal([8], { generator: a }));
    expect(await values(normal([8], { generator: b }))).toEqual(first);
    expect(await values(normal([8], { generator: a }))).not.toEqual(first);
    expect(await values(normal([8], { generator: new Generator(6) }))).not.toEqual(first);
  });

  test('goes back to a saved state', () => {
    const generator = new Generator(2 ** 40 + 3);
    generator.next();
    const state = generator.state();
    expect(state).toEqual({ seed: 2 ** 40 + 3, counter: 1 });
    const words = [generator.next(), generator.next()];
    generator.restore(state);
    expect([generator.next(), generator.next()]).toEqual(words);
    expect(new Generator(3).next()).not.toEqual(new Generator(2 ** 40 + 3).next());
    expect(generator.seed).toBe(2 ** 40 + 3);
  });

  test('the default one starts anew with manualSeed', async () => {
    expect(manualSeed(11)).toBe(defaultGenerator());
    const first = await values(uniform([3]));
    manualSeed(11);
    expect(await values(uniform([3]))).toEqual(first);
  });

  test('refuses what is no seed, and a refused draw does not move it on', () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => new Generator(seed)).toThrow('Generator: the seed must be a whole number from 0 to 2^53 - 1');
    const generator = new Generator(1);
    expect(() => { generator.restore({ seed: 1, counter: -1 }); }).toThrow('counter');
    expect(() => bernoulli([2], 1.5, { generator })).toThrow('bernoulli: p must lie between 0 and 1, got 1.5.');
    expect(() => uniform([2], { low: 2, high: 1, generator })).toThrow('uniform: low must not be above high, got 2 and 1.');
    expect(() => normal([2], { std: -1, generator })).toThrow('normal: std must not be negative');
    expect(() => normal([2], { dtype: 'int32', generator })).toThrow('normal: gives float32 or float64');
    expect(() => uniform([-1], { generator })).toThrow('(-1)');
    use({ ...reference(), supports: () => false });
    expect(() => uniform([1], { generator })).toThrow('has no float32');
    expect(generator.state().counter).toBe(0);
  });
});
