import { ignored, type SequenceKind } from '../sequences.ts';
import { batchOf, randomIds, taskOptions, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'step' };

/**
 * Parity: y(t) = x(0) xor ... xor x(t) for random bits. Minsky and Papert 1969 ("Perceptrons"); for recurrent networks Bengio and
 * Frasconi 1994 and Hochreiter and Schmidhuber 1996 (NIPS 9), who ask once, at the end,
 * which is much harder: `every` 0. With `every` 1 each step is asked.
 *
 * Without memory the first step alone can be known: (T - 1) / T ln 2, or ln 2 where only the end is asked.
 */
export const parityTask: TaskDefinition<'length' | 'every'> = {
  name: 'parity',
  description: 'Tell whether the ones so far are odd in number.',
  source: 'Minsky and Papert 1969; asked at the end in Hochreiter and Schmidhuber 1996',
  kind,
  options: {
    length: { default: 20, min: 2, max: 2000, integer: true, about: 'steps of a sequence' },
    every: { default: 1, min: 0, max: 1, integer: true, about: '1 asks at each step, 0 only at the end' },
  },
  shape: () => ({ ...kind, inputSize: 2, targetSize: 2, inputSymbols: ['0', '1'], targetSymbols: ['even', 'odd'] }),
  generate: (rng, batch, values) => {
    const { length, every } = taskOptions(parityTask, values);
    const inputs = randomIds(rng, length * batchOf('parity', batch), 2);
    const targets = inputs.slice();
    for (let place = batch; place < targets.length; place++) targets[place] = (targets[place] as number) ^ (targets[place - batch] as number);
    const layout = { inputs, inputShape: [length, batch], targets, targetShape: [length, batch] };
    if (every === 1) return layout;
    const unasked = (length - 1) * batch;
    return { ...layout, targets: targets.fill(ignored, 0, unasked), mask: new Float32Array(length * batch).fill(1, unasked) };
  },
  baseline: (values) => {
    const { length, every } = taskOptions(parityTask, values);
    return Math.LN2 * (every === 1 ? (length - 1) / length : 1);
  },
  floor: () => 0,
};
