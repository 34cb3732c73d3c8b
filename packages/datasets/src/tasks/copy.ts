import type { SequenceKind } from '../sequences.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'step' };

/**
 * Copy memory: `items` symbols are shown, then `delay` - 1 blanks, then a delimiter for `items` + 1 steps. Blanks are to be said all
 * the time but in the last `items` steps, in which the symbols are to be said again, in order. Length: delay + 2 items.
 *
 * Hochreiter and Schmidhuber 1997; in this form Arjovsky, Shah and Bengio 2016 (arXiv 1511.06464) and Bai, Kolter and Koltun 2018
 * (arXiv 1803.01271), with 10 items of 8 symbols. The loss is over all steps; without memory: items ln(symbols) / (delay + 2 items).
 */
export const copyTask: TaskDefinition<'delay' | 'items' | 'symbols'> = {
  name: 'copy',
  description: 'Remember some symbols through a long silence and repeat them in order.',
  source: 'Arjovsky, Shah and Bengio 2016, arXiv 1511.06464; layout of arXiv 1803.01271',
  kind,
  options: {
    delay: { default: 20, min: 1, max: 5000, integer: true, about: 'steps between showing and repeating' },
    items: { default: 10, min: 1, max: 100, integer: true, about: 'symbols to remember' },
    symbols: { default: 8, min: 2, max: 64, integer: true, about: 'different symbols' },
  },
  shape: (values) => {
    const { symbols } = taskOptions(copyTask, values);
    const names = ['_', ...Array.from({ length: symbols }, (_, id) => String(id + 1)), ':'];
    return { ...kind, inputSize: symbols + 2, targetSize: symbols + 1, inputSymbols: names, targetSymbols: names.slice(0, -1) };
  },
  generate: (rng, batch, values) => {
    const { delay, items, symbols } = taskOptions(copyTask, values);
    const length = delay + 2 * items;
    const inputs = new Int32Array(length * batchOf('copy', batch));
    const targets = new Int32Array(length * batch);
    const last = (length - items) * batch;
    for (let place = 0; place < items * batch; place++) {
      inputs[place] = 1 + rng.integer(symbols);
      targets[last + place] = inputs[place] as number;
    }
    inputs.fill(symbols + 1, last - batch);
    return { inputs, inputShape: [length, batch], targets, targetShape: [length, batch] };
  },
  baseline: (values) => {
    const { delay, items, symbols } = taskOptions(copyTask, values);
    return (items * Math.log(symbols)) / (delay + 2 * items);
  },
  floor: () => 0,
};
