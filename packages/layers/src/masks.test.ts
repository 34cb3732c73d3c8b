import { cast, Generator, narrow, normal, permute, reference, squeeze, tensor, use, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { GRU, LayerError, LSTM, RNN, type ForwardOptions, type LSTMState } from './index.ts';

use(reference());

const dtype = 'float64';
const [T, B, I, H] = [5, 3, 2, 4];
const options = { dtype, generator: new Generator(3) } as const;
const lstm = new LSTM(I, H, { ...options, numLayers: 2, bidirectional: true });
const input = normal([T, B, I], options);
const state = lstm.stateShapes(B).map((shape) => normal(shape, options)) as unknown as LSTMState;

const lengths = [3, 5, 1];
const flags = Array.from({ length: T }, (_, t) => lengths.map((length) => t < length));
const turned = lengths.map((length) => Array.from({ length: T }, (_, t) => t < length));

async function results(layer: LSTM, sequence: Tensor, forward: ForwardOptions): Promise<number[][]> {
  const [output, [h, c]] = layer.forward(sequence, state, forward);
  const timeFirst = layer.batchFirst ? permute(output, [1, 0, 2]) : output;
  return Promise.all([timeFirst, h, c].map(async (one) => [...(await one.data())]));
}

const batchFirst = new LSTM(I, H, { ...options, numLayers: 2, bidirectional: true, batchFirst: true });
batchFirst.loadStateDict(lstm.stateDict());
const swapped = permute(input, [1, 0, 2]);

test.each<[string, () => Promise<number[][]>]>([
  ['an int32 tensor', () => results(lstm, input, { lengths: tensor(lengths, { dtype: 'int32' }) })],
  ['a typed array', () => results(lstm, input, { lengths: Int32Array.from(lengths) })],
  ['a mask of booleans', () => results(lstm, input, { mask: flags })],
  ['a mask of numbers', () => results(lstm, input, { mask: flags.map((row) => row.map(Number)) })],
  ['an int32 mask', () => results(lstm, input, { mask: tensor(flags.map((row) => row.map(Number)), { dtype: 'int32' }) })],
  ['a float mask of other numbers than 1', () => results(lstm, input, { mask: tensor(flags.map((row) => row.map((flag) => (flag ? -0.5 : 0)))) })],
  ['lengths with batchFirst', () => results(batchFirst, swapped, { lengths })],
  ['a mask with batchFirst', () => results(batchFirst, swapped, { mask: turned })],
  ['a mask tensor with batchFirst', () => results(batchFirst, swapped, { mask: tensor(turned.map((row) => row.map(Number))) })],
  ['lengths and a mask that each leave out a part', () => results(lstm, input, { lengths: [3, 5, 4], mask: flags.map((row) => [true, true, row[2] ?? false]) })],
  ['lengths and a mask as tensors', () => results(lstm, input, { lengths: tensor([3, 5, 4], { dtype: 'int32' }), mask: tensor(flags.map((row) => [1, 1, Number(row[2])])) })],
])('%s says what lengths say', async (_, run) => {
  expect(await run()).toEqual(await results(lstm, input, { lengths }));
});

test('what lies behind a row\'s end is not read, and the output there is zero', async () => {
  const data = Float64Array.from(await input.data());
  for (const [row, length] of lengths.entries()) for (let t = length; t < T; t++) data.fill(Number.NaN, (t * B + row) * I, (t * B + row + 1) * I);
  const padded = tensor(data, { shape: [T, B, I], dtype });
  const found = await results(lstm, padded, { lengths });
  expect(found).toEqual(await results(lstm, input, { lengths }));
  const output = found[0] ?? [];
  for (const [row, length] of lengths.entries()) {
    for (let t = 0; t < T; t++) expect(output.slice((t * B + row) * 2 * H, (t * B + row + 1) * 2 * H).every((value) => value === 0)).toBe(t >= length);
  }
});

test('full lengths and a mask that leaves nothing out change nothing', async () => {
  const whole = await results(lstm, input, {});
  expect(await results(lstm, input, { lengths: [T, T, T] })).toEqual(whole);
  expect(await results(lstm, input, { lengths: tensor([T, T, T + 7], { dtype: 'int32' }) })).toEqual(whole);
  expect(await results(lstm, input, { mask: flags.map((row) => row.map(() => true)) })).toEqual(whole);
});

test('the state of a row without any step goes through', async () => {
  const mask = flags.map((row) => [false, row[1] ?? false, true]);
  const [output, [h, c]] = lstm.forward(input, state, { mask });
  const rowZero = async (one: Tensor): Promise<number[]> => [...(await squeeze(narrow(one, 1, 0, 1), 1).data())];
  expect(await rowZero(output)).toEqual(Array<number>(T * 2 * H).fill(0));
  expect(await rowZero(h)).toEqual(await rowZero(state[0]));
  expect(await rowZero(c)).toEqual(await rowZero(state[1]));
  const [, none] = lstm.forward(input, state, { lengths: tensor([0, 5, 5], { dtype: 'int32' }) });
  expect(await rowZero(none[0])).toEqual(await rowZero(state[0]));
});

test('a masked step in the middle carries the state on', async () => {
  const gru = new GRU(I, H, options);
  const [output] = gru.forward(input, undefined, { mask: Array.from({ length: T }, (_, t) => [t !== 2, true, true]) });
  const alone = await Promise.all([0, 1, 3, 4].map(async (t) => [...(await narrow(narrow(input, 0, t, 1), 1, 0, 1).data())]));
  const [without] = gru.forward(tensor(alone, { dtype }));
  const found = [...(await squeeze(narrow(output, 1, 0, 1), 1).data())];
  const expected = [...(await without.data())];
  expect(found).toEqual([...expected.slice(0, 2 * H), ...Array<number>(H).fill(0), ...expected.slice(2 * H)]);
});

test('one row without a batch has a mask (T) and one length', async () => {
  const rnn = new RNN(I, H, options);
  const row = squeeze(narrow(input, 1, 0, 1), 1);
  const numbers = async (one: Tensor): Promise<number[]> => [...(await one.data())];
  const [output, last] = rnn.forward(row, undefined, { lengths: [3] });
  const [short, lastOfShort] = rnn.forward(narrow(row, 0, 0, 3));
  expect([output.shape, last.shape]).toEqual([[T, H], [1, H]]);
  expect(await numbers(output)).toEqual([...(await numbers(short)), ...Array<number>(2 * H).fill(0)]);
  expect(await numbers(last)).toEqual(await numbers(lastOfShort));
  expect(await numbers(rnn.forward(row, undefined, { mask: [true, true, true, false, false] })[0])).toEqual(await numbers(output));
  expect(await numbers(rnn.forward(row, undefined, { mask: tensor([1, 1, 1, 0, 0]) })[0])).toEqual(await numbers(output));
});

test.each<[string, ForwardOptions, string]>([
  ['too few lengths', { lengths: [5, 5] }, 'lstm: lengths must have one number for each of the 3 rows, got 2.'],
  ['a length of 0', { lengths: [5, 0, 5] }, 'lstm: lengths must be whole numbers from 1 to T = 5, got 0 for row 1; leave out rows without a step, or give a mask.'],
  ['a length above T', { lengths: [5, 5, 6] }, 'got 6 for row 2'],
  ['half a step', { lengths: [2.5, 5, 5] }, 'got 2.5 for row 0'],
  ['no number', { lengths: [5, Number.NaN, 5] }, 'got NaN for row 1'],
  ['float lengths', { lengths: tensor([5, 5, 5]) }, "lstm: a tensor of lengths must be int32, got float32; convert it with cast(lengths, 'int32')."],
  ['a tensor of too many lengths', { lengths: tensor([5, 5, 5, 5], { dtype: 'int32' }) }, 'lstm: lengths must have one number for each of the 3 rows, got shape (4).'],
  ['lengths with an axis too many', { lengths: cast(tensor([[5, 5, 5]]), 'int32') }, 'got shape (1, 3)'],
  ['a mask of the other layout', { mask: turned }, 'lstm: mask must be (T, B) = (5, 3), got (3, 5).'],
  ['a mask without a batch', { mask: [true, true, true, true, true] }, 'lstm: mask must be (T, B) = (5, 3), got (5).'],
  ['a ragged mask', { mask: [[true], ...flags.slice(1)] }, 'lstm: mask must be (T, B) = (5, 3), got (5, 1 to 3).'],
  ['a mask tensor of another shape', { mask: tensor([[1, 1, 1]]) }, 'lstm: mask must be (T, B) = (5, 3), got (1, 3).'],
])('%s: refused', (_, forward, message) => {
  expect(() => lstm.forward(input, state, forward)).toThrow(message);
  expect(() => lstm.forward(input, state, forward)).toThrow(LayerError);
});
