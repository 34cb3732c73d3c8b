import { memory, reference, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit } from '@unroll/train';
import { expect, test } from 'vitest';
import { checkpointOf, createTextRun, evaluateText, loadText, resumeText, sampleText, trainText } from './index.ts';

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

async function drain(progress: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of progress) { /* only for its effects */ }
}
