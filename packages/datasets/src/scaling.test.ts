import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitInputScaling, fitScaling, scaleInputs, scaleSeries, scalingFromJson, unscale } from './scaling.ts';
import { sequenceSet } from './sequences.ts';
import { series } from './series.ts';

const source = series(['a', 'b'], Float64Array.of(1, 10, 2, 10, 3, 10, 100, -5));
const train = { from: 0, to: 3 };

describe('scaling', () => {
  test('is fitted on its range alone', () => {
    const { columns } = fitScaling(source, train);
    expect(columns).toEqual([{ name: 'a', offset: 2, scale: Math.sqrt(2 / 3) }, { name: 'b', offset: 10, scale: 1 }]);
    expect(fitScaling(source, train, 'minmax').columns).toEqual([{ name: 'a', offset: 1, scale: 2 }, { name: 'b', offset: 10, scale: 1 }]);
    const changed = { ...source, values: source.values.map((value, i) => (i < 6 ? value : 7 * value)) };
    expect(fitScaling(changed, train)).toEqual(fitScaling(source, train));
  });

  test('gives mean 0 and deviation 1, or 0 to 1, and the values back', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.constantFrom('standard', 'minmax'), (list, kind) => {
        const raw = series(['x'], Float64Array.from(list));
        const scaling = fitScaling(raw, { from: 0, to: raw.length }, kind);
        const scaled = scaleSeries(raw, scaling).values;
        const spread = Math.max(...list) - Math.min(...list);
        if (spread > 1e-3 && kind === 'minmax') expect([Math.min(...scaled), Math.max(...scaled)]).toEqual([0, 1]);
        if (spread > 1e-3 && kind === 'standard') {
          const mean = scaled.reduce((a, b) => a + b, 0) / scaled.length;
          expect(mean).toBeCloseTo(0, 4);
          expect(scaled.reduce((a, b) => a + (b - mean) ** 2, 0) / scaled.length).toBeCloseTo(1, 4);
        }
        unscale(scaled, scaling).forEach((value, i) => expect(Math.abs(value - (list[i] as number))).toBeLessThan(1e-6 * (1 + Math.abs(list[i] as number) + spread)));
      }),
    );
  });

  test('takes columns by name, in any order, and lives through JSON', () => {
    const scaling = scalingFromJson(JSON.parse(JSON.stringify(fitScaling(source, train, 'minmax'))));
    expect(scaling).toEqual(fitScaling(source, train, 'minmax'));
    expect([...unscale([0.5, 0, 0.25, 0.5], scaling, ['b', 'a'])]).toEqual([10.5, 1, 10.25, 2]);
    expect(() => unscale([1], scaling, ['c'])).toThrow('there is no column "c"');
    for (const broken of [null, {}, { kind: 'standard', columns: [] }, { kind: 'log', columns: scaling.columns }, { kind: 'minmax', columns: [{ name: 'a', offset: 0, scale: 0 }] }]) {
      expect(() => scalingFromJson(broken)).toThrow('not a scaling');
    }
    expect(() => fitScaling(source, { from: 2, to: 9 })).toThrow('not a part');
  });
});

describe('scaling of the inputs of sequences', () => {
  const rows = [[1, 5, 3, 5], [2, 5]];
  const set = sequenceSet({
    shape: { inputs: 'values', inputSize: 2, targets: 'classification', per: 'sequence', targetSize: 2 },
    size: 2, length: (index) => (rows[index] as number[]).length / 2, input: (index) => rows[index] as number[], target: (index) => [index],
  });

  test('is fitted over all steps of all of them, column by column', () => {
    expect(fitInputScaling(set)).toEqual({ kind: 'standard', columns: [{ name: '0', offset: 2, scale: Math.sqrt(2 / 3) }, { name: '1', offset: 5, scale: 1 }] });
    const scaling = fitInputScaling(set, 'minmax');
    expect(scaling.columns).toEqual([{ name: '0', offset: 1, scale: 2 }, { name: '1', offset: 5, scale: 1 }]);
    const scaled = scaleInputs(set, scaling);
    expect([0, 1].map((index) => Array.from(scaled.input(index)))).toEqual([[0, 0, 1, 0], [0.5, 0]]);
    expect([scaled.length(0), Array.from(scaled.target(1))]).toEqual([2, [1]]);
    expect([...scaled.batch([0, 1]).inputs]).toEqual([0, 0, 0.5, 0, 1, 0, 0, 0]);
  });

  test('is refused where it does not fit', () => {
    const ids = { ...set, shape: { ...set.shape, inputs: 'ids' as const } };
    expect(() => fitInputScaling(ids)).toThrow('fitInputScaling: these are sequences of ids, which are not scaled');
    expect(() => scaleInputs(ids, fitInputScaling(set))).toThrow('scaleInputs: a scaling of 2 columns does not fit sequences of ids');
    expect(() => scaleInputs(set, fitScaling(series(['a'], Float64Array.of(1, 2)), { from: 0, to: 2 }))).toThrow('scaleInputs: a scaling of 1 columns does not fit sequences of 2 columns');
  });
});
