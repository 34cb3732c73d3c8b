import { keep, scope } from '@unroll/tensor';
import { breather } from '@unroll/train';
import { evaluating, type Measured } from '../learning.ts';
import { passOver } from '../sequence/batches.ts';
import { answers } from '../sequence/evaluate.ts';
import type { SequenceModel } from '../sequence/model.ts';
import { intervalsOf, type Intervals } from './intervals.ts';
import type { Baselines, ForecastErrors } from './baselines.ts';
import type { ForecastWindows } from './windows.ts';

/** How well a model forecasts. Errors are in scaled units, in which columns of different sizes count alike. */
export interface ForecastEvaluation extends Measured, ForecastErrors {
  /** `mse`. */
  readonly loss: number;
  /** Numbers that were told: windows × rows × columns. */
  readonly predictions: number;
  /** The same, of who does not learn. */
  readonly baselines: Baselines;
  /** Column by column, in the units of the series: the mean absolute error, and the root of the mean squared one. */
  readonly columns: readonly { readonly name: string; readonly mae: number; readonly rmse: number }[];
  /** On the tested part: the share of the numbers that was inside of each interval. */
  readonly covered?: readonly { readonly coverage: number; readonly share: number }[];
}


/** Errors, what was there less what was told, of all windows: [N, H · O] in scaled units. */
export async function forecastErrors(model: SequenceModel, windows: ForecastWindows, { batch = 256 }: { readonly batch?: number } = {}): Promise<Float32Array> {
  const places = windows.shape.targetSize;
  const errors = new Float32Array(windows.size * places);
  const breathe = breather();
  await evaluating(model, async () => {
    for (const { indices, item } of passOver(windows, batch)) {
      const output = scope(() => keep(answers(model, item)));
      try {
        const told = await output.data();
        // Differences of differences: whatever both are relative to is gone.
        indices.forEach((index, row) => {
          for (let i = 0; i < places; i++) errors[index * places + i] = (item.targets[row * places + i] as number) - (told[row * places + i] as number);
        });
      } finally {
        output.dispose();
      }
      await breathe();
    }
  });
  return errors;
}

/** Means of errors, and of each column in the units of the series. */
export function summaryOf(errors: Float32Array, names: readonly string[], scales: readonly number[]): Omit<ForecastEvaluation, 'baselines'> {
  const sums = names.map(() => ({ squares: 0, distances: 0 }));
  errors.forEach((error, i) => {
    const sum = sums[i % names.length] as (typeof sums)[number];
    sum.squares += error * error;
    sum.distances += Math.abs(error);
  });
  const each = errors.length / names.length;
  const mse = sums.reduce((total, { squares }) => total + squares, 0) / errors.length;
  const mae = sums.reduce((total, { distances }) => total + distances, 0) / errors.length;
  const columns = sums.map(({ squares, distances }, c) => ({ name: names[c] as string, mae: (distances / each) * (scales[c] as number), rmse: Math.sqrt(squares / each) * (scales[c] as number) }));
  return { loss: mse, mse, mae, predictions: errors.length, columns };
}

/** Intervals from errors of windows that were not learnt from. */
export function calibrated(errors: Float32Array, places: number): Intervals {
  return intervalsOf(errors.map(Math.abs), places);
}

/** Which share of the errors lies inside of each interval. */
export function coveredBy(errors: Float32Array, { coverages, halfWidths }: Intervals): { readonly coverage: number; readonly share: number }[] {
  return coverages.flatMap((coverage, k) => {
    const widths = halfWidths[k] ?? [];
    if (widths.includes(null)) return [];
    const inside = errors.reduce((count, error, i) => count + (Math.abs(error) <= (widths[i % widths.length] as number) ? 1 : 0), 0);
    return [{ coverage, share: inside / errors.length }];
  });
}
