import { describe, expect, it } from 'vitest';
import { compareAll, compareCurves } from './compare.ts';
import type { Named } from './reference.ts';

const named = (entries: Record<string, number[]>): Named =>
  new Map(Object.entries(entries).map(([name, data]) => [name, { shape: [data.length], data: Float64Array.from(data) }]));
const actual = (entries: Record<string, number[]>): Map<string, number[]> => new Map(Object.entries(entries));

describe('compareAll', () => {
  it('takes the largest error of each kind over all tensors', () => {
    const found = compareAll(named({ small: [0.5, -0.25], large: [100, 1] }), actual({ small: [0.5, -0.5], large: [101, 1] }));
    expect(found).toEqual({ abs: 1, rel: 0.5, mixed: 0.25, worst: 'small' });
  });

  it('is relative above 1 and absolute below, for the tolerance', () => {
    expect(compareAll(named({ a: [1000] }), actual({ a: [1001] })).mixed).toBeCloseTo(1e-3, 12);
    expect(compareAll(named({ a: [0.001] }), actual({ a: [0.002] })).mixed).toBeCloseTo(1e-3, 12);
    expect(compareAll(named({ a: [-4] }), actual({ a: [4] })).mixed).toBe(2);
  });

  it('finds no error where there is none', () => {
    expect(compareAll(named({ a: [1, 2], b: [0] }), actual({ a: [1, 2], b: [0] }))).toMatchObject({ abs: 0, rel: 0, mixed: 0 });
  });

  it('lets nothing through that is not a number, missing, or too short', () => {
    const expected = named({ a: [1, 2] });
    for (const wrong of [actual({ a: [1, NaN] }), actual({ a: [Infinity, 2] }), actual({ a: [1] }), actual({})]) {
      expect(compareAll(expected, wrong)).toMatchObject({ abs: Infinity, rel: Infinity, mixed: Infinity, worst: 'a' });
    }
    expect(compareAll(named({ a: [NaN] }), actual({ a: [NaN] })).mixed).toBe(Infinity);
  });
});

describe('compareCurves', () => {
  const curve = (length: number, off: Record<number, number> = {}): { loss: number[]; gradNorm: number[] } => ({
    loss: Array.from({ length }, (_, k) => 2 * (1 + (off[k + 1] ?? 0))),
    gradNorm: Array.from({ length }, () => 0.5),
  });

  it('shows steps 1, 50 and the last', () => {
    const found = compareCurves(curve(200), curve(200, { 1: 0.25, 50: 0.125, 200: 0.5, 120: 1 }));
    expect(found.points).toEqual([
      { step: 1, loss: 0.25, gradNorm: 0 },
      { step: 50, loss: 0.125, gradNorm: 0 },
      { step: 200, loss: 0.5, gradNorm: 0 },
    ]);
    expect(found).toMatchObject({ early: 0.25, last: 0.5, loss: { abs: 2, rel: 1 }, gradNorm: { abs: 0, rel: 0 } });
  });

  it('shows each step once where there are few', () => {
    expect(compareCurves(curve(50), curve(50)).points.map(({ step }) => step)).toEqual([1, 50]);
    expect(compareCurves(curve(1), curve(1)).points.map(({ step }) => step)).toEqual([1]);
  });

  it('takes a training that ended early, or broke, for infinitely wrong', () => {
    expect(compareCurves(curve(60), curve(59)).last).toBe(Infinity);
    expect(compareCurves(curve(3), curve(3, { 2: NaN })).early).toBe(Infinity);
  });
});
