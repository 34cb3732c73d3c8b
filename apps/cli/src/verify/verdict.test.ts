import { describe, expect, it } from 'vitest';
import type { CurveDeviation, Deviation } from './compare.ts';
import { judgeCurve, judgeModule, jsonLine, textLine } from './verdict.ts';

const off = (mixed: number, worst = 'weight_hh_l0'): Deviation => ({ abs: mixed, rel: mixed / 2, mixed, worst });
const curveOff = (early: number, last: number): CurveDeviation => ({
  points: [{ step: 1, loss: early, gradNorm: 0 }, { step: 200, loss: last, gradNorm: 0 }],
  loss: { abs: 2 * last, rel: last },
  gradNorm: { abs: 0, rel: 0 },
  early,
  last,
});
const plain = (_: string, text: string): string => text;

describe('judgeModule', () => {
  it('accepts what is within the tolerance, the tolerance itself included', () => {
    expect(judgeModule(off(2e-5), off(0), 2e-5)).toMatchObject({ ok: true });
  });

  it('names what is not', () => {
    expect(judgeModule(off(1e-3, 'output'), off(3e-3), 2e-5)).toMatchObject({
      ok: false,
      error: '"output" is off by 1.0e-3; the gradient of "weight_hh_l0" is off by 3.0e-3; the tolerance is 2.0e-5',
    });
    expect(judgeModule(off(Infinity), off(0), 1)).toMatchObject({ ok: false });
    expect(judgeModule(off(0), off(NaN), 1)).toMatchObject({ ok: false });
  });
});

describe('judgeCurve', () => {
  it('allows ten times as much at the last step', () => {
    expect(judgeCurve(curveOff(1e-5, 1e-4), 1e-5)).toMatchObject({ ok: true });
    expect(judgeCurve(curveOff(1.1e-5, 0), 1e-5)).toMatchObject({ ok: false });
    expect(judgeCurve(curveOff(0, 1.1e-4), 1e-5)).toMatchObject({ ok: false, error: 'at the last step it is off by 1.1e-4, where 1.0e-4 is allowed; the tolerance is 1.0e-5' });
    expect(judgeCurve(curveOff(NaN, 0), 1e-5).ok).toBe(false);
  });
});

describe('printing', () => {
  const file = 'a.safetensors';

  it('gives JSON that always has the same keys', () => {
    expect(JSON.parse(jsonLine({ file, backend: 'wasm', ...judgeModule(off(1e-6), off(Infinity), 1e-5) }))).toEqual({
      file, backend: 'wasm', ok: false,
      outputs: { abs: 1e-6, rel: 5e-7 }, gradients: { abs: null, rel: null },
      error: 'the gradient of "weight_hh_l0" is off by Infinity; the tolerance is 1.0e-5',
    });
    expect(JSON.parse(jsonLine({ file, backend: 'reference', ok: false, error: 'no' }))).toEqual({
      file, backend: 'reference', ok: false, outputs: { abs: null, rel: null }, gradients: { abs: null, rel: null }, error: 'no',
    });
    expect(JSON.parse(jsonLine({ file, backend: 'wasm', ...judgeCurve(curveOff(1e-7, 1e-6), 1e-5) }))).toEqual({
      file, backend: 'wasm', ok: true,
      outputs: { abs: 2e-6, rel: 1e-6 }, gradients: { abs: 0, rel: 0 },
      curve: { 1: { loss: 1e-7, gradNorm: 0 }, 200: { loss: 1e-6, gradNorm: 0 } },
    });
  });

  it('gives a line for a person', () => {
    expect(textLine({ file, backend: 'wasm', ...judgeModule(off(1e-6), off(2e-6), 1e-5) }, 14, plain)).toBe(
      'ok    a.safetensors   outputs abs 1.0e-6 rel 5.0e-7  gradients abs 2.0e-6 rel 1.0e-6',
    );
    expect(textLine({ file, backend: 'wasm', ok: false, error: 'cut short' }, 0, plain)).toBe('FAIL  a.safetensors  cut short');
  });
});
