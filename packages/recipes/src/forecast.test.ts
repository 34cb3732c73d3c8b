import { Rng, series, type Series } from '@unroll/datasets';
import { reference, use } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { baselinesOf, seasonOf } from './forecast/baselines.ts';
import { coveredBy } from './forecast/evaluate.ts';
import { halfWidthsOf, intervalCoverages, intervalsOf, parseIntervals } from './forecast/intervals.ts';
import { windowsOf } from './forecast/windows.ts';
import { checkpointOf, evaluate, forecast, train, type ForecastRun } from './index.ts';

use(reference());

const hour = 3_600_000;
const hourly = (length: number, value: (t: number) => readonly number[], names = ['a', 'b']): Series =>
  series(names, Float64Array.from(Array.from({ length }, (_, t) => value(t)).flat()), Float64Array.from({ length }, (_, t) => t * hour));

const tiny = { cell: 'gru', hidden: 4, window: 6, horizon: 2, steps: 10, batch: 8, seed: 1 } as const;

async function trained(run: ForecastRun): Promise<ForecastRun> {
  for await (const progress of train(run)) void progress;
  return run;
}

describe('baselines', () => {
  test('the last row goes on, and what was there a season ago comes again, also where the horizon is longer than the season', () => {
    const wave = hourly(60, (t) => [t % 4, 10 * (t % 4)]);
    const windows = windowsOf({ series: wave, columns: { inputs: ['a', 'b'], targets: ['a'] } }, { window: 5, horizon: 6, relative: true }, { from: 20, to: 60 }, 1);
    expect(baselinesOf(windows, wave, ['a'], 4).seasonal).toEqual({ mse: 0, mae: 0 });
    // From the last value v, the six values that follow it, over all four phases.
    const phases = [0, 1, 2, 3].flatMap((v) => [1, 2, 3, 4, 5, 6].map((h) => ((v + h) % 4) - v));
    const { persistence } = baselinesOf(windows, wave, ['a'], 0);
    expect(windows.size % 4).toBe(3);
    expect(Math.abs(persistence.mae - phases.reduce((sum, d) => sum + Math.abs(d), 0) / phases.length)).toBeLessThan(0.1);
    expect(baselinesOf(windows, wave, ['a'], 0).seasonal).toBeUndefined();
  });

  test.each([
    [60_000, 1440], [15 * 60_000, 96], [hour, 24], [24 * hour, 7], [7 * 24 * hour, 52], [30 * 24 * hour, 12], [91 * 24 * hour, 4], [7 * hour, 0], [365 * 24 * hour, 0],
  ])('rows %d ms apart have a season of %d', (step, season) => {
    expect(seasonOf(series(['a'], new Float64Array(9), Float64Array.from({ length: 9 }, (_, t) => t * step)))).toBe(season);
    expect(seasonOf(series(['a'], new Float64Array(9)))).toBe(0);
  });
});

describe('intervals', () => {
  test('reach to the right one of the sorted errors', () => {
    const intervals = intervalsOf(Float32Array.from({ length: 2 * 19 }, (_, i) => (i % 2 === 0 ? 19 - i / 2 : 100)), 2);
    // ⌈20 c⌉ of 1 … 19: 10, 16, 18, 19.
    expect(intervals.halfWidths.map(([first]) => first)).toEqual([10, 16, 18, 19]);
    expect(halfWidthsOf(intervals, 0.9)).toEqual([18, 100]);
    const few = intervalsOf(Float32Array.of(1, 2, 3), 1);
    expect(() => halfWidthsOf(few, 0.9)).toThrow('forecast: 3 windows are too few for intervals of 0.9; choose a smaller one, or hold out more.');
    expect(() => halfWidthsOf(few, 0.7)).toThrow('forecast: there are intervals for 0.5, 0.8, 0.9, 0.95, got 0.7; choose one of them.');
  });

  test('cover what they say of exchangeable errors', () => {
    const rng = new Rng(3);
    const draw = (): Float32Array => Float32Array.from({ length: 3 * 2000 }, (_, i) => rng.normal() * (1 + (i % 3)));
    const covered = coveredBy(draw(), intervalsOf(draw().map(Math.abs), 3));
    expect(covered.map(({ coverage }) => coverage)).toEqual(intervalCoverages);
    for (const { coverage, share } of covered) expect(Math.abs(share - coverage)).toBeLessThan(0.02);
  });

  test('come back from JSON, and damaged ones do not', () => {
    const intervals = intervalsOf(Float32Array.of(1, 2, 3), 1);
    expect(parseIntervals(JSON.parse(JSON.stringify(intervals)), 1)).toEqual(intervals);
    for (const broken of [null, 3, {}, { ...intervals, method: 'guess' }, { ...intervals, halfWidths: [[1]] }, { ...intervals, halfWidths: intervals.halfWidths.map(() => [-1]) }, { ...intervals, coverages: ['a'] }]) {
      expect(() => parseIntervals(broken, 1)).toThrow('checkpoint: its intervals are not rows of 1 numbers; the file is damaged.');
    }
    expect(() => parseIntervals(intervals, 2)).toThrow('rows of 2 numbers');
  });
});

describe('forecast', () => {
  const noise = new Rng(7);
  const waves = hourly(400, (t) => [50 + 10 * Math.sin(t / 3) + 0.3 * noise.normal(), t % 5]);

  test('learns a wave, better than the baselines, in the units of the series', async () => {
    const run = await trained(forecast.create(waves, { ...tiny, hidden: 16, targets: ['a'], lr: 0.02, steps: 250, evaluateEvery: 50, window: 12, horizon: 4 }));
    const { mae, mse, baselines, columns, covered, predictions } = await evaluate(run);
    expect(run.season).toBe(24);
    expect(mae).toBeLessThan(0.4 * baselines.persistence.mae);
    expect(mse).toBeLessThan(0.4 * (baselines.seasonal?.mse ?? 0));
    // 80 tested rows, told by windows that begin in every one of them but the last three.
    expect(predictions).toBe((80 - 3) * 4);
    expect(columns).toEqual([{ name: 'a', mae: expect.closeTo(mae * (run.scaling.columns[0]?.scale ?? 0), 6), rmse: expect.closeTo(Math.sqrt(mse) * (run.scaling.columns[0]?.scale ?? 0), 6) }]);
    expect(covered?.map(({ coverage }) => coverage)).toEqual([0.5, 0.8, 0.9, 0.95]);
    const past = hourly(30, (t) => [50 + 10 * Math.sin(t / 3), t % 5]);
    const [told] = await forecast.predict(run, [past], { coverage: 0.8 });
    expect(told?.names).toEqual(['a']);
    expect([...(told?.times ?? [])]).toEqual([30, 31, 32, 33].map((t) => t * hour));
    told?.values.forEach((value, k) => {
      expect(Math.abs(value - (50 + 10 * Math.sin((30 + k) / 3)))).toBeLessThan(4);
      expect((told.upper?.[k] ?? 0) - value).toBeCloseTo(value - (told.lower?.[k] ?? 0), 6);
    });
    // Where columns stand does not matter, their names do.
    const turned = series(['b', 'a'], Float64Array.from(past.values, (_, i) => past.values[i % 2 === 0 ? i + 1 : i - 1] as number));
    expect((await forecast.predict(run, [turned], { coverage: 0.8 }))[0]?.values).toEqual(told?.values);
  });

  test('knows nothing of the rows that it is measured on: not in what is learnt, nor in the scaling', () => {
    const run = forecast.create(waves, tiny);
    const other = forecast.create({ ...waves, values: waves.values.map((value, i) => (i < 2 * run.split.train.to ? value : -1000 * value)) }, tiny);
    expect(other.scaling).toEqual(run.scaling);
    expect(other.learnt.size).toBe(run.learnt.size);
    for (const index of [0, run.learnt.size - 1]) {
      expect(other.learnt.input(index)).toEqual(run.learnt.input(index));
      expect(other.learnt.target(index)).toEqual(run.learnt.target(index));
    }
    expect([run.split.train.to, run.split.validation.to, run.split.test.to]).toEqual([280, 320, 400]);
  });

  test('relative windows do not see a level, others do', () => {
    const raised = { ...waves, values: waves.values.map((value, i) => value + (i >= 2 * 320 ? 500 : 0)) };
    const inputs = (source: Series, relative: boolean): ArrayLike<number> => {
      const run = forecast.create(source, { ...tiny, relative });
      return windowsOf(run, run.config, { from: 340, to: 360 }, 1).input(10);
    };
    Array.from(inputs(raised, true)).forEach((value, i) => expect(value).toBeCloseTo(inputs(waves, true)[i] as number, 4));
    expect(inputs(raised, false)[0]).toBeGreaterThan((inputs(waves, false)[0] as number) + 10);
  });

  test('what cannot be is refused', async () => {
    const run = forecast.create(waves, { ...tiny, targets: ['a'] });
    await expect(forecast.predict(run, [hourly(3, (t) => [t, t])])).rejects.toThrow('forecast: 6 rows are read, got 3; give a longer series.');
    await expect(forecast.predict(run, [series(['c'], new Float64Array(20))])).rejects.toThrow('forecast: the model needs the columns a, b, the series has c; give it a, b, too.');
    await expect(forecast.predict(run, [series(['a'], new Float64Array(20))])).rejects.toThrow('forecast: the model needs the columns a, b, the series has a; give it b, too.');
    expect(() => forecast.create(waves, { targets: ['c'] })).toThrow('there is no column "c"');
    expect(() => forecast.create(hourly(9, (t) => [t, t]), tiny)).toThrow('are too few for 6 to read and 2 to tell');
    expect(() => forecast.config({ targets: ['a', 'a'] })).toThrow('config: targets must be a list of names of columns, got ["a","a"].');
    expect(() => forecast.config({ horizon: 0 })).toThrow('config: horizon must be a whole number from 1, got 0.');
    const { description, tensors } = checkpointOf(run);
    const json = JSON.parse(JSON.stringify(description)) as Record<string, unknown>;
    const { scaling: _, ...unscaled } = json;
    expect(() => forecast.load(unscaled, tensors)).toThrow('checkpoint: a forecast needs its scaling, got nothing; the file is damaged.');
    expect(() => forecast.load({ ...json, columns: { inputs: ['a'], targets: ['a'] } }, tensors)).toThrow('checkpoint: columns must name what is read and told; the file is damaged.');
    expect(() => forecast.load({ ...json, intervals: 3 }, tensors)).toThrow('checkpoint: its intervals are not rows of 2 numbers');
    expect(() => forecast.resume(hourly(390, (t) => [t, t]), json, tensors)).toThrow('resume: the run was made with 273 sequences and 39 held out');
  });
});
