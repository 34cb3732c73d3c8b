import type { Rng } from '../rng.ts';
import type { SequenceBatch, SequenceKind, SequenceShape } from '../sequences.ts';
import { batchOf, taskOptions, type TaskDefinition, type TaskOption, type TaskValues } from './definition.ts';

const kind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'sequence' };
const symbols: readonly string[] = ['E', 'B', 'a', 'b', 'c', 'd', 'X', 'Y'];
const options: Readonly<Record<'length', TaskOption>> = {
  length: { default: 100, min: 10, max: 2000, integer: true, about: 'steps of the shortest sequence; the longest has a tenth more' },
};

/**
 * Temporal order, two symbols: a row of distractors a, b, c, d between E and B has an X or a Y at two places; which came in which
 * order is asked for at the end, 4 classes.
 *
 * Hochreiter and Schmidhuber 1997 ("Long Short-Term Memory", experiment 6a): 100 to 110 steps, places drawn from [10, 20] and
 * [50, 60]. Another `length` scales them. Without memory: ln 4. Batches are padded to the longest that can be.
 */
export const temporalOrder6aTask: TaskDefinition<'length'> = {
  name: 'temporal-order-6a',
  description: 'Tell in which order two symbols came among many others.',
  source: 'Hochreiter and Schmidhuber 1997, experiment 6a',
  kind,
  options,
  shape: () => shapeOf(2),
  generate: (rng, batch, values) => generate(temporalOrder6aTask, [0.1, 0.5], rng, batch, values),
  baseline: () => Math.log(4),
  floor: () => 0,
};

/**
 * Temporal order, three symbols: as 6a with three places, 8 classes.
 *
 * Hochreiter and Schmidhuber 1997 (experiment 6b): 100 to 110 steps, places drawn from [10, 20], [33, 43] and [66, 76].
 * Without memory: ln 8.
 */
export const temporalOrder6bTask: TaskDefinition<'length'> = {
  name: 'temporal-order-6b',
  description: 'Tell in which order three symbols came among many others.',
  source: 'Hochreiter and Schmidhuber 1997, experiment 6b',
  kind,
  options,
  shape: () => shapeOf(3),
  generate: (rng, batch, values) => generate(temporalOrder6bTask, [0.1, 0.33, 0.66], rng, batch, values),
  baseline: () => Math.log(8),
  floor: () => 0,
};

function shapeOf(places: number): SequenceShape {
  const classes = Array.from({ length: 2 ** places }, (_, label) =>
    Array.from({ length: places }, (_, i) => ((label >> (places - 1 - i)) & 1 ? 'Y' : 'X')).join(''));
  return { ...kind, inputSize: symbols.length, targetSize: classes.length, inputSymbols: symbols, targetSymbols: classes };
}

// The class is the word of X = 0 and Y = 1 read as a binary number.
function generate(task: TaskDefinition<'length'>, places: readonly number[], rng: Rng, batch: number, values?: TaskValues<'length'>): SequenceBatch {
  const { length } = taskOptions(task, values);
  const span = Math.floor(length / 10);
  const longest = length + span;
  const inputs = new Int32Array(longest * batchOf(task.name, batch));
  const targets = new Int32Array(batch);
  const lengths = Int32Array.from({ length: batch }, () => length + rng.integer(span + 1));
  lengths.forEach((steps, b) => {
    for (let t = 1; t < steps - 1; t++) inputs[t * batch + b] = 2 + rng.integer(4);
    inputs[(steps - 1) * batch + b] = 1;
    for (const place of places) {
      const bit = rng.integer(2);
      inputs[(Math.round(length * place) + rng.integer(span + 1)) * batch + b] = 6 + bit;
      targets[b] = 2 * (targets[b] as number) + bit;
    }
  });
  return { inputs, inputShape: [longest, batch], targets, targetShape: [batch], lengths };
}
