import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchOrder, splitIndices, type IndexBatch } from './batches.ts';
import { DataError } from './errors.ts';
import { Rng } from './rng.ts';

const take = (order: BatchOrder, count: number): IndexBatch[] => Array.from({ length: count }, () => order.next());
const sizes = fc.record({ size: fc.integer({ min: 1, max: 90 }), batch: fc.integer({ min: 1, max: 20 }), seed: fc.nat(), pool: fc.integer({ min: 1, max: 4 }), bucketed: fc.boolean() });

describe('BatchOrder', () => {
  test('visits each sequence once a pass, in an order of each pass', () => {
    fc.assert(
      fc.property(sizes, ({ size, batch, seed, pool, bucketed }) => {
        const lengths = Array.from({ length: size }, (_, i) => i % 13);
        const order = new BatchOrder(size, { batch, seed, pool, ...(bucketed ? { lengths } : {}) });
        for (let epoch = 0; epoch < 3; epoch++) {
          const pass = take(order, order.stepsPerEpoch);
          expect(pass.map((one) => one.last)).toEqual(pass.map((_, i) => i === pass.length - 1));
          expect(pass.every((one) => one.epoch === epoch && one.indices.length <= batch)).toBe(true);
          expect(pass.flatMap((one) => [...one.indices]).sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
        }
      }),
    );
    const order = new BatchOrder(40, { batch: 40, seed: 1 });
    const [first, second] = take(order, 2).map(({ indices }) => [...indices]);
    expect(first).not.toEqual(second);
    expect(take(new BatchOrder(40, { batch: 40, seed: 2 }), 1)[0]?.indices).not.toEqual(Int32Array.from(first ?? []));
  });

  test('goes on from a cursor that went through JSON with the same batches', () => {
    fc.assert(
      fc.property(sizes, fc.nat(30), ({ size, batch, seed }, steps) => {
        const order = new BatchOrder(size, { batch, seed });
        take(order, steps);
        const again = new BatchOrder(size, { batch, seed, cursor: JSON.parse(JSON.stringify(order.cursor)) as typeof order.cursor });
        expect(take(again, 5)).toEqual(take(order, 5));
      }),
    );
    const order = new BatchOrder(10, { batch: 4 });
    expect(() => order.restore({ epoch: 0, step: 3 })).toThrow(DataError);
    expect(order.cursor).toEqual({ epoch: 0, step: 0 });
  });

  test('keeps the order without shuffling, and leaves out what does not fill a batch where asked to', () => {
    const plain = new BatchOrder(5, { batch: 2, shuffle: false });
    expect(take(plain, 4).map(({ indices }) => [...indices])).toEqual([[0, 1], [2, 3], [4], [0, 1]]);
    const full = new BatchOrder(5, { batch: 2, dropLast: true });
    expect(full.stepsPerEpoch).toBe(2);
    expect(take(full, 10).every(({ indices }) => indices.length === 2)).toBe(true);
    expect(() => new BatchOrder(3, { batch: 4, dropLast: true })).toThrow('3 sequences do not fill one batch of 4');
  });

  test('with lengths pads a tenth of what chance would, and still mixes', () => {
    const rng = new Rng(4);
    const lengths = Array.from({ length: 2000 }, () => 1 + rng.integer(100));
    const padding = (options: { readonly lengths?: readonly number[] }): number => {
      const order = new BatchOrder(lengths.length, { batch: 20, seed: 3, ...options });
      return take(order, order.stepsPerEpoch).reduce((sum, { indices }) => {
        const own = [...indices].map((index) => lengths[index] as number);
        return sum + own.length * Math.max(...own) - own.reduce((a, b) => a + b, 0);
      }, 0);
    };
    expect(padding({ lengths })).toBeLessThan(padding({}) / 10);
    const order = new BatchOrder(lengths.length, { batch: 20, seed: 3, lengths });
    const longest = take(order, 100).map(({ indices }) => Math.max(...[...indices].map((index) => lengths[index] as number)));
    expect(longest).not.toEqual([...longest].sort((a, b) => a - b));
    expect(() => new BatchOrder(3, { batch: 1, lengths: [1] })).toThrow('1 lengths were given for 3 sequences');
  });
});

describe('splitIndices', () => {
  test('parts all, by the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), fc.integer({ min: 10, max: 90 }), fc.nat(), (size, percent, seed) => {
        const { train, heldOut } = splitIndices(size, { fraction: percent / 100, seed });
        expect(heldOut).toHaveLength(Math.min(size - 1, Math.round((size * percent) / 100)));
        expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
        expect(splitIndices(size, { fraction: percent / 100, seed })).toEqual({ train, heldOut });
      }),
    );
    expect(splitIndices(100, { fraction: 0.2, seed: 1 }).heldOut).not.toEqual(splitIndices(100, { fraction: 0.2, seed: 2 }).heldOut);
  });

  test('takes the same share of each class, and leaves each something to learn from', () => {
    const labels = Array.from({ length: 101 }, (_, i) => (i < 70 ? 0 : i < 100 ? 1 : 2));
    const { train, heldOut } = splitIndices(101, { fraction: 0.5, labels });
    const count = (side: Int32Array, label: number): number => side.filter((index) => labels[index] === label).length;
    expect([0, 1, 2].map((label) => count(heldOut, label))).toEqual([35, 15, 0]);
    expect(count(train, 2)).toBe(1);
  });

  test('refuses shares that are none', () => {
    for (const fraction of [0, 1, -0.1, Number.NaN]) expect(() => splitIndices(10, { fraction })).toThrow('fraction');
    expect(() => splitIndices(10, { fraction: 0.01 })).toThrow('hold out more');
  });
});
