import { readFileSync } from 'node:fs';
import { cellFromText, cells, stepOf, type Cell, type CellName } from '@unroll/cells';
import { readOnnx, writeOnnx, type ExchangedNetwork, type ExchangedTensor, type RecurrentLayer } from '@unroll/interop';
import { Embedding, Linear, Recurrent } from '@unroll/layers';
import { reference, tensor, use, type Tensor } from '@unroll/tensor';
import * as runtime from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';

const [T, B, I, H] = [5, 3, 4, 6];

beforeAll(() => {
  use(reference());
  runtime.env.wasm.numThreads = 1;
  runtime.env.logLevel = 'error';
});

interface Options { readonly numLayers?: number; readonly bidirectional?: boolean; readonly bias?: boolean; readonly projSize?: number }

async function exchanged(cell: Cell, options: Options = {}): Promise<{ module: Recurrent; layer: RecurrentLayer }> {
  const sizes = { inputSize: cell.inputGates.length === 0 ? H : I, hiddenSize: H };
  const module = new Recurrent(cell, sizes.inputSize, H, options);
  return { module, layer: { kind: 'recurrent', cell, ...sizes, ...options, parameters: await parametersOf(module) } };
}
async function parametersOf(module: { stateDict(): Readonly<Record<string, Tensor>> }): Promise<Record<string, ExchangedTensor>> {
  return Object.fromEntries(await Promise.all(Object.entries(module.stateDict()).map(async ([name, value]) => [name, { shape: value.shape, data: Float32Array.from(await value.data()) }] as const)));
}
function waves(...shape: number[]): ExchangedTensor {
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(1.7 * k + 0.3)) };
}
function load({ shape, data }: ExchangedTensor): Tensor {
  return tensor(data, { shape });
}
async function run(file: Uint8Array, inputs: Readonly<Record<string, ExchangedTensor>>): Promise<Readonly<Record<string, runtime.Tensor>>> {
  const session = await runtime.InferenceSession.create(file);
  return await session.run(Object.fromEntries(Object.entries(inputs).map(([name, { shape, data }]) => [name, new runtime.Tensor('float32', data, shape)])));
}
async function expectSame(actual: runtime.Tensor | undefined, expected: Tensor, digits = 5): Promise<void> {
  expect(actual?.dims).toEqual(expected.shape);
  const [a, e] = [[...((actual?.data ?? []) as Float32Array)], [...(await expected.data())]];
  expect(Math.max(...a.map((value, k) => Math.abs(value - (e[k] as number))))).toBeLessThan(10 ** -digits);
}

const own = cellFromText(`
  name own
  state h, m
  vector p
  a = sigmoid(W_a x + R_a h)
  m = a * m + (1 - a) * softsign(W_b x + p * m)
  h = select(less(m, 0), m / 2, tanh(m) + min(m, abs(h)))
`);

describe('a network of ours in ONNX Runtime', () => {
  const variants: Readonly<Record<string, Options>> = {
    'one layer': {}, 'two layers, both directions': { numLayers: 2, bidirectional: true }, 'no bias': { bias: false },
  };
  for (const [name, cell] of [...Object.entries(cells), ['own', own] as const]) {
    for (const [form, options] of Object.entries(variants)) {
      test(`${name}, ${form}: outputs and states from a state that is given`, async () => {
        const { module, layer } = await exchanged(cell, options);
        const rows = (options.numLayers ?? 1) * (options.bidirectional === true ? 2 : 1);
        const [x, initial] = [waves(T, B, layer.inputSize), cell.state.map(() => waves(rows, B, H))];
        const file = writeOnnx({ layers: [layer] }, { states: true });
        const results = await run(file, { input: x, ...Object.fromEntries(cell.state.map((state, k) => [`${state}0`, initial[k] as ExchangedTensor])) });
        const [y, last] = module.forward(load(x), initial.map(load));
        await expectSame(results['output'], y);
        for (const [k, state] of cell.state.entries()) await expectSame(results[`${state}n`], ('shape' in last ? [last] : last)[k] as Tensor);
      });
    }
    test(`${name}: from states of zero, for other lengths and batches`, async () => {
      const { module, layer } = await exchanged(cell);
      const x = waves(T + 3, 1, layer.inputSize);
      await expectSame((await run(writeOnnx({ layers: [layer] }), { input: x }))['output'], module.forward(load(x))[0]);
    });
  }

  test('an LSTM with a projection, which has no operator, becomes a Scan', async () => {
    const { module, layer } = await exchanged(cells.lstm, { projSize: 2, numLayers: 2 });
    const x = waves(T, B, I);
    await expectSame((await run(writeOnnx({ layers: [layer] }), { input: x }))['output'], module.forward(load(x))[0]);
  });

  test('embedding, recurrent stack and linear layer: ids in, scores out', async () => {
    const [embedding, head] = [new Embedding(7, I), new Linear(H, 7)];
    const { module, layer } = await exchanged(cells.gru, { numLayers: 2 });
    const network = await languageModel(embedding, layer, head);
    const ids = [1, 6, 0, 3, 2, 5];
    const session = await runtime.InferenceSession.create(writeOnnx(network));
    const result = await session.run({ input: new runtime.Tensor('int64', ids, [3, 2]) });
    const expected = head.forward(module.forward(embedding.forward(tensor(Int32Array.from(ids), { shape: [3, 2] })))[0]);
    await expectSame(result['output'], expected);
  });
});

async function languageModel(embedding: Embedding, layer: RecurrentLayer, head: Linear): Promise<ExchangedNetwork> {
  const [{ weight: table }, { weight, bias }] = [await parametersOf(embedding), await parametersOf(head)];
  return { layers: [{ kind: 'embedding', weight: table as ExchangedTensor }, layer, { kind: 'linear', weight: weight as ExchangedTensor, bias: bias as ExchangedTensor }] };
}

describe('there and back', () => {
  const native: readonly CellName[] = ['rnn', 'rnn-relu', 'lstm', 'gru', 'gru-original', 'lstm-peephole'];
  for (const name of native) {
    for (const options of [{}, { numLayers: 2, bidirectional: true }, { bias: false, numLayers: 3 }]) {
      test(`${name} ${JSON.stringify(options)}: every number comes back under its name`, async () => {
        const { layer } = await exchanged(cells[name], options);
        const [back, ...others] = readOnnx(writeOnnx({ layers: [layer] })).layers;
        expect(others).toEqual([]);
        expect(back).toEqual({ numLayers: 1, bidirectional: false, bias: true, ...layer });
      });
    }
  }

  test('a language model with its metadata', async () => {
    const { layer } = await exchanged(cells.lstm, { numLayers: 2 });
    const network = await languageModel(new Embedding(7, I), layer, new Linear(H, 7));
    const { layers, metadata } = readOnnx(writeOnnx(network, { metadata: { alphabet: 'abcdefg' } }));
    expect(layers).toEqual(network.layers.map((one) => (one.kind === 'recurrent' ? { bidirectional: false, bias: true, ...one } : one)));
    expect(metadata).toEqual({ alphabet: 'abcdefg' });
  });

  test('a cell without an operator goes out, but does not come back', async () => {
    const { layer } = await exchanged(cells.mgu);
    expect(() => readOnnx(writeOnnx({ layers: [layer] }))).toThrow(/computes (Expand|Scan|Gather)/);
  });
});

test('a cell that only bears the name of another one is written by its equations', async () => {
  const impostor = { ...cells.rnn, name: 'lstm' };
  const { layer } = await exchanged(impostor);
  expect(readOnnx(writeOnnx({ layers: [layer] })).layers[0]).toMatchObject({ kind: 'recurrent', cell: { name: 'rnn' } });
  const gate = { ...own, name: 'gru' };
  const text = new TextDecoder('latin1').decode(writeOnnx({ layers: [(await exchanged(gate)).layer] }));
  expect(text).toContain('Scan');
  expect(text).not.toContain('GRU');
  expect(stepOf(gate, { inputSize: I, hiddenSize: H, bias: true }).states).toHaveLength(2);
});

test('damaged files are refused with a sentence, whatever byte is hit', async () => {
  const { layer } = await exchanged(cells.lstm);
  const file = writeOnnx({ layers: [layer] });
  expect(() => readOnnx(file.slice(0, file.length - 40))).toThrow(/^onnx: /);
  expect(() => readOnnx(new Uint8Array())).toThrow(/has no graph/);
  for (let at = 0; at < 400; at++) {
    const broken = file.slice();
    broken[at] = (broken[at] as number) ^ 0xff;
    try {
      readOnnx(broken);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ExchangeError' });
    }
  }
});

test('what is missing or has another shape is named', async () => {
  const { layer } = await exchanged(cells.gru);
  const { weight_hh_l0: gone, ...rest } = layer.parameters;
  expect(gone).toBeDefined();
  expect(() => writeOnnx({ layers: [{ ...layer, parameters: rest }] })).toThrow('gru: the parameter "weight_hh_l0" is missing; there are weight_ih_l0, bias_ih_l0, bias_hh_l0.');
  expect(() => writeOnnx({ layers: [{ ...layer, hiddenSize: 5 }] })).toThrow('gru: "weight_ih_l0" must have shape (15, 4), got (18, 4).');
  expect(() => writeOnnx({ layers: [] })).toThrow('onnx: the network has no layers.');
});

interface Exported { readonly kind: string; readonly onnx: string; readonly parameters: Readonly<Record<string, readonly number[]>> }
const { cases: exports } = JSON.parse(readFileSync(new URL('../fixtures/onnx.json', import.meta.url), 'utf8')) as { cases: readonly Exported[] };

test.each(exports)("a model that PyTorch exported: $kind, every number where its state_dict has it", ({ kind, onnx, parameters }) => {
  const [embedding, rnn, head] = readOnnx(Buffer.from(onnx, 'base64')).layers;
  expect(rnn).toMatchObject({ kind: 'recurrent', cell: { name: kind === 'RNN' ? 'rnn-relu' : kind.toLowerCase() }, inputSize: 3, hiddenSize: 2, numLayers: 2, bidirectional: kind === 'GRU' });
  const found = {
    ...(embedding?.kind === 'embedding' ? { 'embedding.weight': embedding.weight } : {}),
    ...(rnn?.kind === 'recurrent' ? Object.fromEntries(Object.entries(rnn.parameters).map(([name, value]) => [`rnn.${name}`, value])) : {}),
    ...(head?.kind === 'linear' ? { 'head.weight': head.weight, ...(head.bias === undefined ? {} : { 'head.bias': head.bias }) } : {}),
  };
  expect(Object.keys(found).sort()).toEqual(Object.keys(parameters).sort());
  expect(Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, [...data]]))).toEqual(Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, values.map(Math.fround)])));
});
