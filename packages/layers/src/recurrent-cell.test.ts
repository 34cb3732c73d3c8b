import { cells } from '@unroll/cells';
import { Generator, memory, normal, reference, squeeze, use, zeros, type Tensor } from '@unroll/tensor';
import { expect, expectTypeOf, test } from 'vitest';
import { GRU, GRUCell, LayerError, LSTM, LSTMCell, Recurrent, RecurrentCell, RNN, RNNCell, type LSTMState, type RecurrentState } from './index.ts';

use(reference());

const dtype = 'float64';
const [B, I, H] = [3, 2, 4];
const generator = new Generator(1);
const input = normal([B, I], { dtype, generator });
const numbers = async (state: RecurrentState): Promise<number[][]> => Promise.all([state].flat<(Tensor | readonly Tensor[])[]>().map(async (one) => [...(await one.data())]));

const pairs: readonly { name: string; layer: Recurrent; cell: RecurrentCell }[] = [
  { name: 'RNNCell', layer: new RNN(I, H, { dtype }), cell: new RNNCell(I, H, { dtype }) },
  { name: 'RNNCell with relu', layer: new RNN(I, H, { dtype, nonlinearity: 'relu' }), cell: new RNNCell(I, H, { dtype, nonlinearity: 'relu' }) },
  { name: 'LSTMCell', layer: new LSTM(I, H, { dtype }), cell: new LSTMCell(I, H, { dtype }) },
  { name: 'GRUCell', layer: new GRU(I, H, { dtype }), cell: new GRUCell(I, H, { dtype }) },
  { name: 'GRUCell as published', layer: new GRU(I, H, { dtype, resetAfter: false }), cell: new GRUCell(I, H, { dtype, resetAfter: false }) },
  { name: 'a cell of any kind', layer: new Recurrent(cells['lstm-peephole'], I, H, { dtype }), cell: new RecurrentCell(cells['lstm-peephole'], I, H, { dtype }) },
];

test.each(pairs)('$name is one step of its layer', async ({ layer, cell }) => {
  expect(Object.keys(cell.stateDict()).map((name) => `${name}_l0`)).toEqual(Object.keys(layer.stateDict()));
  cell.loadStateDict(Object.fromEntries(Object.entries(layer.stateDict()).map(([name, value]) => [name.replace('_l0', ''), value])));
  const states = layer.stateShapes(B).map((shape) => normal(shape, { dtype, generator }));
  const flat = states.map((one) => squeeze(one, 0));
  const [, expected] = layer.step(input, states.length === 1 ? states[0] : states);
  expect(await numbers(cell.forward(input, flat.length === 1 ? flat[0] : flat))).toEqual(await numbers(expected));
  const [, fromZero] = layer.step(input);
  expect(await numbers(cell.forward(input))).toEqual(await numbers(fromZero));
});

test('the names are those of nn.LSTMCell', () => {
  expect(Object.keys(new LSTMCell(I, H).stateDict())).toEqual(['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh']);
  expect(Object.keys(new GRUCell(I, H, { bias: false }).stateDict())).toEqual(['weight_ih', 'weight_hh']);
});

test('a single row has no batch axis', () => {
  const [h, c] = new LSTMCell(I, H).forward(zeros([I]), [zeros([H]), zeros([H])]);
  expect([h.shape, c.shape]).toEqual([[H], [H]]);
  expect(new GRUCell(I, H).forward(zeros([I])).shape).toEqual([H]);
});

test('states have the types of their cells, and nothing else is left', () => {
  expectTypeOf<ReturnType<LSTMCell['forward']>>().toEqualTypeOf<LSTMState>();
  expectTypeOf<ReturnType<GRUCell['forward']>>().toEqualTypeOf<Tensor>();
  const cell = new LSTMCell(I, H, { dtype });
  const before = memory().tensors;
  const state = cell.forward(input);
  expect(memory().tensors).toBe(before + 2);
  for (const one of state) one.dispose();
  cell.dispose();
  expect(memory().tensors).toBe(before - 4);
});

const cell = new LSTMCell(I, H);
test.each<[string, () => unknown, string]>([
  ['a size of 0', () => new GRUCell(0, 4), 'gru: inputSize must be a whole number from 1, got 0.'],
  ['an option of layers', () => new LSTMCell(I, H, { numLayers: 2 } as object), 'lstm: there is no option "numLayers"; there are bias, dtype and generator.'],
  ['a foreign nonlinearity', () => new RNNCell(I, H, { nonlinearity: 'sin' as 'tanh' }), 'RNNCell: nonlinearity must be one of tanh, relu, got sin.'],
  ['a sequence', () => cell.forward(zeros([5, B, I])), 'lstm: input of a single step must be (B, 2), or (2) without a batch, got (5, 3, 2).'],
  ['another width', () => cell.forward(zeros([B, 7])), 'got (3, 7)'],
  ['another type', () => cell.forward(zeros([B, I], { dtype })), "lstm: input is float64, the parameters are float32; convert with cast(input, 'float32')."],
  ['the state of a layer', () => cell.forward(zeros([B, I]), [zeros([1, B, H]), zeros([1, B, H])]), 'lstm: state h must be (B, H) = (3, 4), got (1, 3, 4).'],
  ['the state of a batch for one row', () => cell.forward(zeros([I]), [zeros([B, H]), zeros([B, H])]), 'lstm: state h must be (H) = (4), got (3, 4).'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(LayerError);
});
