import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  cosineAnnealingLR, cosineAnnealingWarmRestarts, exponentialLR, linearLR, multiStepLR, oneCycleLR, ReduceLROnPlateau, scheduleOf, sequentialLR, stepLR, textDefaults, TrainError,
  type Schedule, type ScheduleName,
} from './index.ts';

// Learning rates that PyTorch's schedulers gave (tools/fixtures.py).

type Options = Readonly<Record<string, unknown>>;
interface Fixtures {
  readonly schedules: {
    readonly lr: number;
    readonly cases: readonly { readonly name: string; readonly options: Options; readonly rates: readonly number[] }[];
    readonly sequence: readonly number[];
    readonly plateaus: readonly { readonly options: Options; readonly metrics: readonly number[]; readonly rates: readonly number[] }[];
  };
}
const { schedules: { lr, cases, sequence, plateaus } } = JSON.parse(readFileSync(new URL('../../testing/fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixtures;

// Only the types are lost on the way from JSON.
const kinds: Readonly<Record<string, (lr: number, options: never) => Schedule>> = {
  LinearLR: linearLR, CosineAnnealingLR: cosineAnnealingLR, CosineAnnealingWarmRestarts: cosineAnnealingWarmRestarts, StepLR: stepLR, MultiStepLR: multiStepLR,
  ExponentialLR: exponentialLR, OneCycleLR: oneCycleLR,
};
const camel = (options: Options): Options => Object.fromEntries(Object.entries(options).map(([key, value]) => [key.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()), value]));

function expectRates(got: readonly number[], expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  got.forEach((rate, k) => expect(Math.abs(rate - (expected[k] as number))).toBeLessThanOrEqual(1e-12 * lr));
}

const rates = (schedule: Schedule, count: number): number[] => Array.from({ length: count }, (_, k) => schedule(k + 1));

test.each(cases.map((each) => ({ ...each, label: `${each.name} ${JSON.stringify(each.options)}` })))('$label is that of PyTorch', ({ name, options, rates: expected }) => {
  const { maxLr: _, cycleMomentum: __, ...rest } = camel(options);
  const schedule = kinds[name]?.(lr, rest as never) ?? ((): number => NaN);
  expectRates(rates(schedule, expected.length), expected);
  // A function of the step alone.
  expect(schedule(7)).toBe(schedule(7));
  expect(new Set(cases.map((each) => each.name))).toEqual(new Set(Object.keys(kinds)));
});

test('a sequence is that of PyTorch', () => {
  const parts = [linearLR(lr, { startFactor: 0.1, totalIters: 5 }), cosineAnnealingLR(lr, { tMax: 12 }), exponentialLR(lr, { gamma: 0.9 })];
  expectRates(rates(sequentialLR(parts, [5, 17]), sequence.length), sequence);
});

test('one cycle stays at its end', () => {
  const schedule = oneCycleLR(1, { totalSteps: 10 });
  expect(schedule(10)).toBe(1 / 25 / 1e4);
  expect(schedule(100)).toBe(schedule(10));
  expect(rates(oneCycleLR(1, { totalSteps: 1, pctStart: 1 }), 2)).toEqual([1, 1]);
});

test.each(plateaus.map((each) => ({ ...each, label: JSON.stringify(each.options) })))('plateau $label is that of PyTorch, also from a saved state', ({ options, metrics, rates: expected }) => {
  const plateau = new ReduceLROnPlateau(lr, camel(options));
  expectRates(metrics.map((metric) => plateau.step(metric)), expected);
  const seen: number[] = [];
  let resumed = new ReduceLROnPlateau(lr, camel(options));
  for (const metric of metrics) {
    const saved = JSON.parse(JSON.stringify(resumed.state())) as unknown;
    resumed = new ReduceLROnPlateau(99, camel(options));
    resumed.restore(saved);
    seen.push(resumed.step(metric));
  }
  expectRates(seen, expected);
});

test('a plateau is a part of a sequence', () => {
  const plateau = new ReduceLROnPlateau(1, { factor: 0.5, patience: 0 });
  const schedule = sequentialLR([linearLR(1, { startFactor: 0.5, totalIters: 2 }), plateau.schedule], [2]);
  expect(rates(schedule, 3)).toEqual([0.5, 0.75, 1]);
  plateau.step(1);
  plateau.step(NaN);
  expect(schedule(4)).toBe(0.5);
});

test('a damaged plateau is refused, and the one before stays', () => {
  const plateau = new ReduceLROnPlateau(1);
  plateau.step(3);
  const before = plateau.state();
  expect(() => plateau.restore({ ...before, lr: 'x' })).toThrow('ReduceLROnPlateau: the saved lr must be a number, got "x"; the file is damaged.');
  expect(() => plateau.restore({ ...before, best: undefined })).toThrow('the saved best must be a number, got nothing');
  expect(() => plateau.restore(null)).toThrow('ReduceLROnPlateau: the saved state must be an object, got null');
  expect(plateau.state()).toEqual(before);
});

test.each<[ScheduleName, number, readonly number[]]>([
  ['linear', 0, [1, 0.75, 0.5, 0.25]],
  ['cosine', 0, [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2]],
  ['step', 0, [1, 1, 0.1, 0.1]],
  ['exponential', 0, [1, 0.01 ** 0.25, 0.1, 0.01 ** 0.75]],
  ['plateau', 0, [7, 7, 7, 7]],
  ['constant', 3, [1 / 4, 2 / 4, 3 / 4, 1]],
  ['linear', 2, [1 / 3, 2 / 3, 1, 0.5]],
  ['plateau', 1, [0.5, 7, 7, 7]],
])('the description %s after a warm-up of %i', (schedule, warmup, expected) => {
  const made = scheduleOf({ ...textDefaults, schedule, warmup, lr: 1, steps: 4 }, new ReduceLROnPlateau(7));
  rates(made ?? ((): number => NaN), 4).forEach((rate, k) => expect(rate).toBeCloseTo(expected[k] as number, 12));
});

test('a constant rate is left to the optimiser, and one cycle warms up in itself', () => {
  const plan = { ...textDefaults, lr: 1, steps: 20 };
  expect(scheduleOf(plan, new ReduceLROnPlateau(1))).toBeUndefined();
  const peak = (warmup: number): number => rates(scheduleOf({ ...plan, schedule: 'one-cycle', warmup }, new ReduceLROnPlateau(1)) as Schedule, 20).indexOf(1) + 1;
  expect([peak(0), peak(10)]).toEqual([6, 10]);
});

test.each([
  ['no updates', () => linearLR(1, { totalIters: 0 }), 'linearLR: totalIters must be a whole number from 1, got 0.'],
  ['a negative rate', () => cosineAnnealingLR(-1, { tMax: 3 }), 'cosineAnnealingLR: lr must be a number from 0, got -1.'],
  ['a fraction of a restart', () => cosineAnnealingWarmRestarts(1, { t0: 2, tMult: 1.5 }), 'cosineAnnealingWarmRestarts: tMult must be a whole number from 1, got 1.5.'],
  ['a share above 1', () => oneCycleLR(1, { totalSteps: 3, pctStart: 2 }), 'oneCycleLR: pctStart must be from 0 to 1, got 2.'],
  ['a division by 0', () => oneCycleLR(1, { totalSteps: 3, divFactor: 0 }), 'oneCycleLR: divFactor and finalDivFactor must be above 0, got 0 and 10000.'],
  ['too few milestones', () => sequentialLR([stepLR(1, { stepSize: 1 }), stepLR(1, { stepSize: 1 })], []), 'sequentialLR: 2 schedules take 1 milestones, got 0.'],
  ['no schedules', () => sequentialLR([], []), 'sequentialLR: 0 schedules take -1 milestones, got 0.'],
  ['milestones that fall', () => sequentialLR([() => 1, () => 1, () => 1], [5, 5]), 'sequentialLR: milestones must ascend from 0, got 5, 5.'],
  ['a factor of 1', () => new ReduceLROnPlateau(1, { factor: 1 }), 'ReduceLROnPlateau: factor must be below 1, got 1.'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(TrainError);
});
