import { cells, gru, lstm, rnn, slstm, type Cell } from '@unroll/cells';
import { concat, flatten, full, Generator, narrow, reference, squeeze, tensor, unsqueeze, use, zeros, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { AdditiveAttention, Decoder, DotAttention, Encoder, EncoderDecoder, LayerError, type Attention, type DecoderState } from './index.ts';

use(reference());

const generator = new Generator(1);
const options = { dtype: 'float64', generator } as const;
const source = tensor([[1, 2, 3], [4, 5, 6], [6, 0, 2], [3, 3, 1]], { dtype: 'int32' });
const targets = tensor([[1, 2, 3], [4, 5, 6], [6, 0, 2], [3, 3, 1], [2, 7, 7]], { dtype: 'int32' });
const lengths = [4, 2, 1];

async function numbers(t: Tensor): Promise<number[]> {
  return [...(await t.data())];
}

async function expectSame(got: Tensor, wanted: Tensor): Promise<void> {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b] = [await numbers(got), await numbers(wanted)];
  for (const [k, value] of b.entries()) expect(a[k]).toBeCloseTo(value, 12);
}

interface Build { readonly bidirectional?: boolean; readonly attention?: (memorySize: number) => Attention; readonly numLayers?: number }
function build(cell: Cell, { bidirectional = false, attention, numLayers = 1 }: Build = {}): EncoderDecoder {
  const encoder = new Encoder(cell, 7, 3, 4, { bidirectional, numLayers, ...options });
  const decoder = new Decoder(cell, 8, 3, 4, { numLayers, ...(attention === undefined ? {} : { attention: attention(encoder.rnn.outputSize) }), ...options });
  return new EncoderDecoder(encoder, decoder, { start: 5, ...options });
}

const variants: readonly [name: string, build: Build][] = [
  ['plain', {}],
  ['two layers, bidirectional', { bidirectional: true, numLayers: 2 }],
  ['dot attention', { attention: (size) => new DotAttention(4, size) }],
  ['additive attention, bidirectional', { bidirectional: true, attention: (size) => new AdditiveAttention(4, size, options) }],
];

describe.each(Object.values(cells))('$name', (cell) => {
  test.each(variants)('%s: teacher forcing is decoding step by step along the targets', async (_, variant) => {
    const model = build(cell, variant);
    const logits = model.forward(source, targets, { lengths });
    expect(logits.shape).toEqual([5, 3, 8]);
    let state: DecoderState = model.encode(source, { lengths });
    let ids = full([3], 5, { dtype: 'int32' });
    for (let s = 0; s < 5; s++) {
      const said = model.step(ids, state);
      await expectSame(said.logits, squeeze(narrow(logits, 0, s, 1), 0));
      expect(said.weights?.shape).toEqual(variant.attention === undefined ? undefined : [3, 4]);
      state = said.state;
      ids = squeeze(narrow(targets, 0, s, 1), 0);
    }
  });
});

test.each(variants)('%s: a batch is its rows one by one, and what lies behind a row is not read', async (_, variant) => {
  const model = build(lstm, variant);
  const logits = model.forward(source, targets, { lengths });
  for (const [row, length] of lengths.entries()) {
    const alone = model.forward(narrow(narrow(source, 1, row, 1), 0, 0, length), narrow(targets, 1, row, 1));
    await expectSame(narrow(logits, 1, row, 1), alone);
  }
});

test('where shapes agree the decoder starts from the encoder\'s state, else from tanh of a bridge', async () => {
  const same = build(slstm, { numLayers: 2 });
  expect(same.bridge).toBeUndefined();
  const encoded = same.encoder.forward(source, { lengths }).state as readonly Tensor[];
  const passed = same.encode(source, { lengths }).recurrent as readonly Tensor[];
  expect(passed).toHaveLength(4);
  for (const [k, tensorOf] of passed.entries()) await expectSame(tensorOf, encoded[k] as Tensor);

  const crossed = build(lstm, { bidirectional: true, numLayers: 2 });
  const [h, c] = crossed.encode(source, { lengths }).recurrent as readonly [Tensor, Tensor];
  const [from] = crossed.encoder.forward(source, { lengths }).state as readonly [Tensor, Tensor];
  const { weight, bias } = crossed.bridge ?? {};
  const [w, b, states] = [await numbers(weight as Tensor), await numbers(bias as Tensor), await numbers(from)];
  for (let layer = 0; layer < 2; layer++) {
    for (let row = 0; row < 3; row++) {
      const both = [0, 1].flatMap((d) => states.slice(((2 * layer + d) * 3 + row) * 4, ((2 * layer + d) * 3 + row + 1) * 4));
      const wanted = b.map((value, k) => Math.tanh(both.reduce((sum, part, j) => sum + part * (w[k * 8 + j] as number), value)));
      const got = await numbers(flatten(narrow(narrow(h, 0, layer, 1), 1, row, 1)));
      for (const [k, value] of wanted.entries()) expect(got[k]).toBeCloseTo(value, 12);
    }
  }
  await expectSame(c, zeros([2, 3, 4], { dtype: 'float64' }));
  const mixed = new EncoderDecoder(new Encoder(gru, 7, 3, 6, options), new Decoder(lstm, 8, 3, 4, options), { start: 0, ...options });
  expect(mixed.bridge?.weight.shape).toEqual([4, 6]);
  expect(mixed.forward(source, targets).shape).toEqual([5, 3, 8]);
});

test('merged directions, projections and dropout go through', () => {
  const encoder = new Encoder(lstm, 7, 3, 6, { bidirectional: true, mergeMode: 'sum', projSize: 2, dropout: 0.5, numLayers: 2 });
  const decoder = new Decoder(lstm, 8, 3, 6, { projSize: 4, numLayers: 2, attention: new AdditiveAttention(4, 2) });
  const model = new EncoderDecoder(encoder, decoder, { start: 1 });
  expect(model.forward(source, targets, { lengths }).shape).toEqual([5, 3, 8]);
  expect(model.bridge?.weight.shape).toEqual([4, 4]);
});

test('parameters have clear names', () => {
  const model = build(gru, { bidirectional: true, attention: (size) => new AdditiveAttention(4, size) });
  const weights = ['_l0', '_l0_reverse'].flatMap((end) => ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => `encoder.rnn.${name}${end}`));
  expect(Object.keys(model.stateDict())).toEqual([
    'encoder.embedding.weight', ...weights,
    'decoder.embedding.weight', 'decoder.rnn.weight_ih_l0', 'decoder.rnn.weight_hh_l0', 'decoder.rnn.bias_ih_l0', 'decoder.rnn.bias_hh_l0',
    'decoder.attention.query.weight', 'decoder.attention.memory.weight', 'decoder.attention.score.weight', 'decoder.combine.weight', 'decoder.head.weight', 'decoder.head.bias',
    'bridge.weight', 'bridge.bias',
  ]);
});

test('a target of one step is predicted from the start alone, and one behind the end may be anything', async () => {
  const model = build(gru);
  const [first] = [narrow(targets, 0, 0, 1)];
  await expectSame(model.forward(source, first), narrow(model.forward(source, targets), 0, 0, 1));
  const spoilt = concat([narrow(targets, 0, 0, 4), full([1, 3], -100, { dtype: 'int32' })], 0);
  await expectSame(model.forward(source, spoilt), model.forward(source, targets));
});

const encoder = new Encoder(gru, 7, 3, 4);
const model = build(gru);
test.each([
  ['another option of the encoder', () => new Encoder(gru, 7, 3, 4, { batchFirst: true } as never), 'Encoder: there is no option "batchFirst"; there are numLayers, bias,'],
  ['directions that are not merged', () => new Encoder(gru, 7, 3, 4, { bidirectional: true, mergeMode: 'none' as never }), 'Encoder: mergeMode must make one memory of the two directions, got none; choose concat, sum, mul or average.'],
  ['a decoder that looks ahead', () => new Decoder(gru, 7, 3, 4, { bidirectional: true } as never), 'Decoder: there is no option "bidirectional"; there are numLayers,'],
  ['queries of another size', () => new Decoder(gru, 7, 3, 4, { attention: new DotAttention(5) }), 'Decoder: the attention must have the decoder\'s 4 outputs as querySize, got 5.'],
  ['a memory of another size', () => new EncoderDecoder(encoder, new Decoder(gru, 7, 3, 4, { attention: new AdditiveAttention(4, 8) }), { start: 0 }), 'EncoderDecoder: the attention must have the encoder\'s 4 outputs as memorySize, got 8.'],
  ['other layers', () => new EncoderDecoder(encoder, new Decoder(gru, 7, 3, 4, { numLayers: 2 }), { start: 0 }), 'EncoderDecoder: encoder and decoder must have equally many layers, got 1 and 2.'],
  ['a start that is no symbol', () => new EncoderDecoder(encoder, new Decoder(gru, 7, 3, 4), { start: 7 }), 'EncoderDecoder: start must be an id of the decoder, from 0 to 6, got 7.'],
  ['a source without rows', () => model.encode(tensor([1, 2], { dtype: 'int32' })), 'Encoder: ids must be (T, B), got (2).'],
  ['targets without rows', () => model.forward(source, tensor([1, 2], { dtype: 'int32' })), 'EncoderDecoder: ids must be (T, B), got (2).'],
  ['several steps at a time', () => model.step(source, model.encode(source)), 'EncoderDecoder: ids must be (B), got (4, 3).'],
  ['floats', () => model.encode(zeros([2, 3])), 'Embedding: ids must be int32, got float32'],
  ['lengths of another batch', () => model.forward(source, targets, { lengths: [1, 2] }), 'gru: lengths must have one number for each of the 3 rows, got 2.'],
  ['a state without a source', () => build(rnn, { attention: (size) => new DotAttention(4, size) }).step(zeros([3], { dtype: 'int32' }), { recurrent: unsqueeze(zeros([3, 4], { dtype: 'float64' }), 0) }), 'Decoder: its attention needs a source; take the state from EncoderDecoder.encode()'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(LayerError);
});
