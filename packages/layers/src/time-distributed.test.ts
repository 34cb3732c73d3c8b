import { reference, reshape, sum, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { LayerError, Linear, LSTM, Module, TimeDistributed } from './index.ts';

use(reference());

/** Takes a batch and nothing in front of it: (N, T, I) → (N, H), the last state of an LSTM. */
class Encoder extends Module {
  rnn = new LSTM(2, 3, { batchFirst: true, returnSequences: false });

  forward(rows: Tensor): Tensor {
    if (rows.rank !== 3) throw new Error(`rank ${rows.rank}`);
    return this.rnn.forward(rows)[0];
  }
}

test('a layer is applied to every step of every row', async () => {
  const layer = new TimeDistributed(new Encoder());
  const input = tensor(Array.from({ length: 4 * 3 * 5 * 2 }, (_, k) => Math.sin(k)), { shape: [4, 3, 5, 2] });
  const output = layer.forward(input);
  expect(output.shape).toEqual([4, 3, 3]);
  const expected = layer.layer.forward(reshape(input, [12, 5, 2]));
  expect([...(await output.data())]).toEqual([...(await expected.data())]);
  expect(Object.keys(layer.stateDict())[0]).toBe('layer.rnn.weight_ih_l0');
  expect(layer.eval().layer.rnn.training).toBe(false);
});

test('any number of axes may lead', () => {
  const head = new Linear(2, 7);
  expect(new TimeDistributed(head, { leadingAxes: 1 }).forward(zeros([4, 2])).shape).toEqual([4, 7]);
  expect(new TimeDistributed(head, { leadingAxes: 3 }).forward(zeros([4, 3, 5, 2])).shape).toEqual([4, 3, 5, 7]);
});

class Total extends Module {
  forward(rows: Tensor): Tensor {
    return sum(rows, { axis: 0 });
  }
}

test.each<[string, () => unknown, string]>([
  ['no leading axis', () => new TimeDistributed(new Linear(1, 1), { leadingAxes: 0 }), 'TimeDistributed: leadingAxes must be a whole number from 1, got 0.'],
  ['too few axes', () => new TimeDistributed(new Linear(1, 1)).forward(zeros([3])), 'TimeDistributed: input must have at least 2 axes, got (3); set leadingAxes to the number of axes in front that are steps and rows.'],
  ['a layer that drops rows', () => new TimeDistributed(new Total()).forward(zeros([4, 3, 2])), 'TimeDistributed: the layer must keep the first axis, 12 long, got (2).'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(LayerError);
});
