import { add, linear, matmul, mul, reference, sqrt, sum, tanh, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { adam, crossEntropy, DivergenceError, ema, fit, mse, sgd, TrainError, type Batch, type FitOptions, type FitProgress, type Loss, type Objective, type Trainable } from './index.ts';

use(reference());

/** y = w x + b. */
function line(): Trainable<never> & { readonly w: Tensor } {
  const [w, b] = [tensor([[0.0]]), tensor([0])];
  return { w, parameters: () => ({ w, b }), forward: (x) => linear(x, w, b) };
}

/** s_t = a s_{t−1} + x_t over (T, B): a state that shows what it is made from. */
function counter(): Trainable<Tensor> {
  const a = tensor([1]);
  return {
    parameters: () => ({ a }),
    forward: (x, state = zeros([x.shape[1] as number])) => {
      const total = add(mul(state, a), matmul(tensor(Array.from({ length: x.shape[0] as number }, () => 1)), x));
      return [mul(x, a), total];
    },
  };
}

async function all<State>(model: Trainable<State>, batches: Iterable<Batch>, options: FitOptions<State>): Promise<FitProgress<State>[]> {
  const list: FitProgress<State>[] = [];
  for await (const progress of fit(model, batches, options)) list.push(progress);
  return list;
}

const batch = (rows: number, columns: number, value = 1): Batch => {
  const data = new Float32Array(rows * columns).fill(value);
  return { inputs: data, targets: data, shape: [rows, columns] };
};

test('fit finds a line', async () => {
  const model = line();
  const [xs, ys] = [Float32Array.from([-1, 0, 1, 2]), Float32Array.from([-5, -2, 1, 4])];
  const batches = Array.from({ length: 300 }, () => ({ inputs: xs, targets: ys, shape: [4, 1] }));
  const progress = await all(model, batches, { loss: mse, optimizer: adam({ lr: 0.1 }) });
  expect(progress).toHaveLength(300);
  expect(progress[0]).toMatchObject({ step: 1, loss: (25 + 4 + 1 + 16) / 4, lr: 0.1, tokens: 4, gradNorm: undefined, state: undefined });
  expect(progress.at(-1)?.loss).toBeLessThan(1e-5);
  expect(await model.w.item()).toBeCloseTo(3, 2);
});

test('fit learns classes from scores', async () => {
  const w = tensor([[0.1, -0.1], [0, 0]]);
  const model = { parameters: () => ({ w }), forward: (x: Tensor) => matmul(tanh(x), w) };
  const one = { inputs: tensor([[1, 0], [0, 1]]), targets: tensor([1, 0], { dtype: 'int32' }) };
  const progress = await all(model, Array.from({ length: 100 }, () => one), { loss: crossEntropy, optimizer: sgd({ lr: 1, momentum: 0.9 }) });
  expect(progress.at(-1)?.loss).toBeLessThan(0.02);
  expect(one.inputs.disposed).toBe(false);
});

test('the state goes from batch to batch and window to window, and starts anew on reset', async () => {
  const states: number[] = [];
  const batches = [batch(2, 1), batch(5, 1), { ...batch(1, 1), reset: true }, batch(1, 1)];
  for await (const { state } of fit(counter(), batches, { loss: mse, optimizer: sgd({ lr: 0 }), truncate: 2, state: tensor([10]) })) states.push((await state?.item()) ?? NaN);
  expect(states).toEqual([12, 14, 16, 17, 1, 2]);
});

test('batchFirst cuts windows along the second axis', async () => {
  const seen: (readonly number[])[] = [];
  const w = tensor([1]);
  const model: Trainable<never> = { parameters: () => ({ w }), forward: (x) => (seen.push(x.shape), mul(x, w)) };
  const progress = await all(model, [batch(3, 5)], { loss: mse, optimizer: sgd({ lr: 0 }), truncate: 2, batchFirst: true });
  expect(seen).toEqual([[3, 2], [3, 2], [3, 1]]);
  expect(progress.map(({ tokens }) => tokens)).toEqual([6, 6, 3]);
});

test('steps ends a stream without end, and the optimiser goes on counting', async () => {
  function* endless(): Generator<Batch> { for (;;) yield batch(1, 1); }
  const optimizer = sgd({ lr: 1 });
  const options = { loss: mse, optimizer, steps: 3, schedule: (step: number) => 1 / step };
  expect((await all(counter(), endless(), options)).map(({ step, lr }) => [step, lr])).toEqual([[1, 1], [2, 1 / 2], [3, 1 / 3]]);
  expect((await all(counter(), endless(), options)).map(({ step }) => step)).toEqual([4, 5, 6]);
  expect(await all(counter(), endless(), { ...options, steps: 0 })).toEqual([]);
});

test('the norm is measured before clipping, after clipping by value', async () => {
  const norms = async (options: Partial<FitOptions<never>>): Promise<[number | undefined, number]> => {
    const model = line();
    const [first] = await all(model, [{ inputs: tensor([[3]]), targets: tensor([[-2]]) }], { loss: mse, optimizer: sgd({ lr: 1 }), ...options });
    return [first?.gradNorm, await model.w.item()];
  };
  // dL/dw = 2 · 2 · 3 = 12, dL/db = 4
  expect(await norms({})).toEqual([undefined, -12]);
  const [norm, w] = await norms({ clipNorm: 1 });
  expect(norm).toBeCloseTo(Math.hypot(12, 4), 5);
  expect(w).toBeCloseTo(-12 / Math.hypot(12, 4), 5);
  expect((await norms({ clipNorm: Infinity }))[1]).toBe(-12);
  expect(await norms({ clipNorm: Infinity, clipValue: 3 })).toEqual([Math.fround(Math.hypot(3, 3)), -3]);
});

test('windows that make one update together are one batch, each with the weight of its targets', async () => {
  const rows = (count: number, from: number): Batch => {
    const data = Float32Array.from({ length: count }, (_, k) => from + k);
    return { inputs: data, targets: data.map((x) => 3 * x + 1), shape: [count, 1] };
  };
  const train = async (batches: readonly Batch[], options: Partial<FitOptions<never>>): Promise<readonly [FitProgress<never>[], number]> => {
    const model = line();
    return [await all(model, batches, { loss: mse, optimizer: adam({ lr: 0.1 }), clipNorm: Infinity, ...options }), await model.w.item()];
  };
  const [[whole], w] = await train([rows(7, -3)], {});
  const [parts, sameW] = await train([rows(2, -3), rows(4, -1), rows(1, 3)], { accumulate: 3 });
  expect(parts).toHaveLength(1);
  expect(parts[0]).toMatchObject({ step: 1, tokens: 7 });
  expect(parts[0]?.loss).toBeCloseTo(whole?.loss ?? NaN, 4);
  expect(parts[0]?.gradNorm).toBeCloseTo(whole?.gradNorm ?? NaN, 4);
  expect(sameW).toBeCloseTo(w, 5);
  // The two batches that are left at the end make an update of their own.
  const [rest] = await train([rows(1, 0), rows(1, 1), rows(1, 2), rows(2, 0), rows(2, 0)], { accumulate: 3 });
  expect(rest.map(({ step, tokens }) => [step, tokens])).toEqual([[1, 3], [2, 4]]);
  const [windows] = await train([rows(5, 0), rows(3, 0)], { accumulate: 2, truncate: 2 });
  expect(windows.map(({ tokens }) => tokens)).toEqual([4, 3, 1]);
});

test('the state goes on from window to window, also between those of one update', async () => {
  const states: number[] = [];
  const batches = [batch(2, 1), { ...batch(1, 1), reset: true }, batch(1, 1), batch(5, 1)];
  for await (const { state } of fit(counter(), batches, { loss: mse, optimizer: sgd({ lr: 0 }), accumulate: 2, state: tensor([10]) })) states.push((await state?.item()) ?? NaN);
  expect(states).toEqual([1, 7]);
});

test('a loss or a gradient that is no number ends the training before it harms the model', async () => {
  const model = line();
  const optimizer = adam({ lr: 0.1 });
  const averaged = ema(model, 0.5);
  const good = { inputs: tensor([[1]]), targets: tensor([[1]]) };
  const run = all(model, [good, good, { ...good, inputs: tensor([[Infinity]]) }], { loss: mse, optimizer, clipNorm: 1, ema: averaged, schedule: (step) => 0.1 / step });
  await expect(run).rejects.toThrow(/^fit: at step 3 the loss is Infinity and the gradient norm Infinity; the step was not made, so go on from here with a smaller learning rate or clipNorm\.$/);
  await expect(run).rejects.toMatchObject({ name: 'DivergenceError', code: 'diverged', step: 3, loss: Infinity, gradNorm: Infinity });
  await expect(run).rejects.toBeInstanceOf(DivergenceError);
  expect([optimizer.steps, optimizer.lr, averaged.updates]).toEqual([2, 0.05, 2]);
  const [w, moment] = [await model.w.item(), await optimizer.stateDict().tensors['w.exp_avg']?.item()];
  expect(Number.isFinite(w) && w !== 0).toBe(true);
  expect(Number.isFinite(moment)).toBe(true);
  // The derivative of |x|^½ at 0 is infinite, the loss is not.
  const root = (prediction: Tensor): Tensor => sum(sqrt(prediction));
  const zero = { parameters: () => ({ w: good.inputs }), forward: (x: Tensor) => mul(x, good.inputs) };
  await expect(all(zero, [{ inputs: zeros([1, 1]), targets: zeros([1, 1]) }], { loss: root, optimizer, clipNorm: 1 })).rejects.toMatchObject({ loss: 0, step: 3 });
  await expect(all(line(), [{ ...good, inputs: tensor([[NaN]]) }], { loss: mse, optimizer: sgd() })).rejects.toMatchObject({ loss: NaN, gradNorm: undefined, message: expect.stringContaining('the loss is NaN; the step') as unknown });
});

test('an average hears of each update', async () => {
  const model = line();
  const averaged = ema(model, 0.5);
  await all(model, [batch(1, 1), batch(1, 1), batch(1, 1)], { loss: mse, optimizer: sgd({ lr: 0.5 }), ema: averaged });
  expect(averaged.updates).toBe(3);
  expect(await averaged.within(() => model.w.item())).not.toBe(await model.w.item());
});

test('timers run while fit works', async () => {
  let ticks = 0;
  const timer = setInterval(() => { ticks += 1; }, 1);
  function* endless(): Generator<Batch> { for (;;) yield batch(50, 50); }
  // Ends only because the timer fires.
  for await (const _ of fit(counter(), endless(), { loss: mse, optimizer: sgd({ lr: 0 }) })) if (ticks >= 2) break;
  clearInterval(timer);
  expect(ticks).toBeGreaterThanOrEqual(2);
});

test('batches may come asynchronously, with targets of another shape', async () => {
  async function* later(): AsyncGenerator<Batch> {
    await Promise.resolve();
    yield { inputs: new Float32Array(6), shape: [2, 3], targets: Int32Array.from([1, 0]), targetShape: [2] };
  }
  const w = zeros([3, 2]);
  const progress: number[] = [];
  for await (const { loss } of fit({ parameters: () => ({ w }), forward: (x) => matmul(x, w) }, later(), { loss: crossEntropy, optimizer: sgd() })) progress.push(loss);
  expect(progress).toEqual([Math.fround(Math.LN2)]);
});

const plain: { readonly loss: Loss } = { loss: mse };
test.each([
  ['a truncation of 0', { truncate: 0 }, 'fit: truncate must be a whole number of steps from 1, got 0.'],
  ['a negative number of steps', { steps: -1 }, 'fit: steps must be a number from 0, got -1.'],
  ['no window an update', { accumulate: 0 }, 'fit: accumulate must be a whole number from 1, got 0.'],
  ['windows without targets', { truncate: 1 }, 'fit: to cut 2 steps into pieces of 1, targets need a value at every step, got inputs (2, 1) and targets (1); leave truncate out for one target a sequence.'],
])('%s is refused', async (_, options, message) => {
  const run = all(line(), [{ inputs: zeros([2, 1]), targets: zeros([1]) }], { ...plain, optimizer: sgd(), ...options });
  await expect(run).rejects.toThrow(message);
  await expect(run).rejects.toBeInstanceOf(TrainError);
});

test('an objective sees the whole batch, carries a state, and is weighed by what counts', async () => {
  const w = tensor([2]);
  const optimizer = sgd({ lr: 0 });
  const items = [{ ...batch(1, 2, 3), scale: 1, count: 1 }, { ...batch(1, 2, 3), scale: 10, count: 3 }];
  const seen: (number | undefined)[] = [];
  const progress: FitProgress<Tensor>[] = [];
  const objective: Objective<Tensor, (typeof items)[number]> = ({ inputs, batch: { scale } }, state) => {
    seen.push(state?.shape[0]);
    return [sum(mul(mul(inputs, w), scale)), zeros([scale])];
  };
  for await (const one of fit<Tensor, (typeof items)[number]>({ parameters: () => ({ w }) }, items, { objective, optimizer, accumulate: 2 })) progress.push(one);
  expect(seen).toEqual([undefined, 1]);
  // (1 · 12 + 3 · 120) / 4
  expect(progress.map(({ loss, tokens }) => [loss, tokens])).toEqual([[93, 4]]);
  const both = { loss: mse, objective, optimizer } as object as FitOptions<never>;
  await expect(all(line(), [], both)).rejects.toThrow('fit: give a loss or an objective, got both.');
  await expect(all(line(), [], { optimizer })).rejects.toThrow('fit: give a loss or an objective, got neither.');
});

test('reportEvery reads only what it reports, and changes nothing else', async () => {
  const plain = reference();
  let reads = 0;
  const before = use({
    name: 'counting', supports: (dtype) => plain.supports(dtype), allocate: (bytes) => plain.allocate(bytes), free: (buffer) => plain.free(buffer), write: (buffer, data) => plain.write(buffer, data),
    dispatch: (kernel, inputs, outputs) => plain.dispatch(kernel, inputs, outputs), memory: () => plain.memory(),
    read: (buffer, dtype) => { reads += 1; return plain.read(buffer, dtype); },
  });
  const batches = Array.from({ length: 11 }, (_, k) => ({ ...batch(4, 1, k % 3), count: k + 1 }));
  const learnt = async (options: Pick<FitOptions<never>, 'reportEvery' | 'steps' | 'accumulate'>): Promise<{ readonly progress: FitProgress<never>[]; readonly w: number; readonly reads: number }> => {
    const model = line();
    reads = 0;
    const progress = await all(model, batches, { loss: mse, optimizer: adam({ lr: 0.1 }), clipNorm: 1, ...options });
    const needed = reads;
    return { progress, reads: needed, w: await model.w.item() };
  };
  const each = await learnt({ steps: 10 });
  const seldom = await learnt({ steps: 10, reportEvery: 4 });
  expect(each.reads).toBe(20);
  expect(seldom.reads).toBe(6);
  expect(seldom.progress.map(({ step, tokens }) => [step, tokens])).toEqual([[4, 1 + 2 + 3 + 4], [8, 5 + 6 + 7 + 8], [10, 9 + 10]]);
  expect(seldom.progress.map(({ loss }) => loss)).toEqual([3, 7, 9].map((k) => each.progress[k]?.loss));
  expect(seldom.w).toBe(each.w);
  // What is left over at the end is an update, and a report.
  expect((await learnt({ accumulate: 2, reportEvery: 5 })).progress.map(({ step }) => step)).toEqual([5, 6]);
  await expect(learnt({ reportEvery: 0 })).rejects.toThrow('reportEvery');
  use(before);
});
