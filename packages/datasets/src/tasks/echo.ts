import { ignored, type SequenceKind } from '../sequences.ts';
import { batchOf, randomIds, taskOptions, unfit, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'step' };

/**
 * Echo with a lag: y(t) = x(t - lag) for symbols drawn evenly and independently; the first `lag` steps are not asked for.
 * The plainest test of memory, used as an introduction at least since Jaeger 2001 ("Short term memory in echo state networks",
 * GMD report 152). Without memory: ln(symbols).
 */
export const echoTask: TaskDefinition<'length' | 'lag' | 'symbols'> = {
  name: 'echo',
  description: 'Say again what was heard some steps ago.',
  source: 'delayed recall as in Jaeger 2001, GMD report 152',
  kind,
  options: {
    length: { default: 40, min: 2, max: 2000, integer: true, about: 'steps of a sequence' },
    lag: { default: 10, min: 1, max: 1000, integer: true, about: 'steps between hearing and saying' },
    symbols: { default: 2, min: 2, max: 64, integer: true, about: 'different symbols' },
  },
  shape: (values) => {
    const { symbols } = taskOptions(echoTask, values);
    const names = Array.from({ length: symbols }, (_, id) => String(id));
    return { ...kind, inputSize: symbols, targetSize: symbols, inputSymbols: names, targetSymbols: names };
  },
  generate: (rng, batch, values) => {
    const { length, lag, symbols } = taskOptions(echoTask, values);
    if (lag >= length) throw unfit('echo', `nothing would be asked with lag ${lag} in ${length} steps; lower the lag or raise the length`);
    const inputs = randomIds(rng, length * batchOf('echo', batch), symbols);
    const asked = lag * batch;
    return {
      inputs,
      inputShape: [length, batch],
      targets: Int32Array.from(inputs, (_, place) => (place < asked ? ignored : (inputs[place - asked] as number))),
      targetShape: [length, batch],
      mask: Float32Array.from(inputs, (_, place) => (place < asked ? 0 : 1)),
    };
  },
  baseline: (values) => Math.log(taskOptions(echoTask, values).symbols),
  floor: () => 0,
};
