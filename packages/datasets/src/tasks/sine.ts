import type { SequenceKind } from '../sequences.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'values', targets: 'regression', per: 'step' };

/**
 * A sine with noise: x(t) = sin(2 pi (t / period + phase)) + noise n(t) with a random phase and normal n; at each step
 * x(t + horizon) is asked for. The textbook series of a forecast; made for this package.
 *
 * The best linear guess from x(t) alone has the error v - (cos(2 pi horizon / period) / 2)^2 / v with the variance
 * v = 1/2 + noise^2; a guess that has found the phase has noise^2.
 */
export const sineTask: TaskDefinition<'length' | 'period' | 'noise' | 'horizon'> = {
  name: 'sine',
  description: 'Forecast a wave through noise.',
  source: 'defined here',
  kind,
  options: {
    length: { default: 60, min: 2, max: 2000, integer: true, about: 'steps of a sequence' },
    period: { default: 20, min: 2, max: 1000, integer: false, about: 'steps of a period' },
    noise: { default: 0.1, min: 0, max: 2, integer: false, about: 'standard deviation of the noise, where the wave goes from -1 to 1' },
    horizon: { default: 5, min: 1, max: 1000, integer: true, about: 'steps ahead' },
  },
  shape: () => ({ ...kind, inputSize: 1, targetSize: 1 }),
  generate: (rng, batch, values) => {
    const { length, period, noise, horizon } = taskOptions(sineTask, values);
    const inputs = new Float32Array(length * batchOf('sine', batch));
    const targets = new Float32Array(length * batch);
    for (let b = 0; b < batch; b++) {
      const phase = rng.uniform();
      for (let t = 0; t < length + horizon; t++) {
        const value = Math.sin(2 * Math.PI * (t / period + phase)) + noise * rng.normal();
        if (t < length) inputs[t * batch + b] = value;
        if (t >= horizon) targets[(t - horizon) * batch + b] = value;
      }
    }
    return { inputs, inputShape: [length, batch, 1], targets, targetShape: [length, batch, 1] };
  },
  baseline: (values) => {
    const { period, noise, horizon } = taskOptions(sineTask, values);
    const variance = 1 / 2 + noise ** 2;
    return variance - (Math.cos((2 * Math.PI * horizon) / period) / 2) ** 2 / variance;
  },
  floor: (values) => taskOptions(sineTask, values).noise ** 2,
};
