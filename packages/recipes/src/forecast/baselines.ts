import type { Series } from '@unroll/datasets';
import type { ForecastWindows } from './windows.ts';

/** How far off forecasts are, in scaled units: means over all windows, rows of the horizon and columns. */
export interface ForecastErrors {
  /** Mean squared error. */
  readonly mse: number;
  /** Mean absolute error. */
  readonly mae: number;
}

/** Forecasts that need no model. */
export interface Baselines {
  /** The last row goes on for ever. */
  readonly persistence: ForecastErrors;
  /** What was there one season before; absent where there is no season. */
  readonly seasonal?: ForecastErrors;
}

/** A forecast of window `index`: place i of its horizon, row by row. */
export type Forecaster = (index: number) => (i: number) => number;

/** Errors of a forecast over all windows. */
export function errorsOf(windows: ForecastWindows, forecaster: Forecaster): ForecastErrors {
  let [squares, distances, count] = [0, 0, 0];
  for (let index = 0; index < windows.size; index++) {
    const [truth, forecast] = [windows.truth(index), forecaster(index)];
    for (let i = 0; i < truth.length; i++) {
      const error = (truth[i] as number) - forecast(i);
      squares += error * error;
      distances += Math.abs(error);
    }
    count += truth.length;
  }
  return { mse: squares / count, mae: distances / count };
}

/** Both baselines on these windows. `season` 0: none. Rows that lie before the series count as its last known one. */
export function baselinesOf(windows: ForecastWindows, series: Series, targets: readonly string[], season: number): Baselines {
  const width = targets.length;
  const persistence = errorsOf(windows, (index) => {
    const last = windows.last(index);
    return (i) => last[i % width] as number;
  });
  if (season === 0) return { persistence };
  const places = targets.map((name) => series.names.indexOf(name));
  const seasonal = errorsOf(windows, (index) => {
    const first = windows.firstRow(index);
    return (i) => {
      const row = first + Math.floor(i / width);
      // As many seasons back as it takes to be among the rows that are known.
      const back = row - season * Math.ceil((row - first + 1) / season);
      return series.values[(back >= 0 ? back : first - 1) * series.names.length + (places[i % width] as number)] as number;
    };
  });
  return { persistence, seasonal };
}

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

/** Rows a season, by the dates: a day of minutes or hours, a week of days, a year of weeks, months or quarters; 0 where that cannot be told. */
export function seasonOf({ times }: Series): number {
  const step = times === undefined ? undefined : medianStep(times);
  if (step === undefined || step < minute) return 0;
  if (step <= 12 * hour) return day % step === 0 ? day / step : 0;
  if (step === day) return 7;
  if (step === 7 * day) return 52;
  if (step >= 28 * day && step <= 31 * day) return 12;
  return step >= 89 * day && step <= 92 * day ? 4 : 0;
}

/** Milliseconds from row to row. */
export function medianStep(times: Float64Array): number | undefined {
  const steps = Array.from({ length: times.length - 1 }, (_, k) => (times[k + 1] as number) - (times[k] as number)).sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)];
}
