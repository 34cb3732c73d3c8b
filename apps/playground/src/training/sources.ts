import {
  addingTask, airlineTask, dyckTask, echoTask, parityTask, Rng, sineTask, temporalOrder6aTask, type SequenceBatch, type SequenceShape, type TaskDefinition,
} from '@unroll/datasets';
import type { TaskName } from '../config/config.ts';
import type { RunSpec } from './protocol.ts';

/** Sequences to learn from. Batch k depends on the seed and on k alone, so that every model sees the same and a run can go back. */
export interface Source {
  readonly shape: SequenceShape;
  /** The batch of training step k, from 0. */
  batch(step: number): SequenceBatch;
  /** Sequences that are never learnt from. */
  readonly heldOut: SequenceBatch;
  /** The loss of who remembers nothing, and the loss that nobody can beat. */
  readonly baseline: number;
  readonly floor: number;
}

/** Sequences by which models are judged. */
const judges = 64;
/** More training steps than anybody waits for; what is held out is drawn from behind them. */
const mostSteps = 2 ** 22;

/** The data of a run. */
export async function sourceOf(spec: RunSpec): Promise<Source> {
  const generated = generators[spec.task];
  return generated === undefined ? await Promise.reject(new Error(`${spec.task} has no data yet`)) : taskSource(generated, spec);
}

/** The stream of random numbers of one batch. */
export function streamOf(seed: number, step: number): Rng {
  return new Rng(seed * mostSteps * 2 + step);
}

interface Generated {
  readonly task: TaskDefinition;
  readonly values: (options: RunSpec['options']) => Record<string, number>;
  /** Of the sequences that are held out, where they differ. */
  readonly heldOut?: (options: RunSpec['options']) => Record<string, number>;
}

const plain = (options: RunSpec['options']): Record<string, number> => ({ ...options });

const generators: Readonly<Partial<Record<TaskName, Generated>>> = {
  'echo': { task: echoTask, values: ({ lag = 10 }) => ({ lag, length: Math.max(20, 2 * lag) }) },
  'adding': { task: addingTask, values: plain },
  'parity': { task: parityTask, values: plain },
  'dyck': { task: dyckTask, values: plain },
  'temporal-order': { task: temporalOrder6aTask, values: plain },
  'sine': { task: sineTask, values: plain },
  'airline': { task: airlineTask, values: plain, heldOut: ({ length = 24 }) => ({ length, from: 96, to: 144 }) },
};

function taskSource({ task, values, heldOut = values }: Generated, { options, batch, seed }: RunSpec): Source {
  const given = values(options);
  return {
    shape: task.shape(given),
    batch: (step) => task.generate(streamOf(seed, step), batch, given),
    heldOut: task.generate(streamOf(seed, mostSteps), judges, heldOut(options)),
    baseline: task.baseline(given),
    floor: task.floor(given),
  };
}
