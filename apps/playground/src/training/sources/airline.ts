import { airlinePassengers, type SequenceBatch } from '@unroll/datasets';
import type { RunSpec } from '../protocol.ts';
import { judges, mostSteps, streamOf, type Source } from './source.ts';
import { rowWindows } from './windows.ts';

/** Months that are learnt from: the eight first years of twelve. */
const trained = 96;
/** The month with which the forecast begins: January 1959. */
const origin = 120;
const year = 12;

/**
 * Airline passengers (Box and Jenkins 1970, series G): from the growth of the months so far against the same months a year before, that of the
 * next one. Growth in logarithms, because the numbers grow by shares and leave the range of what was learnt; against the year before, because
 * the season is known then, and what is left to learn is what the naive forecast lacks.
 */
export function airlineSource({ options, batch, seed }: Pick<RunSpec, 'options' | 'batch' | 'seed'>): Source {
  const { length = 24 } = options;
  const { names, values, times } = airlinePassengers();
  const logarithms = Float64Array.from(values, Math.log);
  const growth = logarithms.map((value, month) => value - (logarithms[month - year] ?? value));
  const moments = momentsOf(growth.subarray(year, trained));
  const rows = growth.map((value) => (value - moments.mean) / moments.deviation);
  const draw = (step: number, count: number, from: number, to: number): SequenceBatch => {
    const rng = streamOf(seed, step);
    return rowWindows({ values: rows, width: 1 }, Array.from({ length: count }, () => from + rng.integer(to - from - length)), length);
  };
  return {
    shape: { inputs: 'values', targets: 'regression', per: 'step', inputSize: 1, targetSize: 1 },
    batch: (step) => draw(step, batch, year, trained),
    heldOut: draw(mostSteps, judges, trained, rows.length),
    baseline: linearResidual(rows.subarray(trained, -1), rows.subarray(trained + 1)),
    floor: 0,
    series: { names, values, origin, unseen: origin - trained, horizon: 1, season: year, differences: { lag: year, ...moments }, scale: Math.log, unscale: Math.exp, ...(times === undefined ? {} : { times }) },
  };
}

function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

/** Mean squared error of the best linear function of the present value. */
function linearResidual(present: Float64Array, next: Float64Array): number {
  const [x, y] = [momentsOf(present), momentsOf(next)];
  const joint = present.reduce((sum, value, k) => sum + (value - x.mean) * ((next[k] as number) - y.mean), 0) / present.length;
  return y.deviation ** 2 - (joint / x.deviation) ** 2;
}
