import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { series, seriesWindows, splitByTime, type Range } from './series.ts';

/** Row r of column c is 1000 c + r: each value tells where it comes from. */
const numbered = (rows: number, columns: number = 2): ReturnType<typeof series> =>
  series(Array.from({ length: columns }, (_, c) => 'abc'[c] as string), Float64Array.from({ length: rows * columns }, (_, i) => 1000 * (i % columns) + Math.floor(i / columns)));

describe('series', () => {
  test('refuses broken rows and values that are missing, with their place', () => {
    expect(() => series(['a', 'b'], new Float64Array(3))).toThrow('do not make whole rows');
    expect(() => series(['a'], new Float64Array(3), new Float64Array(2))).toThrow('do not make whole rows');
    expect(() => series(['a', 'b'], Float64Array.of(1, 2, 3, Number.NaN))).toThrow('row 1 of "b" is NaN');
  });
});

describe('splitByTime', () => {
  test('cuts in the order of time and loses nothing', () => {
    expect(splitByTime(100, { validation: 0.1, test: 0.2 })).toEqual({ train: { from: 0, to: 70 }, validation: { from: 70, to: 80 }, test: { from: 80, to: 100 } });
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 500 }), fc.integer({ min: 3, max: 45 }), fc.integer({ min: 3, max: 45 }), (length, v, t) => {
        const { train, validation, test } = splitByTime(length, { validation: v / 100, test: t / 100 });
        expect([train.from, train.to, validation.to, test.to]).toEqual([0, validation.from, test.from, length]);
        expect(Math.abs(test.to - test.from - (length * t) / 100)).toBeLessThanOrEqual(0.5);
      }),
    );
    expect(() => splitByTime(3, { test: 0.01 })).toThrow('split into 3, 0 and 0');
    expect(() => splitByTime(3, { validation: 0.5, test: 0.5 })).toThrow('leave something to train on');
  });
});

describe('seriesWindows', () => {
  test('reads T rows and tells the H rows after them', () => {
    const set = seriesWindows(numbered(10), { length: 3, horizon: 2, stride: 4, inputs: ['b', 'a'], targets: ['a'] });
    expect([...set.starts]).toEqual([0, 4]);
    expect(set.shape).toEqual({ inputs: 'values', inputSize: 2, targets: 'regression', per: 'sequence', targetSize: 2 });
    expect(set.batch([0, 1])).toEqual({
      inputs: Float32Array.of(1000, 0, 1004, 4, 1001, 1, 1005, 5, 1002, 2, 1006, 6), inputShape: [3, 2, 2], targets: Float32Array.of(3, 4, 7, 8), targetShape: [2, 2],
    });
    expect(Array.from(seriesWindows(numbered(10), { length: 4, horizon: 2 }).target(0))).toEqual([4, 1004, 5, 1005]);
  });

  test('tells no row of a part in the windows of another, with and without looking back', () => {
    const cases = fc.record({
      rows: fc.integer({ min: 60, max: 150 }), length: fc.integer({ min: 1, max: 6 }), horizon: fc.integer({ min: 1, max: 4 }), stride: fc.integer({ min: 1, max: 5 }), lookBack: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ rows, length, horizon, stride, lookBack }) => {
        const split = splitByTime(rows, { validation: 0.2, test: 0.2 });
        for (const range of Object.values(split) as Range[]) {
          const set = seriesWindows(numbered(rows), { length, horizon, stride, range, lookBack, inputs: ['a'], targets: ['a'] });
          for (let index = 0; index < set.size; index++) {
            const [read, told] = [Array.from(set.input(index)), Array.from(set.target(index))];
            expect(Math.min(...told)).toBeGreaterThanOrEqual(range.from);
            expect(Math.max(...told)).toBeLessThan(range.to);
            expect(told[0]).toBe((read.at(-1) as number) + 1);
            expect(read[0]).toBeGreaterThanOrEqual(lookBack ? Math.max(0, range.from - length) : range.from);
          }
          // With a stride of 1 and a look back, every row of a later part is told.
          if (stride === 1 && lookBack && range.from > 0) expect(set.size).toBe(range.to - range.from - horizon + 1);
        }
      }),
    );
  });

  test('refuses what does not fit', () => {
    expect(() => seriesWindows(numbered(5), { length: 5 })).toThrow('too few for 5 to read and 1 to tell');
    expect(() => seriesWindows(numbered(5), { length: 1, range: { from: 3, to: 9 } })).toThrow('not a part of a series of 5');
    expect(() => seriesWindows(numbered(5), { length: 1, inputs: ['A'] })).toThrow('did you mean "a"?');
    expect(() => seriesWindows(numbered(5), { length: 1, stride: 0 })).toThrow('stride');
  });
});
