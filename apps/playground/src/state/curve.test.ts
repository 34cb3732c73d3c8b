import { describe, expect, it } from 'vitest';
import type { Progress } from '../training/protocol.ts';
import { Curve } from './curve.ts';

const report = (from: number, losses: readonly number[]): Progress => {
  const none = new Float32Array(losses.length).fill(NaN);
  return { step: from + losses.length, losses: Float32Array.from(losses), gradNorms: none, scores: none, heldOut: none, stepsPerSecond: 1 };
};

describe('Curve', () => {
  it('keeps steps as they are while there is room', () => {
    const curve = new Curve(8);
    curve.add(report(0, [5, 4]));
    curve.add(report(2, [3]));
    expect([curve.values('loss'), curve.values('score'), curve.width, curve.last('loss')]).toEqual([[5, 4, 3], [null, null, null], 1, 3]);
  });

  it('holds means over ever more steps in the same room', () => {
    const curve = new Curve(8);
    for (let k = 0; k < 1000; k++) curve.add(report(k, [k]));
    expect([curve.width, curve.steps]).toEqual([128, 1000]);
    const values = curve.values('loss');
    expect(values).toHaveLength(8);
    expect(values[0]).toBe(63.5);
    expect(values.at(-1)).toBe((896 + 999) / 2);
    expect(curve.values('loss', 256)[0]).toBe(127.5);
  });

  it('can be copied and cut', () => {
    const curve = new Curve(8);
    curve.add(report(0, [1, 2, 3, 4]));
    const ghost = curve.copy();
    curve.cut(2);
    curve.add(report(2, [9]));
    expect([curve.values('loss'), ghost.values('loss')]).toEqual([[1, 2, 9], [1, 2, 3, 4]]);
  });
});
