import { gru } from '@unroll/cells';
import { AdditiveAttention, Decoder, Encoder, EncoderDecoder } from '@unroll/layers';
import { memory, reference, scope, tensor, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit, releaseState } from '@unroll/train';
import { expect, test } from 'vitest';
import { beamSearch, checkpointOf, createTextRun, evaluateText, greedyDecode, loadText, resumeText, sampleText, trainText, type DecodeStep } from './index.ts';

// A file of its own, in which nothing is left to the garbage collector: it would change the counts at times of its own choice.

use(reference());

const text = 'a small text to learn, and to learn again. '.repeat(30);
const tiny = { hidden: 4, layers: 2, embedding: 3, batch: 2, length: 4, dropout: 0.2, cell: 'lstm' };

test('1,000 steps of an LSTM leave the counts unchanged, and so do steps that throw', async () => {
  const run = createTextRun(text, { ...tiny, steps: 1100, holdout: 0 });
  const training = trainText(run);
  for (let step = 0; step < 2; step++) await training.next();
  const before = memory();
  for (let step = 2; step < 1002; step++) {
    await training.next();
    if (step % 100 === 0) expect(memory()).toEqual(before);
  }
  expect(run.optimizer.steps).toBe(1002);
  expect(memory()).toEqual(before);
  await training.return();
  const after = memory();
  let calls = 0;
  const throwing = (logits: Tensor, targets: Tensor): Tensor => {
    const loss = crossEntropy(logits, targets);
    if (++calls % 2 === 0) throw new Error('every second loss fails');
    return loss;
  };
  for (let k = 0; k < 20; k++) {
    await expect(drain(fit(run.model, run.streams, { loss: throwing, optimizer: run.optimizer, clipNorm: 1 }))).rejects.toThrow('every second loss fails');
    expect(memory()).toEqual(after);
  }
  run.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
}, 60_000);

test('evaluating, sampling, saving and loading leave nothing behind', async () => {
  const run = createTextRun(text, { ...tiny, steps: 3, evaluateEvery: 1 });
  await drain(trainText(run, { sample: { length: 5 } }));
  const before = memory();
  await evaluateText(run.model, run.heldOut);
  for await (const _ of sampleText(run.model, run.vocabulary)) break;
  await drain(sampleText(run.model, run.vocabulary, { length: 3 }));
  const { description, tensors } = checkpointOf(run);
  expect(memory()).toEqual(before);
  loadText(description, tensors).model.dispose();
  resumeText(text, description, tensors).dispose();
  expect(memory()).toEqual(before);
  expect(() => resumeText(text, { ...description, training: { ...description.training, generator: {} } }, tensors)).toThrow('Generator');
  expect(() => loadText(description, { ...tensors, extra: tensors['head.bias'] as Tensor })).toThrow('unexpected extra');
  expect(memory()).toEqual(before);
  await expect(evaluateText(run.model, Int32Array.of(1))).rejects.toThrow('evaluationWindows');
  await expect(drain(sampleText(run.model, run.vocabulary, { prompt: '%' }))).rejects.toThrow('encode');
  expect(memory()).toEqual(before);
  run.dispose();
  run.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

test('an optimiser of one\'s own choice trains the model through fit alone', async () => {
  const run = createTextRun(text, tiny);
  const optimizer = adam({ lr: 0.05 });
  const losses: number[] = [];
  for await (const { loss } of fit(run.model, run.streams, { loss: crossEntropy, optimizer, steps: 50, truncate: 2 })) losses.push(loss);
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  optimizer.dispose();
  run.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

test('decoding leaves nothing behind and frees nothing of the caller\'s, also when the step throws', async () => {
  const model = new EncoderDecoder(new Encoder(gru, 5, 3, 4), new Decoder(gru, 5, 3, 4, { attention: new AdditiveAttention(4) }), { start: 1 });
  const state = scope(() => model.encode(tensor([[1, 2], [3, 4]], { dtype: 'int32' })));
  const before = memory();
  const step = (limit: number): DecodeStep<typeof state> => (ids, given) => {
    if (limit-- <= 0) throw new Error('enough');
    return model.step(ids, given);
  };
  const options = { start: [1, 1], state, maxLength: 4 };
  await greedyDecode(step(9), options);
  await beamSearch(step(9), options);
  expect(memory()).toEqual(before);
  for (const limit of [0, 2]) {
    await expect(greedyDecode(step(limit), options)).rejects.toThrow('enough');
    await expect(beamSearch(step(limit), options)).rejects.toThrow('enough');
    expect(memory()).toEqual(before);
  }
  await expect(beamSearch(step(9), { ...options, start: [1] })).rejects.toThrow('must have their 1 rows on axis 1, got (1, 2, 4)');
  expect(memory()).toEqual(before);
  model.dispose();
  releaseState(state);
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

async function drain(progress: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of progress) { /* only for its effects */ }
}
