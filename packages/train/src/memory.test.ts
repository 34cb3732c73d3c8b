import { add, keep, linear, memory, mul, reference, scope, sum, tensor, use, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import {
  adagrad, adam, adamw, captureTraining, clipGradNorm, clipGradValue, crossEntropy, DivergenceError, ema, fit, mse, nadam, radam, releaseState, restoreTraining, rmsprop, sgd, WeightSnapshot,
  type Batch, type Optimizer, type OptimizerName, type Trainable,
} from './index.ts';

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

const optimizers: Readonly<Record<OptimizerName, () => Optimizer>> = {
  sgd: () => sgd({ lr: 1e-3, momentum: 0.9, groups: [{ match: /w/, weightDecay: 0.1, lr: 1e-4 }] }),
  rmsprop: () => rmsprop({ momentum: 0.5, centered: true }), adagrad: () => adagrad({ initialAccumulatorValue: 0.1 }),
  adam: () => adam({ amsgrad: true }), adamw: () => adamw(), nadam: () => nadam(), radam: () => radam(),
};

test.each(Object.entries(optimizers))('1,000 steps of %s leave the counts unchanged, with accumulation and an average, and so do steps that throw', async (_, make) => {
  const [model, optimizer] = [accumulator(), make()];
  const averaged = ema(model, 0.99);
  const options = { loss: mse, optimizer, clipNorm: 1, ema: averaged, accumulate: 2 };
  const training = fit(model, batches(2010), options);
  await training.next();
  await training.next();
  const before = memory();
  for (let step = 0; step < 1000; step++) {
    await training.next();
    if (step % 100 === 0) expect(memory()).toEqual(before);
  }
  expect([optimizer.steps, averaged.updates]).toEqual([1002, 1002]);
  expect(memory()).toEqual(before);
  await training.return();
  const after = memory();
  for (let fails = 1; fails <= 6; fails++) {
    let calls = 0;
    const failing = (prediction: Tensor, target: Tensor): Tensor => {
      const loss = mse(prediction, target);
      if (++calls === fails) throw new Error('enough');
      return fails === 6 ? mul(loss, NaN) : loss;
    };
    await expect(drain(fit(model, batches(20), { ...options, loss: failing }))).rejects.toThrow(fails === 6 ? DivergenceError : 'enough');
    expect(memory()).toEqual(after);
  }
  for (const owner of [averaged, optimizer, model]) owner.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

test('snapshots and averages share memory with the model until it changes', () => {
  const model = accumulator();
  const before = memory().bytes;
  const [snapshot, averaged] = [new WeightSnapshot(model), ema(model, 0.9)];
  snapshot.take();
  snapshot.take();
  averaged.update();
  expect(memory().bytes).toBe(before);
  averaged.update();
  averaged.update();
  expect(memory().bytes).toBe(2 * before);
  averaged.swap();
  snapshot.swap();
  for (const owner of [averaged, snapshot, model]) owner.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

test('capturing makes nothing, restoring what it has to, and a refused restoring nothing', () => {
  const model = accumulator();
  const stateful = { stateDict: () => model.parameters(), loadStateDict: (values: Readonly<Record<string, Tensor>>) => model.parameters()['w']?.assign(values['w'] as Tensor) };
  const parts = () => ({ model: stateful, optimizer: adam(), ema: ema(model, 0.9), best: new WeightSnapshot(model) });
  const [one, other] = [parts(), parts()];
  const gradient = scope(() => keep(tensor([0.5])));
  for (let k = 0; k < 3; k++) one.optimizer.step(model.parameters(), { w: gradient });
  one.ema.update();
  one.best.take();
  const state = { h: keep(tensor([1, 2])) };
  const before = memory();
  const { json, tensors } = captureTraining({ ...one, state });
  expect(memory()).toEqual(before);
  for (const bad of [{ ...json, ema: { updates: 0 } }, { ...json, state: { tensor: 9 } }]) expect(() => restoreTraining(other, { json: bad, tensors })).toThrow('the file is damaged');
  expect(memory()).toEqual(before);
  const restored = restoreTraining(other, { json, tensors });
  expect(memory()).toEqual({ tensors: before.tensors + 5, bytes: before.bytes });
  releaseState([restored, state, gradient]);
  for (const owner of [...Object.values({ ...one, model }), other.optimizer, other.ema, other.best]) owner.dispose();
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

async function drain(progress: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of progress) { /* only for its effects */ }
}

function* failingBatches(): Generator<Batch> {
  yield* batches(3);
  throw new Error('no more batches');
}
