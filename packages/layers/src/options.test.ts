import { cells } from '@unroll/cells';
import { add, flip, Generator, mul, narrow, normal, ones, reference, reshape, squeeze, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { GRU, LayerError, LSTM, Recurrent, RNN, type LSTMState, type MergeMode, type RecurrentOptions } from './index.ts';

use(reference());

const dtype = 'float64';
const [T, B, I, H] = [5, 3, 2, 4];
const lengths = [3, 5, 1];
const input = normal([T, B, I], { dtype, generator: new Generator(2) });
const numbers = async (of: Tensor): Promise<number[]> => [...(await of.data())];
const seeded = (options: RecurrentOptions = {}): RecurrentOptions => ({ dtype, generator: new Generator(7), ...options });

describe('merging two directions', () => {
  const apart = (options: RecurrentOptions = {}): Tensor => new LSTM(I, H, seeded({ bidirectional: true, mergeMode: 'none', ...options })).forward(input, undefined, { lengths })[0];
  const half = (which: number): Tensor => squeeze(narrow(apart(), 0, which, 1), 0);
  test.each<[MergeMode, (a: Tensor, b: Tensor) => Tensor]>([['sum', add], ['mul', mul], ['average', (a, b) => mul(add(a, b), 0.5)]])('%s', async (mergeMode, merge) => {
    const layer = new LSTM(I, H, seeded({ bidirectional: true, mergeMode }));
    const [output] = layer.forward(input, undefined, { lengths });
    expect([output.shape, layer.outputSize]).toEqual([[T, B, H], H]);
    expect(await numbers(output)).toEqual(await numbers(merge(half(0), half(1))));
  });

  test('none puts them on an axis in front, whatever the layout', async () => {
    expect(apart().shape).toEqual([2, T, B, H]);
    const [joined] = new LSTM(I, H, seeded({ bidirectional: true })).forward(input, undefined, { lengths });
    expect(await numbers(narrow(joined, -1, 0, H))).toEqual(await numbers(half(0)));
    expect(await numbers(narrow(joined, -1, H, H))).toEqual(await numbers(half(1)));
    expect(apart({ returnSequences: false }).shape).toEqual([2, B, H]);
    const one = new LSTM(I, H, seeded({ bidirectional: true, mergeMode: 'none', batchFirst: true }));
    expect(one.forward(zeros([B, T, I], { dtype }))[0].shape).toEqual([2, B, T, H]);
    expect(one.forward(zeros([T, I], { dtype }))[0].shape).toEqual([2, T, H]);
  });

  test('layers above see the merged output; what is apart lies side by side for them', () => {
    const widths = (mergeMode: MergeMode): readonly (readonly number[] | undefined)[] => {
      const parameters = new GRU(I, H, { numLayers: 2, bidirectional: true, mergeMode }).stateDict();
      return [parameters['weight_ih_l1']?.shape, parameters['weight_ih_l1_reverse']?.shape];
    };
    expect(widths('sum')).toEqual([[3 * H, H], [3 * H, H]]);
    expect(widths('none')).toEqual([[3 * H, 2 * H], [3 * H, 2 * H]]);
  });
});

describe('going backwards', () => {
  test('reads from the end, and gives the output in the order of reading', async () => {
    const [output, state] = new GRU(I, H, seeded({ goBackwards: true, numLayers: 2 })).forward(input);
    const [expected, last] = new GRU(I, H, seeded({ numLayers: 2 })).forward(flip(input, 0));
    expect(await numbers(output)).toEqual(await numbers(expected));
    expect(await numbers(state)).toEqual(await numbers(last));
  });

  test('turns both directions round', async () => {
    const [output] = new GRU(I, H, seeded({ goBackwards: true, bidirectional: true })).forward(input);
    const [expected] = new GRU(I, H, seeded({ bidirectional: true })).forward(flip(input, 0));
    expect(await numbers(output)).toEqual(await numbers(expected));
  });
});

test('the last output alone is that after each row\'s last step, of both directions', async () => {
  const options = { bidirectional: true, numLayers: 2 };
  const [output] = new LSTM(I, H, seeded({ ...options, returnSequences: false })).forward(input, undefined, { lengths });
  expect(output.shape).toEqual([B, 2 * H]);
  const [all] = new LSTM(I, H, seeded(options)).forward(input, undefined, { lengths });
  const at = async (t: number, row: number, from: number): Promise<number[]> => (await numbers(all)).slice((t * B + row) * 2 * H + from, (t * B + row) * 2 * H + from + H);
  const expected = await Promise.all(lengths.map(async (length, row) => [...(await at(length - 1, row, 0)), ...(await at(0, row, H))]));
  expect(await numbers(output)).toEqual(expected.flat());
  const single = new LSTM(I, H, seeded({ returnSequences: false }));
  expect(single.forward(zeros([T, I], { dtype }))[0].shape).toEqual([H]);
  expect(single.step(zeros([B, I], { dtype }))[0].shape).toEqual([B, H]);
});

test.each([false, true])('held outputs repeat the last one, backwards %s', async (goBackwards) => {
  const state = normal([1, B, H], { dtype, generator: new Generator(4) });
  const mask = [[false, true, false], [true, true, false], [false, false, false], [false, true, false], [true, false, false]];
  const gru = (maskedOutputs: 'zero' | 'held'): Tensor => new GRU(I, H, seeded({ goBackwards, maskedOutputs })).forward(input, state, { mask })[0];
  const [zero, held] = [await numbers(gru('zero')), await numbers(gru('held'))];
  const order = goBackwards ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4];
  const expected: number[] = [];
  let last: number[][] = Array.from({ length: B }, () => []);
  last = await Promise.all(last.map(async (_, row) => (await numbers(state)).slice(row * H, (row + 1) * H)));
  for (const [place, t] of order.entries()) {
    for (let row = 0; row < B; row++) {
      if (mask[t]?.[row] === true) last[row] = zero.slice((place * B + row) * H, (place * B + row + 1) * H);
      expected.push(...(last[row] ?? []));
    }
  }
  expect(held).toEqual(expected);
});

describe('noise', () => {
  // h_t = relu(x_t W^T) or relu(R h_{t-1}), with weights of one: what comes out is the mask.
  const bare = (options: RecurrentOptions, weights: { ih: number; hh: number }): RNN => {
    const rnn = new RNN(200, 200, { nonlinearity: 'relu', bias: false, dtype, generator: new Generator(1), ...options });
    const diagonal = (value: number): Tensor => tensor(Float64Array.from({ length: 40_000 }, (_, k) => (k % 201 === 0 ? value : 0)), { shape: [200, 200] });
    rnn.loadStateDict({ weight_ih_l0: diagonal(weights.ih), weight_hh_l0: diagonal(weights.hh) });
    return rnn;
  };
  const steps = async (output: Tensor): Promise<number[][]> => {
    const flat = await numbers(output);
    return Array.from({ length: flat.length / 400 }, (_, t) => flat.slice(t * 400, (t + 1) * 400));
  };
  const share = (values: readonly number[], of: number): number => values.filter((value) => value === of).length / values.length;

  test('input dropout has one mask for all steps, another one for each row', async () => {
    const [first = [], ...others] = await steps(bare({ inputDropout: 0.2 }, { ih: 1, hh: 0 }).forward(ones([4, 2, 200], { dtype }))[0]);
    expect(new Set(first)).toEqual(new Set([0, 1.25]));
    expect(Math.abs(share(first, 0) - 0.2)).toBeLessThan(0.06);
    for (const other of others) expect(other).toEqual(first);
    expect(first.slice(0, 200)).not.toEqual(first.slice(200));
  });

  test('recurrent dropout has one mask for all steps', async () => {
    const [first = [], second = [], third = []] = await steps(bare({ recurrentDropout: 0.5 }, { ih: 0, hh: 1 }).forward(zeros([3, 2, 200], { dtype }), ones([1, 2, 200], { dtype }))[0]);
    expect(new Set(first)).toEqual(new Set([0, 2]));
    expect(Math.abs(share(first, 0) - 0.5)).toBeLessThan(0.08);
    expect(second).toEqual(first.map((value) => value * 2));
    expect(third).toEqual(first.map((value) => value * 4));
  });

  test('zoneout holds other channels at every step', async () => {
    const rising = tensor(Float64Array.from({ length: 1200 }, (_, k) => 1 + Math.floor(k / 400)), { shape: [3, 2, 200] });
    const [first = [], second = []] = await steps(bare({ zoneout: 0.3 }, { ih: 1, hh: 0 }).forward(rising)[0]);
    expect(new Set(first)).toEqual(new Set([0, 1]));
    expect(Math.abs(share(first, 0) - 0.3)).toBeLessThan(0.08);
    expect(new Set(second)).toEqual(new Set([0, 1, 2]));
    expect(Math.abs(share(second, 0) - 0.09)).toBeLessThan(0.06);
  });

  test('in evaluation there is no dropout, zoneout is its mean, and nothing is drawn', async () => {
    const generator = new Generator(1);
    const rnn = bare({ zoneout: 0.25, inputDropout: 0.5, recurrentDropout: 0.5, generator }, { ih: 1, hh: 0 }).eval();
    const before = generator.state();
    const [first = [], second = []] = await steps(rnn.forward(ones([2, 2, 200], { dtype }))[0]);
    expect(new Set(first)).toEqual(new Set([0.75]));
    expect(new Set(second)).toEqual(new Set([0.25 * 0.75 + 0.75]));
    expect(generator.state()).toEqual(before);
  });

  const noisy = (seed: number, options: RecurrentOptions = {}): Promise<number[]> => {
    const layer = new LSTM(I, H, { dtype, generator: new Generator(1), ...options });
    const other = new LSTM(I, H, { dtype, inputDropout: 0.3, recurrentDropout: 0.3, zoneout: { h: 0.1, c: 0.3 }, generator: new Generator(seed), ...options });
    other.loadStateDict(layer.stateDict());
    return numbers(other.forward(input)[0]);
  };

  test('the same seed gives the same masks, another one others', async () => {
    expect(await noisy(5)).toEqual(await noisy(5));
    expect(await noisy(6)).not.toEqual(await noisy(5));
  });

  test('layers and directions have masks of their own', async () => {
    const layer = new RNN(H, H, { dtype, numLayers: 2, bidirectional: true, inputDropout: 0.5, nonlinearity: 'relu', mergeMode: 'none', generator: new Generator(3) });
    const state = layer.stateDict();
    for (const name of Object.keys(state)) state[name]?.assign(zeros(state[name].shape, { dtype }));
    const eye = Float64Array.from({ length: H * H }, (_, k) => (k % (H + 1) === 0 ? 1 : 0));
    for (const name of ['weight_ih_l0', 'weight_ih_l0_reverse']) state[name]?.assign(tensor(eye, { shape: [H, H] }));
    const { values } = layer.inspect(ones([1, 20, H], { dtype }), undefined, { values: ['h'] });
    expect(await numbers(values['h_l0'] as Tensor)).not.toEqual(await numbers(values['h_l0_reverse'] as Tensor));
  });
});

describe('projection', () => {
  test('has the parameters of nn.LSTM, in its order, and narrow states', async () => {
    const layer = new LSTM(I, H, { projSize: 3, numLayers: 2, bidirectional: true });
    const shapes = Object.entries(layer.stateDict()).map(([name, { shape }]) => [name, shape]);
    expect(shapes.slice(0, 5)).toEqual([['weight_ih_l0', [16, I]], ['weight_hh_l0', [16, 3]], ['bias_ih_l0', [16]], ['bias_hh_l0', [16]], ['weight_hr_l0', [3, H]]]);
    expect(shapes[10]).toEqual(['weight_ih_l1', [16, 6]]);
    expect(layer.stateShapes(B)).toEqual([[4, B, 3], [4, B, H]]);
    expect([layer.outputSize, layer.projSize]).toEqual([6, 3]);
    const [output, state] = layer.forward(zeros([T, I]), [zeros([4, 3]), zeros([4, H])]);
    expect([output, ...state].map(({ shape }) => shape)).toEqual([[T, 6], [4, 3], [4, H]]);
    expect((await numbers(layer.inspect(zeros([T, B, I])).values['c_l1_reverse'] as Tensor)).length).toBe(T * B * H);
  });

  test('is refused where it does not fit', () => {
    expect(() => new LSTM(I, H, { projSize: H })).toThrow(new LayerError('argument', 'lstm: projSize must be a whole number from 1 to hiddenSize - 1 = 3, or 0 for none, got 4.'));
    expect(() => new GRU(I, H, { projSize: 2 })).toThrow('gru: projSize does not fit');
    expect(() => new GRU(I, H, { projSize: 2 })).toThrow(LayerError);
  });
});

test('vectors start where the cell says', async () => {
  const state = new Recurrent(cells['lstm-layernorm'], I, H).stateDict();
  expect(await numbers(state['gain_wi_l0'] as Tensor)).toEqual([1, 1, 1, 1]);
  expect(await numbers(state['shift_c_l0'] as Tensor)).toEqual([0, 0, 0, 0]);
});

test('one row without a batch is a batch of one', async () => {
  const lstm = new LSTM(I, H, seeded({ numLayers: 2, bidirectional: true, batchFirst: true }));
  const row = narrow(input, 1, 1, 1);
  const [output, [h, c]] = lstm.forward(squeeze(row, 1), lstm.stateShapes(1).map((shape) => zeros([shape[0] ?? 0, shape[2] ?? 0], { dtype })) as unknown as LSTMState);
  const [expected, [h1, c1]] = lstm.forward(reshape(row, [1, T, I]));
  expect([output, h, c].map(({ shape }) => shape)).toEqual([[T, 2 * H], [4, H], [4, H]]);
  for (const [found, wanted] of [[output, expected], [h, h1], [c, c1]] as const) expect(await numbers(found)).toEqual(await numbers(wanted));
  const gru = new GRU(I, H, seeded());
  const [stepped, after] = gru.step(reshape(narrow(row, 0, 0, 1), [I]));
  expect([stepped.shape, after.shape]).toEqual([[H], [1, H]]);
});

describe('inspect', () => {
  const layer = new LSTM(I, H, seeded({ numLayers: 2, bidirectional: true, batchFirst: true }));
  const sequence = normal([B, T, I], { dtype, generator: new Generator(9) });

  test('gives what forward gives, and every value by layer and direction', async () => {
    const { output, state, values } = layer.inspect(sequence, undefined, { lengths });
    const [expected, [h]] = layer.forward(sequence, undefined, { lengths });
    expect(await numbers(output)).toEqual(await numbers(expected));
    expect(await numbers(state[0])).toEqual(await numbers(h));
    const names = cells.lstm.values.map(({ name }) => name);
    expect(Object.keys(values)).toEqual(['_l0', '_l0_reverse', '_l1', '_l1_reverse'].flatMap((suffix) => names.map((name) => name + suffix)));
    for (const value of Object.values(values)) expect(value.shape).toEqual([B, T, H]);
    const joined = narrow(output, -1, H, H);
    expect(await numbers(values['h_l1_reverse'] as Tensor)).toEqual(await numbers(joined));
    const [f, c, i, g] = await Promise.all(['f', 'c', 'i', 'g'].map((name) => numbers(values[`${name}_l0`] as Tensor)));
    // c_t = f c_{t-1} + i g, in the middle row.
    const at = (list: readonly number[] | undefined, t: number): number => list?.[(T + t) * H] ?? NaN;
    expect(at(c, 3)).toBeCloseTo(at(f, 3) * at(c, 2) + at(i, 3) * at(g, 3), 14);
    expect(at(c, 0)).toBeCloseTo(at(i, 0) * at(g, 0), 14);
  });

  test('takes chosen values of the last layer', () => {
    expect(Object.keys(layer.inspect(sequence, undefined, { values: ['c', 'f'], layers: 'last' }).values)).toEqual(['c_l1', 'f_l1', 'c_l1_reverse', 'f_l1_reverse']);
    expect(() => layer.inspect(sequence, undefined, { values: ['q'] })).toThrow(new LayerError('argument', 'lstm: there is no value "q"; there are i, f, g, o, c, h.'));
  });
});

test.each<[string, () => unknown, string]>([
  ['a foreign merge mode', () => new LSTM(1, 2, { bidirectional: true, mergeMode: 'ave' as 'average' }), 'lstm: mergeMode must be one of concat, sum, mul, average, none, got ave.'],
  ['merging one direction', () => new LSTM(1, 2, { mergeMode: 'sum' }), 'lstm: mergeMode joins two directions, so it needs bidirectional: true, got mergeMode sum alone.'],
  ['a foreign way to fill', () => new LSTM(1, 2, { maskedOutputs: 'last' as 'held' }), 'lstm: maskedOutputs must be one of zero, held, got last.'],
  ['too much input dropout', () => new LSTM(1, 2, { inputDropout: 1.1 }), 'lstm: inputDropout must be a probability from 0 to 1, got 1.1.'],
  ['negative recurrent dropout', () => new LSTM(1, 2, { recurrentDropout: -0.1 }), 'lstm: recurrentDropout must be a probability from 0 to 1, got -0.1.'],
  ['recurrent dropout without recurrent products', () => new Recurrent(cells.mingru, 1, 2, { recurrentDropout: 0.1 }), 'mingru: recurrent dropout falls on the operands of recurrent products, and this cell has none; use zoneout.'],
  ['too much zoneout', () => new LSTM(1, 2, { zoneout: 2 }), 'lstm: zoneout must be a probability from 0 to 1, got 2.'],
  ['too much zoneout of one state', () => new LSTM(1, 2, { zoneout: { c: 2 } }), 'lstm: zoneout of c must be a probability from 0 to 1, got 2.'],
  ['zoneout of no state', () => new GRU(1, 2, { zoneout: { c: 0.1 } }), 'gru: zoneout: there is no state "c"; there are h.'],
  ['a state with a batch for one row', () => new GRU(1, 2).forward(zeros([3, 1]), zeros([1, 1, 2])), 'gru: state h must be (layers x directions, H) = (1, 2), got (1, 1, 2).'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(LayerError);
});

test('checkpointEvery is refused where steps are random, or it is no number of steps', () => {
  expect(() => new LSTM(I, H, { checkpointEvery: 4, zoneout: 0.1 })).toThrow(LayerError);
  expect(() => new LSTM(I, H, { checkpointEvery: 4, inputDropout: 0.1 })).toThrow(/computes steps again/u);
  expect(() => new LSTM(I, H, { checkpointEvery: 0 })).toThrow(/checkpointEvery must be a whole number from 1, got 0/u);
  expect(new LSTM(I, H, { checkpointEvery: 4, dropout: 0.1, numLayers: 2 }).numLayers).toBe(2);
});
