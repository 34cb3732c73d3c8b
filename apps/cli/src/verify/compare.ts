import type { Named, Values } from './reference.ts';

/** How far numbers are from those they should be. */
export interface Deviation {
  /** Largest |a - b|. */
  readonly abs: number;
  /** Largest |a - b| relative to the largest |b| of the same tensor. */
  readonly rel: number;
  /** Largest |a - b| / max(1, |b|), which is what a tolerance bounds: absolute, or relative where the value is above 1. */
  readonly mixed: number;
  /** The tensor in which `mixed` was largest. */
  readonly worst: string;
}

/** Numbers to be compared, by the names of the expected ones. */
export type Actual = ReadonlyMap<string, ArrayLike<number>>;

/** The largest deviation over all tensors. Anything that is not a number, or is not there, is infinitely far. */
export function compareAll(expected: Named, actual: Actual): Deviation {
  let largest: Deviation = { abs: 0, rel: 0, mixed: 0, worst: '' };
  for (const [name, values] of expected) {
    const one = compare(name, values, actual.get(name) ?? []);
    largest = {
      abs: Math.max(largest.abs, one.abs),
      rel: Math.max(largest.rel, one.rel),
      mixed: Math.max(largest.mixed, one.mixed),
      worst: one.mixed >= largest.mixed ? name : largest.worst,
    };
  }
  return largest;
}

function compare(worst: string, { data }: Values, actual: ArrayLike<number>): Deviation {
  if (actual.length !== data.length) return { abs: Infinity, rel: Infinity, mixed: Infinity, worst };
  let [abs, mixed, scale] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 1) {
    const expected = data[i] as number;
    const error = distance(actual[i] as number, expected);
    abs = Math.max(abs, error);
    mixed = Math.max(mixed, error === Infinity ? error : error / Math.max(1, Math.abs(expected)));
    scale = Math.max(scale, Math.abs(expected));
  }
  return { abs, rel: abs === 0 || abs === Infinity ? abs : abs / (scale || 1), mixed, worst };
}

// Math.max would pass NaN on, and NaN > tolerance is false: it must not slip through as agreement.
function distance(actual: number, expected: number): number {
  const error = Math.abs(actual - expected);
  return Number.isNaN(error) ? Infinity : error;
}

/** Relative errors of a training at one step. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
}

/** How well a training follows its reference. */
export interface CurveDeviation {
  /** Largest errors of any step, relative ones each to its own value. */
  readonly loss: Pick<Deviation, 'abs' | 'rel'>;
  readonly gradNorm: Pick<Deviation, 'abs' | 'rel'>;
  /** At steps 1, 50 and the last. */
  readonly points: readonly CurvePoint[];
  /** The largest relative error over the first 50 steps. */
  readonly early: number;
  /** That of the last step. */
  readonly last: number;
}

/** Two values of every step. */
export interface Curve {
  readonly loss: ArrayLike<number>;
  readonly gradNorm: ArrayLike<number>;
}

/** Steps at which errors have hardly had time to grow. */
export const earlySteps = 50;

/** |a - b| / |b| of loss and gradient norm, step by step. */
export function compareCurves(expected: Curve, actual: Curve): CurveDeviation {
  const points = Array.from({ length: expected.loss.length }, (_, k) => ({
    step: k + 1,
    loss: relative(actual.loss[k], expected.loss[k]),
    gradNorm: relative(actual.gradNorm[k], expected.gradNorm[k]),
  }));
  const shown = [...new Set([1, earlySteps, points.length])];
  return {
    loss: largest(expected.loss, actual.loss),
    gradNorm: largest(expected.gradNorm, actual.gradNorm),
    points: points.filter(({ step }) => shown.includes(step)),
    early: worst(points.slice(0, earlySteps)),
    last: worst(points.slice(-1)),
  };
}

function largest(expected: ArrayLike<number>, actual: ArrayLike<number>): { abs: number; rel: number } {
  const steps = Array.from({ length: expected.length }, (_, k) => k);
  return {
    abs: Math.max(...steps.map((k) => distance(actual[k] ?? NaN, expected[k] as number))),
    rel: Math.max(...steps.map((k) => relative(actual[k], expected[k]))),
  };
}

function relative(actual = NaN, expected = NaN): number {
  const error = distance(actual, expected);
  return error === 0 || error === Infinity ? error : error / (Math.abs(expected) || 1);
}

function worst(points: readonly CurvePoint[]): number {
  return Math.max(...points.map(({ loss, gradNorm }) => Math.max(loss, gradNorm)));
}
