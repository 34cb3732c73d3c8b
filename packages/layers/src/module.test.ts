import { keep, ones, reference, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { Dropout, Embedding, Linear, LSTM, Module, RNN, StateDictError } from './index.ts';

use(reference());

class CharModel extends Module {
  embedding = new Embedding(5, 3);
  rnn = new LSTM(3, 4, { numLayers: 2, bidirectional: true });
  drop = new Dropout(0.5);
  head = new Linear(8, 5);
}

class Listed extends Module {
  parts = [new Linear(2, 2), new Dropout(0.1), new Linear(2, 2, { bias: false })];
  scales: readonly Tensor[] = [keep(ones([2])), keep(ones([3]))];
  gain: Tensor = keep(ones([1]));
  label = 'not a parameter';
  #hidden: Tensor = keep(ones([1]));
  hidden(): Tensor { return this.#hidden; }
}

class Tied extends Module {
  embedding = new Embedding(5, 3);
  head: { weight: Tensor } & Module;
  constructor() {
    super();
    const head = new Linear(3, 5, { bias: false });
    head.weight.dispose();
    this.head = Object.assign(head, { weight: this.embedding.weight });
  }
}

test('parameters bear the names of PyTorch, in its order', () => {
  expect(Object.keys(new CharModel().stateDict())).toEqual([
    'embedding.weight',
    ...['_l0', '_l0_reverse', '_l1', '_l1_reverse'].flatMap((suffix) => ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => `rnn.${name}${suffix}`)),
    'head.weight', 'head.bias',
  ]);
});

test('a module has its own tensors first, then its parts and lists; private fields and other values take no part', () => {
  const listed = new Listed();
  expect(Object.keys(listed.parameters())).toEqual(['gain', 'parts.0.weight', 'parts.0.bias', 'parts.2.weight', 'scales.0', 'scales.1']);
  listed.dispose();
  expect(listed.hidden().disposed).toBe(false);
});

test('tied weights are saved under both names and learnt once', () => {
  const tied = new Tied();
  expect(Object.keys(tied.stateDict())).toEqual(['embedding.weight', 'head.weight']);
  expect(Object.keys(tied.parameters())).toEqual(['embedding.weight']);
  expect(tied.stateDict()['head.weight']).toBe(tied.parameters()['embedding.weight']);
});

test('train and eval reach every part', () => {
  const listed = new Listed();
  expect(listed.parts.every(({ training }) => training)).toBe(true);
  expect(listed.eval()).toBe(listed);
  expect([listed.training, ...listed.parts.map(({ training }) => training)]).toEqual([false, false, false, false]);
  expect(listed.train().parts[1]?.training).toBe(true);
});

test('loadStateDict takes over values, converts float types and leaves what it was given', async () => {
  const layer = new Linear(2, 1, { dtype: 'float64' });
  const values = { weight: tensor([[1.5, 2.5]]), bias: tensor([3]) };
  expect(layer.loadStateDict(values)).toEqual({ missing: [], unexpected: [] });
  expect([...(await layer.weight.data())]).toEqual([1.5, 2.5]);
  expect(layer.weight.dtype).toBe('float64');
  values.weight.dispose();
  expect([...(await layer.weight.data())]).toEqual([1.5, 2.5]);
  layer.loadStateDict(new Map([['weight', tensor([[4, 5]])], ['bias', tensor([6])]]));
  expect([...(await layer.forward(tensor([[1, 1]], { dtype: 'float64' })).data())]).toEqual([15]);
});

test('loadStateDict lists every fault, and changes nothing', async () => {
  const layer = new Linear(2, 3);
  const before = await layer.weight.data();
  const load = (values: Record<string, Tensor>): (() => unknown) => () => layer.loadStateDict(values);
  expect(load({ weight: zeros([3, 2]), biass: zeros([3]) })).toThrow(expect.objectContaining({ missing: ['bias'], unexpected: ['biass'], mismatched: [] }));
  expect(load({ weight: zeros([2, 3]), bias: zeros([3]) })).toThrow('loadStateDict: weight must be (3, 2), got (2, 3); build the module with the sizes it was saved with.');
  expect(load({ weight: zeros([3, 2]), biass: zeros([3]) })).toThrow('loadStateDict: missing bias; unexpected biass; give every parameter of the module and no other, or pass { strict: false }.');
  expect(load({})).toThrow(StateDictError);
  expect(load({ weight: zeros([3, 2], { dtype: 'int32' }), bias: zeros([3]) })).toThrow('weight must be float32, got int32');
  const freed = zeros([3]);
  freed.dispose();
  expect(load({ weight: zeros([3, 2]), bias: freed })).toThrow('bias was freed');
  expect(load({ weight: use1(() => zeros([3, 2])), bias: zeros([3]) })).toThrow('move it with await to()');
  expect(await layer.weight.data()).toEqual(before);
});

test('without strict, what fits by name is loaded', async () => {
  const layer = new Linear(1, 1);
  expect(layer.loadStateDict({ bias: tensor([7]), other: tensor([1]) }, { strict: false })).toEqual({ missing: ['weight'], unexpected: ['other'] });
  expect(await layer.bias?.item()).toBe(7);
  expect(() => layer.loadStateDict({ bias: zeros([2]) }, { strict: false })).toThrow(StateDictError);
});

test('a state dict goes from one module to its like', async () => {
  const [one, other] = [new RNN(2, 3), new RNN(2, 3)];
  expect(await other.parameters()['weight_hh_l0']?.data()).not.toEqual(await one.parameters()['weight_hh_l0']?.data());
  other.loadStateDict(one.stateDict());
  for (const [name, value] of Object.entries(one.stateDict())) expect(await other.stateDict()[name]?.data()).toEqual(await value.data());
});

function use1<T>(body: () => T): T {
  const before = use(reference());
  try {
    return body();
  } finally {
    use(before);
  }
}
