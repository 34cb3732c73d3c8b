import { add, keep, linear, memory, mul, reference, scope, sum, tensor, use, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { adam, clipGradNorm, clipGradValue, crossEntropy, fit, mse, sgd, type Batch, type Trainable } from './index.ts';

// A file of its own, in which nothing is left to the garbage collector: it would change the counts at times of its own choice.

use(reference());

interface Accumulator extends Trainable<readonly [Tensor, { last: Tensor }]> { dispose(): void }

/** A model with a state of several tensors: it adds what it sees. */
function accumulator(): Accumulator {
  const w = keep(tensor([0.5]));
  return {
    parameters: () => ({ w }),
    forward: (x, state) => scope(() => {
      const total = state === undefined ? x : add(state[0], x);
      return [mul(total, w), [total, { last: x }]] as const;
    }),
    dispose: () => w.dispose(),
  };
}

const batches = (count: number): Batch[] => Array.from({ length: count }, (_, k) => ({ inputs: Float32Array.of(k % 3, 1), targets: Float32Array.of(1, k % 2), shape: [1, 2], reset: k % 10 === 0 }));

test('fit leaves nothing behind: at its end, when left, when a step throws, when batches do', async () => {
  const [model, optimizer] = [accumulator(), sgd({ lr: 0.01, momentum: 0.9 })];
  for await (const _ of fit(model, batches(1), { loss: mse, optimizer })) break;
  const before = memory();
  const options = { loss: mse, optimizer, clipNorm: 1, clipValue: 5 };
  for await (const { step } of fit(model, batches(100), options)) expect(step).toBeGreaterThan(1);
  expect(memory()).toEqual(before);
  for await (const { state } of fit(model, batches(100), options)) if (state !== undefined) break;
  expect(memory()).toEqual(before);

  let calls = 0;
  const failing = (prediction: Tensor, target: Tensor): Tensor => {
    const loss = mse(prediction, target);
    if (++calls === 5) throw new Error('the fifth loss fails');
    return loss;
  };
  await expect(drain(fit(model, batches(100), { ...options, loss: failing }))).rejects.toThrow('the fifth loss fails');
  expect(memory()).toEqual(before);
  await expect(drain(fit(model, [{ inputs: Float32Array.of(1), targets: Float32Array.of(1), targetShape: [2] }], options))).rejects.toThrow('1 numbers do not fill shape (2)');
  expect(memory()).toEqual(before);
  await expect(drain(fit(model, failingBatches(), options))).rejects.toThrow('no more batches');
  expect(memory()).toEqual(before);
  optimizer.dispose();
  model.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

test('a step that throws changes neither parameters nor optimiser', async () => {
  const [model, optimizer] = [accumulator(), adam({ lr: 0.1 })];
  const { w } = model.parameters();
  const failing = { ...model, forward: () => { throw new Error('no'); } };
  await expect(drain(fit(failing, batches(1), { loss: mse, optimizer }))).rejects.toThrow('no');
  expect(await w?.item()).toBe(0.5);
  expect(optimizer.steps).toBe(0);
  optimizer.dispose();
  model.dispose();
});

test('the initial state stays the caller\'s', async () => {
  const model = accumulator();
  const state = [tensor([[1, 1]]), { last: tensor([[0, 0]]) }] as const;
  const before = memory();
  await drain(fit(model, batches(3).slice(1), { loss: mse, optimizer: sgd(), state }));
  expect(memory()).toEqual(before);
  expect([...(await state[0].data())]).toEqual([1, 1]);
  for (const own of [...Object.values(model.parameters()), state[0], state[1].last]) own.dispose();
});

test('an update leaves what the optimiser keeps and nothing else, also when it is refused', () => scope(() => {
  const optimizer = adam();
  const parameters = { a: tensor([1, 2]), b: tensor([3]) };
  const gradients = { a: tensor([1, 1]), b: tensor([1]) };
  const before = memory();
  scope(() => optimizer.step(parameters, gradients));
  expect(memory()).toEqual({ tensors: before.tensors + 4, bytes: before.bytes + 24 });
  for (let k = 0; k < 10; k++) optimizer.step(parameters, gradients);
  expect(() => optimizer.step(parameters, { a: gradients.b })).toThrow('adam: the gradient of a must be (2) float32, got (1) float32.');
  expect(memory()).toEqual({ tensors: before.tensors + 4, bytes: before.bytes + 24 });
  expect(optimizer.steps).toBe(11);
  const saved = optimizer.stateDict();
  const other = adam();
  other.loadStateDict(saved);
  optimizer.dispose();
  expect(other.stateDict().tensors['a.exp_avg']?.disposed).toBe(false);
  expect(() => other.loadStateDict({ steps: 1, tensors: { x: gradients.a } })).toThrow('the saved state has "x"');
  other.dispose();
  expect(memory()).toEqual(before);
}));

test('losses and clipping leave their result alone', () => scope(() => {
  const [logits, targets, weight] = [tensor([[1, 2], [3, 4]]), tensor([0, 1], { dtype: 'int32' }), tensor([[1, 1]])];
  const before = memory().tensors;
  crossEntropy(logits, targets).dispose();
  mse(logits, logits).dispose();
  clipGradNorm({ weight }, 0.1).dispose();
  clipGradValue({ weight }, 0.05);
  scope(() => void sum(linear(logits, weight)));
  expect(memory().tensors).toBe(before);
}));

async function drain(progress: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of progress) { /* only for its effects */ }
}

function* failingBatches(): Generator<Batch> {
  yield* batches(3);
  throw new Error('no more batches');
}
