import type { SequenceKind } from '../sequences.ts';
import { series, type Series } from '../series.ts';
import { batchOf, taskOptions, unfit, type TaskDefinition, type TaskValues } from './definition.ts';
import { linearResidual } from './residual.ts';

const kind: SequenceKind = { inputs: 'values', targets: 'regression', per: 'step' };
// Thousands of passengers a month, a year a row.
const totals = [
  112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
  115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
  145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166,
  171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
  196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201,
  204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
  242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278,
  284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
  315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336,
  340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
  360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405,
  417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
];
// Two thirds, by which the others are scaled.
const trained = 96;

/**
 * Passengers of international airlines, in thousands a month, January 1949 to December 1960: series G of Box and Jenkins 1970
 * ("Time Series Analysis: Forecasting and Control"). 144 values, one column "passengers".
 */
export function airlinePassengers(): Series {
  return series(['passengers'], Float64Array.from(totals), Float64Array.from(totals, (_, month) => Date.UTC(1949, month, 1)));
}

/**
 * Airline passengers: windows of the months [from, to), drawn evenly; at each month the next one is asked for. Values are logarithms,
 * scaled to mean 0 and deviation 1 over the first 96 months, of which windows are made unless told otherwise: evaluate on `from` 96,
 * `to` 144.
 */
export const airlineTask: TaskDefinition<'length' | 'from' | 'to'> = {
  name: 'airline',
  description: 'Forecast the airline passengers of next month.',
  source: 'Box and Jenkins 1970, series G',
  kind,
  options: {
    length: { default: 24, min: 1, max: 143, integer: true, about: 'months of a window' },
    from: { default: 0, min: 0, max: 142, integer: true, about: 'first month, from January 1949' },
    to: { default: trained, min: 2, max: 144, integer: true, about: 'month that is no longer seen or asked for' },
  },
  shape: () => ({ ...kind, inputSize: 1, targetSize: 1 }),
  generate: (rng, batch, values) => {
    const { length, from, to } = checked(values);
    const scaled = scaledTotals();
    const inputs = new Float32Array(length * batchOf('airline', batch));
    const targets = new Float32Array(length * batch);
    for (let b = 0; b < batch; b++) {
      const start = from + rng.integer(to - from - length);
      for (let t = 0; t < length; t++) {
        inputs[t * batch + b] = scaled[start + t] as number;
        targets[t * batch + b] = scaled[start + t + 1] as number;
      }
    }
    return { inputs, inputShape: [length, batch, 1], targets, targetShape: [length, batch, 1] };
  },
  baseline: (values) => {
    const { from, to } = checked(values);
    const scaled = scaledTotals();
    return linearResidual(scaled.subarray(from, to - 1), scaled.subarray(from + 1, to));
  },
  floor: () => 0,
};

function checked(values: TaskValues<'length' | 'from' | 'to'> | undefined): Readonly<Record<'length' | 'from' | 'to', number>> {
  const options = taskOptions(airlineTask, values);
  const { length, from, to } = options;
  if (to - from <= length) throw unfit('airline', `months [${from}, ${to}) are too few for a window of ${length} and the month after it; shorten the window`);
  return options;
}

function scaledTotals(): Float64Array {
  const logarithms = Float64Array.from(totals, Math.log);
  const known = logarithms.subarray(0, trained);
  const mean = known.reduce((sum, value) => sum + value, 0) / trained;
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / trained);
  return logarithms.map((value) => (value - mean) / deviation);
}
