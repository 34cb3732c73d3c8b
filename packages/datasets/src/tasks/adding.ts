import type { SequenceKind } from '../sequences.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'values', targets: 'regression', per: 'sequence' };

/**
 * The adding problem: each step has a value drawn from [0, 1) and a mark; two steps, drawn without replacement, are marked with 1,
 * all others with 0, and the sum of the two marked values is asked for at the end.
 *
 * Hochreiter and Schmidhuber 1997 ("Long Short-Term Memory", experiment 4) with the values and positions of Le, Jaitly and Hinton
 * 2015 (arXiv 1504.00941) and Bai, Kolter and Koltun 2018 (arXiv 1803.01271). Always saying 1 has the variance of a sum of two
 * uniform numbers, 1/6 = 0.1667 (papers print 0.1767). Solved: below 0.01.
 */
export const addingTask: TaskDefinition<'length'> = {
  name: 'adding',
  description: 'Add the two marked numbers of a long row.',
  source: 'Hochreiter and Schmidhuber 1997, experiment 4; values as in arXiv 1803.01271',
  kind,
  options: { length: { default: 50, min: 2, max: 5000, integer: true, about: 'steps of a sequence' } },
  shape: () => ({ ...kind, inputSize: 2, targetSize: 1 }),
  generate: (rng, batch, values) => {
    const { length } = taskOptions(addingTask, values);
    const inputs = new Float32Array(length * batchOf('adding', batch) * 2);
    const targets = new Float32Array(batch);
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) inputs[(t * batch + b) * 2] = rng.uniform();
      const first = rng.integer(length);
      const second = rng.integer(length - 1);
      for (const t of [first, second < first ? second : second + 1]) {
        const place = (t * batch + b) * 2;
        inputs[place + 1] = 1;
        targets[b] = (targets[b] as number) + (inputs[place] as number);
      }
    }
    return { inputs, inputShape: [length, batch, 2], targets, targetShape: [batch, 1] };
  },
  baseline: () => 1 / 6,
  floor: () => 0,
};
