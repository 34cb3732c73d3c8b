import {
  addingTask, dyckTask, echoTask, parityTask, sineTask, temporalOrder6aTask, type TaskDefinition,
} from '@unroll/datasets';
import type { TaskName } from '../../config/config.ts';
import type { RunSpec } from '../protocol.ts';
import { judges, mostSteps, streamOf, type ForecastSeries, type Source } from './source.ts';

type Options = Readonly<Record<string, number>>;
type GeneratedName = Exclude<TaskName, 'airline' | 'text' | 'csv'>;

interface Generated {
  readonly task: TaskDefinition;
  readonly values: (options: Options) => Record<string, number>;
  readonly series?: (options: Options, seed: number) => ForecastSeries;
}

/** Symbols that are asked for in a sequence of the echo. */
const echoed = 10;
const plain = (options: Options): Record<string, number> => ({ ...options });

const generated: Readonly<Record<GeneratedName, Generated>> = {
  'echo': { task: echoTask, values: ({ lag = 10 }) => ({ lag, length: lag + echoed }) },
  'adding': { task: addingTask, values: plain },
  'parity': { task: parityTask, values: plain },
  'dyck': { task: dyckTask, values: plain },
  'temporal-order': { task: temporalOrder6aTask, values: plain },
  'sine': { task: sineTask, values: plain, series: sineSeries },
};

/** Data of the tasks with known answers. */
export function generatedSource(name: GeneratedName, { options, batch, seed }: Pick<RunSpec, 'options' | 'batch' | 'seed'>): Source {
  const { task, values, series } = generated[name];
  const given = values(options);
  return {
    shape: task.shape(given),
    batch: (step) => task.generate(streamOf(seed, step), batch, given),
    heldOut: task.generate(streamOf(seed, mostSteps), judges, given),
    baseline: task.baseline(given),
    floor: task.floor(given),
    ...(series === undefined ? {} : { series: series(options, seed) }),
  };
}

const identity = (value: number): number => value;

/** One long wave with noise of the same kind as the sequences, its second half not seen. */
function sineSeries({ period = 20, noise = 0.1, horizon = 5 }: Options, seed: number): ForecastSeries {
  const rng = streamOf(seed, mostSteps + 1);
  const phase = rng.uniform();
  const values = Float64Array.from({ length: Math.ceil(8 * period) }, (_, t) => Math.sin(2 * Math.PI * (t / period + phase)) + noise * rng.normal());
  return { names: ['x'], values, origin: Math.ceil(5 * period), horizon, season: Math.max(1, Math.round(period)), scale: identity, unscale: identity };
}
