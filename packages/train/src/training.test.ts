import { linear, Generator, mul, reference, tensor, uniform, use, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import {
  adagrad, adam, adamw, averagedTensors, captureTraining, EarlyStopping, ema, fit, History, modelTensors, mse, nadam, radam, ReduceLROnPlateau, restoreTraining, rmsprop, sgd, TrainError,
  WeightSnapshot, type Batch, type NamedTensors, type Optimizer, type OptimizerName, type Trainable, type Training,
} from './index.ts';

use(reference());

type State = { readonly h: Tensor; readonly more: readonly Tensor[] };
interface Model extends Trainable<State> { stateDict(): Record<string, Tensor>; loadStateDict(values: NamedTensors): void }

/** y = (w x + b) · noise + state: it draws random numbers and carries a state of nested tensors. */
function noisy(generator: Generator): Model {
  const parameters = { 'w': tensor([[0.5]]), 'head.b': tensor([0.1]) };
  return {
    parameters: () => parameters,
    stateDict: () => parameters,
    loadStateDict(values) {
      for (const [name, own] of Object.entries(parameters)) {
        if (values[name] === undefined) throw new Error(`missing ${name}`);
        own.assign(values[name]);
      }
    },
    forward: (x, state) => {
      const y = mul(linear(x, parameters.w, parameters['head.b']), uniform([1, 1], { generator, low: 0.8, high: 1.2 }));
      return [state === undefined ? y : mul(y, 1.1), { h: y, more: [x, mul(y, 2)] }];
    },
  };
}

/** Batches from a cursor. */
class Numbers implements Iterable<Batch> {
  #at = 0;
  get cursor(): { readonly at: number } { return { at: this.#at }; }
  restore({ at }: { readonly at: number }): void {
    if (!Number.isSafeInteger(at)) throw new TypeError('no such number');
    this.#at = at;
  }
  *[Symbol.iterator](): IterableIterator<Batch> {
    for (;;) {
      const x = Math.sin(this.#at++);
      yield { inputs: Float32Array.of(x), targets: Float32Array.of(2 * x), shape: [1, 1] };
    }
  }
}

interface Run extends Training<State> {
  readonly model: Model; readonly optimizer: Optimizer; readonly data: Numbers; readonly plateau: ReduceLROnPlateau; readonly stopping: EarlyStopping; readonly history: History;
  readonly ema: ReturnType<typeof ema>; readonly best: WeightSnapshot;
  state: State | undefined;
}

function start(optimizer: Optimizer): Run {
  const generator = new Generator(4);
  const model = noisy(generator);
  return {
    model, optimizer, generator, data: new Numbers(), plateau: new ReduceLROnPlateau(0.05, { factor: 0.7, patience: 0 }), stopping: new EarlyStopping({ patience: 1e6 }),
    history: new History({ capacity: 8 }), ema: ema(model, 0.9), best: new WeightSnapshot(model), state: undefined,
  };
}

async function advance(run: Run, steps: number): Promise<void> {
  const { model, optimizer, data, plateau, stopping, history, ema: averaged, best } = run;
  const options = { loss: mse, optimizer, clipNorm: 1, accumulate: 2, ema: averaged, schedule: plateau.schedule, steps };
  for await (const { step, loss, state } of fit(model, data, run.state === undefined ? options : { ...options, state: run.state })) {
    run.state = { h: tensor(await numbers(state?.h), { shape: [1, 1] }), more: [tensor(await numbers(state?.more[0])), tensor(await numbers(state?.more[1]))] };
    history.add(step, { loss });
    plateau.step(loss);
    if (stopping.step(loss)) best.take();
  }
}

const numbers = async (x: Tensor | undefined): Promise<Float32Array> => (await x?.data() ?? new Float32Array(0)) as Float32Array;

/** As a file holds it: text, and arrays of numbers. */
async function saved(training: Training): Promise<{ readonly json: unknown; readonly values: Readonly<Record<string, { shape: readonly number[]; data: Float32Array }>> }> {
  const { json, tensors } = captureTraining(training);
  const values = await Promise.all(Object.entries(tensors).map(async ([name, value]) => [name, { shape: value.shape, data: await numbers(value) }] as const));
  return { json: JSON.parse(JSON.stringify(json)), values: Object.fromEntries(values) };
}

const loaded = (values: Awaited<ReturnType<typeof saved>>['values']): Record<string, Tensor> => Object.fromEntries(Object.entries(values).map(([name, { shape, data }]) => [name, tensor(data, { shape })]));

const optimizers: Readonly<Record<OptimizerName, () => Optimizer>> = {
  sgd: () => sgd({ momentum: 0.9 }), rmsprop: () => rmsprop({ centered: true }), adagrad: () => adagrad(), adam: () => adam({ amsgrad: true }), adamw: () => adamw(), nadam: () => nadam(), radam: () => radam(),
};

test.each(Object.entries(optimizers))('200 steps of %s are 100, a file, and 100 more, to the bit', async (_, optimizer) => {
  const [whole, first, resumed] = [start(optimizer()), start(optimizer()), start(optimizer())];
  await advance(whole, 200);
  await advance(first, 100);
  const file = await saved(first);
  resumed.state = restoreTraining(resumed, { json: file.json, tensors: loaded(file.values) });
  expect(await saved(resumed)).toEqual(file);
  await advance(resumed, 100);
  expect(await saved(resumed)).toEqual(await saved(whole));
  expect(await saved(resumed)).not.toEqual(file);
  expect(resumed.optimizer.lr).toBeLessThan(0.05);
});

test('a captured training has everything, under names that tell', async () => {
  const run = start(adam());
  await advance(run, 3);
  const { json, tensors } = captureTraining(run);
  expect(Object.keys(tensors)).toEqual([
    'w', 'head.b', 'optimizer.w.exp_avg', 'optimizer.w.exp_avg_sq', 'optimizer.head.b.exp_avg', 'optimizer.head.b.exp_avg_sq', 'state.0', 'state.1', 'state.2', 'ema.w', 'ema.head.b', 'best.w', 'best.head.b',
  ]);
  expect(json).toMatchObject({
    steps: 3, lr: run.optimizer.lr, generator: { seed: 4, counter: 6 }, cursor: { at: 6 }, state: { h: { tensor: 0 }, more: [{ tensor: 1 }, { tensor: 2 }] },
    plateau: run.plateau.state(), stopping: run.stopping.state(), history: run.history.state(), ema: { updates: 3 },
  });
  expect(Object.keys(modelTensors(tensors))).toEqual(['w', 'head.b']);
  expect(averagedTensors(tensors)).toEqual({ 'w': tensors['ema.w'], 'head.b': tensors['ema.head.b'] });
  const { model, optimizer } = run;
  expect(Object.keys(captureTraining({ model, optimizer }).json)).toEqual(['steps', 'lr']);
});

test('what cannot be gone on from is refused, and nothing has changed', async () => {
  const [run, other] = [start(adam()), start(adam())];
  await advance(run, 3);
  await advance(other, 5);
  const { json, tensors } = captureTraining(run);
  const before = await saved(other);
  const restore = (change: object, others: NamedTensors = tensors): (() => unknown) => () => restoreTraining(other, { json: { ...json, ...change }, tensors: others });
  const without = (name: string): NamedTensors => Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));
  let deep: unknown = 1;
  for (let k = 0; k < 1e5; k++) deep = [deep];
  for (const [refused, message] of [
    [() => restoreTraining(other, { json: null, tensors }), 'restoreTraining: the saved state must be an object, got null; the file is damaged.'],
    [restore({ steps: 'x' }), 'restoreTraining: the saved steps must be a number, got "x"'],
    [restore({ steps: 1.5 }), 'adam: steps must be a whole number from 0, got 1.5.'],
    [restore({ generator: undefined }), 'restoreTraining: generator: the saved state must be an object, got nothing'],
    [restore({ generator: {} }), 'Generator: the counter must be a whole number'],
    [restore({ cursor: [] }), 'restoreTraining: cursor: the saved state must be an object, got []'],
    [restore({ cursor: {} }), 'no such number'],
    [restore({ plateau: {} }), 'ReduceLROnPlateau: the saved lr must be a number'],
    [restore({ stopping: 3 }), 'EarlyStopping: the saved state must be an object'],
    [restore({ history: { loss: 1 } }), 'History: the saved state must be an object'],
    [restore({ ema: { updates: 0 } }), 'ema: the saved state has 0 updates and 2 tensors'],
    [restore({ state: { h: { tensor: 5 } } }), 'restoreTraining: the recurrent state lacks its tensor state.5'],
    [restore({ state: deep }), 'nested more than 16 deep'],
    [restore({}, without('head.b')), 'missing head.b'],
    [restore({}, without('optimizer.w.exp_avg')), 'adam: the saved state lacks "w.exp_avg"'],
    [restore({}, without('state.2')), 'lacks its tensor state.2'],
    [restore({}, without('best.w')), 'WeightSnapshot: w must be (1, 1) float32, got nothing'],
  ] as const) {
    expect(refused).toThrow(message);
    expect(await saved(other)).toEqual(before);
  }
});

test('weights that are not in place, and names that are taken, are not captured', async () => {
  const run = start(adam());
  await advance(run, 1);
  run.ema.swap();
  expect(() => captureTraining(run)).toThrow(TrainError);
  run.ema.swap();
  const model = { ...run.model, stateDict: () => ({ 'state.x': tensor(1) }) };
  expect(() => captureTraining({ ...run, model })).toThrow('captureTraining: the name state.x of a parameter begins like those of a training\'s own tensors; give it another one.');
});

test('what a saved training did not have begins afresh', async () => {
  const [plain, rich] = [start(sgd()), start(sgd())];
  await advance(plain, 2);
  const { model, optimizer, generator, data } = plain;
  restoreTraining(rich, captureTraining({ model, optimizer, generator, data }));
  expect(rich.optimizer.steps).toBe(2);
  expect([rich.ema.updates, rich.best.empty, rich.history.names, rich.stopping.best]).toEqual([0, true, [], undefined]);
});
