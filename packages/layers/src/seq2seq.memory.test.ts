import { gru } from '@unroll/cells';
import { memory, reference, tensor, use } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { AdditiveAttention, Decoder, Encoder, EncoderDecoder } from './index.ts';

// A file of its own, in which nothing is left to the garbage collector: it would change the counts at times of its own choice.

use(reference());

test('encoding and decoding leave nothing but their results, and nothing when they throw', () => {
  const model = new EncoderDecoder(new Encoder(gru, 5, 3, 4, { bidirectional: true }), new Decoder(gru, 6, 3, 4, { attention: new AdditiveAttention(4, 8) }), { start: 0 });
  const source = tensor([[1, 2], [3, 4]], { dtype: 'int32' });
  const targets = tensor([[1, 2], [3, 4], [0, 1]], { dtype: 'int32' });
  const ids = tensor([1, 2], { dtype: 'int32' });
  const before = memory();
  model.forward(source, targets, { lengths: [1, 2] }).dispose();
  expect(memory()).toEqual(before);
  const { recurrent, source: read } = model.encode(source, { lengths: [1, 2] });
  const parts = [recurrent, read?.memory, read?.keys, read?.mask].flat();
  expect(parts.map((part) => part?.shape)).toEqual([[1, 2, 4], [2, 2, 8], [2, 2, 4], [2, 2]]);
  expect(memory().tensors).toBe(before.tensors + 4);
  const said = model.step(ids, { recurrent, ...(read === undefined ? {} : { source: read }) });
  expect(memory().tensors).toBe(before.tensors + 4 + 3);
  expect(said.state.source).toEqual(read);
  for (const part of [...parts, said.logits, said.weights, said.state.recurrent].flat()) part?.dispose();
  expect(() => model.forward(source, targets, { lengths: [3, 1] })).toThrow('lengths');
  expect(() => model.forward(targets, ids)).toThrow('ids must be (T, B)');
  expect(memory()).toEqual(before);
  for (const made of [model, source, targets, ids]) made.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});
