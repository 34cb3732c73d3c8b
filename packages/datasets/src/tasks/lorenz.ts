import { Rng } from '../rng.ts';
import type { SequenceKind } from '../sequences.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';
import { linearResidual } from './residual.ts';

const kind: SequenceKind = { inputs: 'values', targets: 'regression', per: 'step' };
// Standard deviation of x on the attractor, whose mean is 0 by symmetry.
const deviation = 7.92;
// Longest step of the integration, time spent on reaching the attractor, and time over which the baseline is measured.
const finest = 0.01;
const transient = 10;
const measured = 2000;

/**
 * The Lorenz attractor seen from one side: dx/dt = 10 (y - x), dy/dt = x (28 - z) - y, dz/dt = x y - 8/3 z, of which x alone is
 * shown, divided by its standard deviation; at each step x(t + horizon) is asked for. All three coordinates decide what comes, so
 * that the past of x has to stand for the other two (Takens 1981).
 *
 * Lorenz 1963 ("Deterministic nonperiodic flow"). Integrated with the classic fourth-order rule of Runge and Kutta in
 * steps of 0.01 at most. The baseline is that of the best linear guess from x(t), measured on a series of 2,000 units of time.
 */
export const lorenzTask: TaskDefinition<'length' | 'interval' | 'horizon'> = {
  name: 'lorenz',
  description: 'Forecast a chaotic flow of which one coordinate is seen.',
  source: 'Lorenz 1963',
  kind,
  options: {
    length: { default: 100, min: 2, max: 2000, integer: true, about: 'steps of a sequence' },
    interval: { default: 0.05, min: 0.01, max: 0.5, integer: false, about: 'time between two steps' },
    horizon: { default: 5, min: 1, max: 200, integer: true, about: 'steps ahead' },
  },
  shape: () => ({ ...kind, inputSize: 1, targetSize: 1 }),
  generate: (rng, batch, values) => {
    const { length, interval, horizon } = taskOptions(lorenzTask, values);
    const inputs = new Float32Array(length * batchOf('lorenz', batch));
    const targets = new Float32Array(length * batch);
    for (let b = 0; b < batch; b++) {
      const path = trajectory(rng, length + horizon, interval);
      for (let t = 0; t < length; t++) {
        inputs[t * batch + b] = path[t] as number;
        targets[t * batch + b] = path[t + horizon] as number;
      }
    }
    return { inputs, inputShape: [length, batch, 1], targets, targetShape: [length, batch, 1] };
  },
  baseline: (values) => {
    const { interval, horizon } = taskOptions(lorenzTask, values);
    const count = Math.round(measured / interval);
    const path = trajectory(new Rng(0), count + horizon, interval);
    return linearResidual(path.subarray(0, count), path.subarray(horizon));
  },
  floor: () => 0,
};

type Point = readonly [x: number, y: number, z: number];

// From a random point the flow is on the attractor long before the transient is over.
function trajectory(rng: Rng, count: number, interval: number): Float64Array {
  let point: Point = [20 * rng.uniform() - 10, 20 * rng.uniform() - 10, 15 + 20 * rng.uniform()];
  point = advance(point, transient + rng.uniform());
  return Float64Array.from({ length: count }, () => {
    const shown = point[0] / deviation;
    point = advance(point, interval);
    return shown;
  });
}

function advance(start: Point, time: number): Point {
  const steps = Math.ceil(time / finest);
  const h = time / steps;
  let point = start;
  for (let i = 0; i < steps; i++) {
    const a = flow(point);
    const b = flow(along(point, a, h / 2));
    const c = flow(along(point, b, h / 2));
    const d = flow(along(point, c, h));
    point = along(point, [a[0] + 2 * (b[0] + c[0]) + d[0], a[1] + 2 * (b[1] + c[1]) + d[1], a[2] + 2 * (b[2] + c[2]) + d[2]], h / 6);
  }
  return point;
}

function flow([x, y, z]: Point): Point {
  return [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z];
}

function along([x, y, z]: Point, [dx, dy, dz]: Point, h: number): Point {
  return [x + h * dx, y + h * dy, z + h * dz];
}
