import { defineCell } from '@unroll/cells';
import { add, mul, sigmoid, tanh } from '@unroll/expr';
import { Generator, manualSeed, ones, reference, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { expect, expectTypeOf, test } from 'vitest';
import { Dropout, Embedding, GRU, LayerError, Linear, LSTM, Recurrent, RNN, type LSTMState, type Module } from './index.ts';

use(reference());

const shapesOf = (module: Module): Record<string, readonly number[]> => Object.fromEntries(Object.entries(module.stateDict()).map(([name, { shape }]) => [name, shape]));

test.each([
  { name: 'RNN', make: RNN, gates: 1 },
  { name: 'LSTM', make: LSTM, gates: 4 },
  { name: 'GRU', make: GRU, gates: 3 },
])('$name has the shapes of PyTorch', ({ make: Layer, gates }) => {
  const [I, H] = [3, 5];
  expect(shapesOf(new Layer(I, H, { numLayers: 2, bidirectional: true }))).toEqual(Object.fromEntries(['_l0', '_l0_reverse', '_l1', '_l1_reverse'].flatMap((suffix, k) => [
    [`weight_ih${suffix}`, [gates * H, k < 2 ? I : 2 * H]], [`weight_hh${suffix}`, [gates * H, H]], [`bias_ih${suffix}`, [gates * H]], [`bias_hh${suffix}`, [gates * H]],
  ])));
  expect(Object.keys(shapesOf(new Layer(I, H, { bias: false })))).toEqual(['weight_ih_l0', 'weight_hh_l0']);
});

const everything = async (module: Module): Promise<number[]> => (await Promise.all(Object.values(module.stateDict()).map((value) => value.data()))).flatMap((data) => [...data]);

test('recurrent layers start from U(-1/sqrt(H), 1/sqrt(H))', async () => {
  const values = await everything(new LSTM(20, 16, { generator: new Generator(1) }));
  expectUniform(values, 0.25);
});

test('Linear starts from U(-1/sqrt(in), 1/sqrt(in)), weight and bias', async () => {
  const layer = new Linear(16, 300, { generator: new Generator(2) });
  expectUniform([...(await layer.weight.data())], 0.25);
  expectUniform([...((await layer.bias?.data()) ?? [])], 0.25);
});

test('Embedding starts from N(0, 1)', async () => {
  const values = [...(await new Embedding(100, 50, { generator: new Generator(3) }).weight.data())];
  expect(values).toHaveLength(5000);
  expect(Math.abs(mean(values))).toBeLessThan(0.06);
  expect(Math.abs(mean(values.map((v) => v * v)) - 1)).toBeLessThan(0.1);
  expect(Math.max(...values)).toBeGreaterThan(2.5);
});

test('the same seed gives the same parameters, with a generator or with manualSeed', async () => {
  const seeded = await everything(new GRU(3, 4, { generator: new Generator(5) }));
  expect(await everything(new GRU(3, 4, { generator: new Generator(5) }))).toEqual(seeded);
  expect(await everything(new GRU(3, 4, { generator: new Generator(6) }))).not.toEqual(seeded);
  manualSeed(5);
  expect(await everything(new GRU(3, 4))).toEqual(seeded);
});

test('Linear and Embedding compute', async () => {
  const linear = new Linear(2, 3);
  linear.loadStateDict({ weight: tensor([[1, 2], [3, 4], [5, 6]]), bias: tensor([10, 20, 30]) });
  expect([...(await linear.forward(tensor([[[1, 1]], [[0, 1]]])).data())]).toEqual([13, 27, 41, 12, 24, 36]);
  expect(linear.forward(zeros([4, 7, 2])).shape).toEqual([4, 7, 3]);
  expect(new Linear(2, 3, { bias: false }).bias).toBeUndefined();
  const table = new Embedding(3, 2);
  table.loadStateDict({ weight: tensor([[1, 2], [3, 4], [5, 6]]) });
  expect([...(await table.forward(tensor([[2, 0]], { dtype: 'int32' })).data())]).toEqual([5, 6, 1, 2]);
  expect(() => table.forward(tensor([1]))).toThrow("Embedding: ids must be int32, got float32; convert them with cast(ids, 'int32').");
});

test('Dropout drops with probability p, scales the rest, and only in training', async () => {
  const drop = new Dropout(0.25, { generator: new Generator(4) });
  const x = ones([100, 50]);
  const values = [...(await drop.forward(x).data())];
  const kept = values.filter((value) => value !== 0);
  expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
  expect(Math.abs(kept.length / 5000 - 0.75)).toBeLessThan(0.03);
  expect([...(await drop.forward(x).data())]).not.toEqual(values);
  expect(drop.eval().forward(x)).toBe(x);
  expect(new Dropout(0).forward(x)).toBe(x);
  expect(new Set(await new Dropout(1).forward(x).data())).toEqual(new Set([0]));
  expect(new Dropout().p).toBe(0.5);
});

test('dropout lies between layers, not behind the last, and rests in evaluation', async () => {
  const input = ones([3, 2, 4]);
  const run = async (numLayers: number, dropout: number, training: boolean): Promise<number[]> => {
    const layer = new LSTM(4, 8, { numLayers, dropout, generator: new Generator(9) });
    return [...(await layer.train(training).forward(input)[0].data())];
  };
  expect(await run(1, 0.5, true)).toEqual(await run(1, 0, true));
  expect(await run(2, 0.5, true)).not.toEqual(await run(2, 0, true));
  expect(await run(2, 0.5, true)).toEqual(await run(2, 0.5, true));
  expect(await run(2, 0.5, false)).toEqual(await run(2, 0, true));
});

test('a cell of one\'s own runs in Recurrent: two states, a vector, a gate without recurrent weight', () => {
  const cell = defineCell({
    name: 'own', source: 'test', state: ['s', 'm'], gates: ['a', 'b'], vectors: ['p'],
    step({ W, R, v }, { s, m }) {
      const b = sigmoid(add(W.b, mul(v.p, m)));
      const next = add(mul(b, m), tanh(add(W.a, R.a(s))));
      return { s: tanh(next), m: next };
    },
  });
  const layer = new Recurrent(cell, 3, 4, { numLayers: 2, bidirectional: true });
  expect(shapesOf(new Recurrent(cell, 3, 4))).toEqual({ weight_ih_l0: [8, 3], weight_hh_l0: [4, 4], bias_ih_l0: [8], bias_hh_l0: [4], p_l0: [4] });
  const [output, state] = layer.forward(zeros([5, 2, 3]));
  expect(output.shape).toEqual([5, 2, 8]);
  expect((state as readonly Tensor[]).map(({ shape }) => shape)).toEqual([[4, 2, 4], [4, 2, 4]]);
  expect(layer.forward(zeros([5, 2, 3]), state)[0].shape).toEqual([5, 2, 8]);
});

test('states have the types of their cells', () => {
  expectTypeOf<ReturnType<LSTM['forward']>>().toEqualTypeOf<readonly [output: Tensor, state: LSTMState]>();
  expectTypeOf<ReturnType<GRU['forward']>>().toEqualTypeOf<readonly [output: Tensor, state: Tensor]>();
  expectTypeOf<ReturnType<RNN['forward']>>().toEqualTypeOf<readonly [output: Tensor, state: Tensor]>();
});

const lstm = new LSTM(3, 4, { numLayers: 2 });
const input = zeros([5, 2, 3]);
test.each([
  ['a size of 0', () => new LSTM(0, 4), 'lstm: inputSize must be a whole number from 1, got 0.'],
  ['half a size', () => new GRU(1, 2.5), 'gru: hiddenSize must be a whole number from 1, got 2.5.'],
  ['no layers', () => new RNN(1, 2, { numLayers: 0 }), 'rnn: numLayers must be a whole number from 1, got 0.'],
  ['too much dropout', () => new RNN(1, 2, { dropout: 1.5 }), 'rnn: dropout must be a probability from 0 to 1, got 1.5.'],
  ['dropout that is no number', () => new Dropout(NaN), 'Dropout: p must be a probability from 0 to 1, got NaN.'],
  ['a foreign nonlinearity', () => new RNN(1, 2, { nonlinearity: 'sin' as 'tanh' }), 'RNN: nonlinearity must be one of tanh, relu, got sin.'],
  ['an unknown option', () => new LSTM(1, 2, { projsize: 1 } as object), 'lstm: there is no option "projsize"; there are numLayers, bias, batchFirst, dropout, bidirectional, projSize, mergeMode, goBackwards, returnSequences, maskedOutputs, inputDropout, recurrentDropout, zoneout, checkpointEvery, dtype and generator.'],
  ['input with too many axes', () => lstm.forward(zeros([1, 5, 2, 3])), 'lstm: input must be (T, B, 3), or (T, 3) of one row, got (1, 5, 2, 3); the last axis holds inputSize channels.'],
  ['input of one row and another width', () => lstm.forward(zeros([5, 4])), 'lstm: input must be (T, 3), got (5, 4); the last axis holds inputSize channels.'],
  ['input of another width', () => lstm.forward(zeros([5, 2, 4])), 'lstm: input must be (T, B, 3), got (5, 2, 4); the last axis holds inputSize channels.'],
  ['an empty sequence', () => lstm.forward(zeros([0, 2, 3])), 'lstm: input must have at least one step and one row, got (0, 2, 3).'],
  ['ids as input', () => lstm.forward(zeros([5, 2, 3], { dtype: 'int32' })), "lstm: input is int32, the parameters are float32; embed ids first, or convert with cast(input, 'float32')."],
  ['half a state', () => lstm.forward(input, [zeros([2, 2, 4])] as unknown as LSTMState), 'lstm: the state is [h, c], got 1 tensors.'],
  ['a state of another batch', () => lstm.forward(input, [zeros([2, 1, 4]), zeros([2, 1, 4])]), 'lstm: state h must be (layers x directions, B, H) = (2, 2, 4), got (2, 1, 4).'],
  ['a state of another type', () => lstm.forward(input, [zeros([2, 2, 4]), zeros([2, 2, 4], { dtype: 'float64' })]), 'lstm: state c must be float32 like the input, got float64; convert it with cast().'],
  ['steps in two directions', () => new GRU(3, 4, { bidirectional: true }).step(zeros([2, 3])), 'gru: a bidirectional layer reads the sequence from its end too, so it cannot go step by step; call forward().'],
  ['a sequence as step', () => lstm.step(input), 'lstm: step() takes one step (B, 3), got (5, 2, 3); call forward() for a sequence.'],
])('%s is refused with its values and the remedy', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(LayerError);
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function expectUniform(values: readonly number[], bound: number): void {
  expect(values.length).toBeGreaterThan(250);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
  expect(Math.max(...values)).toBeGreaterThan(0.95 * bound);
  expect(Math.min(...values)).toBeLessThan(-0.95 * bound);
  // The variance of U(−a, a) is a² / 3.
  expect(Math.abs(mean(values.map((v) => v * v)) / (bound * bound) - 1 / 3)).toBeLessThan(0.06);
}
