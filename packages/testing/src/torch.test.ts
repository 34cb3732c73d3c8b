import { valueAndGrad } from '@unroll/autograd';
import { readSafetensors, toFloat64Array, type SafetensorsFile } from '@unroll/interop';
import { GRU, LSTM, RNN, type ForwardOptions, type RecurrentOptions, type RecurrentState } from '@unroll/layers';
import { add, memory, mul, reference, scope, sum, tensor, use, type Tensor } from '@unroll/tensor';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { torchFixtures } from './fixtures.ts';
import { worstError } from './numbers.ts';

// Every module of PyTorch's that was recorded: outputs, states and all gradients, in float64.

use(reference());

const dtype = 'float64';
const tolerance = 1e-10;

/** Copies in this package; where the environment names a folder of more, those too. */
function files(): string[] {
  const folder = join(process.env['UNROLL_SHARED'] ?? '', 'fixtures/torch');
  const more = process.env['UNROLL_SHARED'] !== undefined && existsSync(folder) ? readdirSync(folder).sort().map((file) => join(folder, file)) : [];
  return [...torchFixtures(), ...more];
}

interface Recorded {
  readonly layer: RNN | LSTM | GRU;
  readonly options: ForwardOptions;
  /** By name: parameters, inputs, results, gradients. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

function layerOf({ metadata }: SafetensorsFile): RNN | LSTM | GRU {
  const flag = (key: string): boolean => metadata.get(key) === 'true';
  const size = (key: string): number => Number(metadata.get(key));
  const options: RecurrentOptions = { numLayers: size('num_layers'), bias: flag('bias'), batchFirst: flag('batch_first'), bidirectional: flag('bidirectional'), projSize: size('proj_size'), dtype };
  const sizes = [size('input_size'), size('hidden_size')] as const;
  switch (metadata.get('mode')) {
    case 'LSTM': return new LSTM(...sizes, options);
    case 'GRU': return new GRU(...sizes, options);
    default: return new RNN(...sizes, { ...options, nonlinearity: metadata.get('nonlinearity') === 'relu' ? 'relu' : 'tanh' });
  }
}

function recorded(file: string): Recorded {
  const contents = readSafetensors(readFileSync(file));
  const lengths = contents.metadata.get('lengths');
  const tensors = Object.fromEntries([...contents.tensors].map(([name, raw]) => [name, tensor(toFloat64Array(raw, name), { shape: raw.shape, dtype })]));
  return { layer: layerOf(contents), tensors, options: lengths === undefined ? {} : { lengths: JSON.parse(lengths) as number[] } };
}

const stateNames = ['h', 'c'];

/** Results and gradients by the names of the file. */
function computed({ layer, options, tensors }: Recorded): Record<string, Tensor> {
  layer.loadStateDict(Object.fromEntries(Object.keys(layer.stateDict()).map((name) => [name, tensors[name] as Tensor])));
  const given = Object.fromEntries(['input', ...stateNames.map((name) => `${name}0`)].flatMap((name) => (tensors[name] === undefined ? [] : [[name, tensors[name]]])));
  const states = stateNames.flatMap((name) => given[`${name}0`] ?? []);
  const { aux, gradients } = valueAndGrad({ parameters: () => ({ ...layer.parameters(), ...given }) }, () => {
    const [output, state] = (layer as { forward(input: Tensor, state: RecurrentState | undefined, options: ForwardOptions): readonly [Tensor, RecurrentState] })
      .forward(given['input'] as Tensor, states.length === 0 ? undefined : states.length === 1 ? states[0] : states, options);
    const after: readonly Tensor[] = Array.isArray(state) ? state : [state];
    const results: Record<string, Tensor> = { output, ...Object.fromEntries(after.map((one, k) => [`${stateNames[k]}_n`, one])) };
    const terms = Object.entries(results).map(([name, result]) => sum(mul(result, tensors[`grad_${name}`] as Tensor)));
    return [terms.reduce((total, term) => add(total, term)), results] as const;
  })();
  return { ...aux, ...Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [`grad.${name}`, gradient])) };
}

test.each(files().map((file) => [basename(file, '.safetensors'), file] as const))('%s is what PyTorch computes, with all gradients', async (_, file) => {
  const before = memory();
  const { record, results } = scope(() => {
    const record = recorded(file);
    return { record, results: computed(record) };
  });
  const expected = Object.keys(record.tensors).filter((name) => name.startsWith('grad.') || ['output', 'h_n', 'c_n'].includes(name));
  expect(Object.keys(results).sort()).toEqual(expected.sort());
  const errors: [name: string, error: number][] = [];
  for (const name of expected) {
    const [want, got] = [record.tensors[name] as Tensor, results[name] as Tensor];
    errors.push([name, String(got.shape) === String(want.shape) ? worstError(await want.data(), await got.data()) : Infinity]);
  }
  expect(errors.filter(([, error]) => !(error < tolerance))).toEqual([]);
  for (const one of [record.layer, ...Object.values(record.tensors), ...Object.values(results)]) one.dispose();
  expect(memory()).toEqual(before);
});
