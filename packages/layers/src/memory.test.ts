import { Generator, memory, reference, scope, tensor, use, zeros } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { Dropout, Embedding, Linear, LSTM, Module } from './index.ts';

// A file of its own, in which nothing is left to the garbage collector: it would change the counts at times of its own choice.

use(reference());

class Model extends Module {
  embedding = new Embedding(5, 3);
  rnn = new LSTM(3, 4, { numLayers: 2, bidirectional: true });
  drop = new Dropout(0.5);
  head = new Linear(8, 5);
}

test('parameters outlive scopes, and dispose frees them all, once', () => {
  const before = memory();
  const model = scope(() => new Model());
  expect(memory().tensors - before.tensors).toBe(1 + 16 + 2);
  model.dispose();
  model.dispose();
  expect(memory()).toEqual(before);
});

test('forward leaves nothing but its results, and nothing when it throws', () => {
  const start = memory();
  const layer = new LSTM(3, 4, { numLayers: 3, bidirectional: true, dropout: 0.5, generator: new Generator(1) });
  const input = zeros([5, 2, 3]);
  const before = memory();
  const [output, [h, c]] = layer.forward(input);
  expect(memory()).toEqual({ tensors: before.tensors + 3, bytes: before.bytes + output.bytes + h.bytes + c.bytes });
  expect(() => layer.forward(output, [h, c])).toThrow('lstm: input must be (T, B, 3), got (5, 2, 8)');
  expect(() => layer.forward(input, [h, output])).toThrow('lstm: state c must be');
  for (const result of [output, h, c]) result.dispose();
  expect(memory()).toEqual(before);
  const [next, state] = scope(() => new LSTM(3, 4, { batchFirst: true })).step(scope(() => tensor([[1, 2, 3]])));
  expect(memory().tensors).toBe(before.tensors + 4 + 1 + 3);
  expect([next, ...state].map(({ shape }) => shape)).toEqual([[1, 4], [1, 1, 4], [1, 1, 4]]);
  expect(start.tensors).toBe(0);
});

test('lengths, masks, held outputs, noise and inspection leave nothing either', () => {
  const start = memory();
  const layer = new LSTM(3, 4, {
    numLayers: 2, bidirectional: true, mergeMode: 'none', maskedOutputs: 'held', goBackwards: true, inputDropout: 0.2, recurrentDropout: 0.2, zoneout: 0.1, generator: new Generator(1),
  });
  const input = zeros([5, 2, 3]);
  const mask = Array.from({ length: 5 }, (_, t) => [t > 1, t < 2]);
  const before = memory();
  const [output, state] = layer.forward(input, undefined, { lengths: [4, 5], mask });
  expect(memory().tensors).toBe(before.tensors + 3);
  const { values, ...rest } = layer.inspect(input, undefined, { mask, values: ['f', 'c'] });
  expect(memory().tensors).toBe(before.tensors + 3 + 3 + 8);
  expect(() => layer.forward(input, undefined, { lengths: [4, 6], mask })).toThrow('got 6 for row 1');
  expect(() => layer.inspect(input, undefined, { values: ['f', 'q'] })).toThrow('there is no value "q"');
  for (const result of [output, ...state, rest.output, ...rest.state, ...Object.values(values)]) result.dispose();
  expect(memory()).toEqual(before);
  layer.dispose();
  input.dispose();
  expect(memory()).toEqual(start);
});

test('loadStateDict leaves nothing, also when it converts or throws', () => scope(() => {
  const layer = new Linear(2, 1, { dtype: 'float64' });
  const values = { weight: zeros([1, 2]), bias: zeros([1]) };
  const before = memory();
  layer.loadStateDict(values);
  expect(memory()).toEqual(before);
  expect(() => layer.loadStateDict({ ...values, weight: values.bias })).toThrow('weight must be (1, 2), got (1)');
  expect(memory()).toEqual(before);
  layer.dispose();
}));
