import { readFileSync } from 'node:fs';
import { reference, tensor, use, type NestedNumbers, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { ema, TrainError, WeightSnapshot } from './index.ts';

use(reference());

interface Fixtures { readonly averages: { readonly decay: number; readonly weights: readonly NestedNumbers[]; readonly averages: readonly NestedNumbers[] } }
const { averages: fixture } = JSON.parse(readFileSync(new URL('../../testing/fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixtures;

const exact = (data: NestedNumbers): Tensor => tensor(data, { dtype: 'float64' });
const modelOf = (...values: readonly number[]): { readonly parameters: () => Record<string, Tensor>; readonly w: Tensor; readonly b: Tensor } => {
  const [w, b] = [tensor(values), tensor([0])];
  return { w, b, parameters: () => ({ w, b }) };
};
const numbers = async (x: Tensor | undefined): Promise<number[]> => [...((await x?.data()) ?? [])];

test('a snapshot remembers, gives back, and exchanges', async () => {
  const model = modelOf(1, 2);
  const snapshot = new WeightSnapshot(model);
  expect(snapshot.empty).toBe(true);
  expect(() => snapshot.swap()).toThrow('WeightSnapshot: there are no weights yet; take() them first.');
  snapshot.take();
  model.w.assign(tensor([3, 4]));
  expect(await numbers(snapshot.stateDict()['w'])).toEqual([1, 2]);
  snapshot.swap();
  expect([await numbers(model.w), snapshot.swapped]).toEqual([[1, 2], true]);
  for (const action of [() => snapshot.take(), () => snapshot.restore(), () => snapshot.stateDict(), () => snapshot.loadStateDict({})]) {
    expect(action).toThrow('WeightSnapshot: the model has these weights at the moment; swap() them back first.');
  }
  snapshot.swap();
  expect([await numbers(model.w), snapshot.swapped]).toEqual([[3, 4], false]);
  snapshot.restore();
  expect(await numbers(model.w)).toEqual([1, 2]);
  model.w.assign(tensor([5, 6]));
  expect(await numbers(snapshot.stateDict()['w'])).toEqual([1, 2]);
  snapshot.swap();
  snapshot.dispose();
  expect(await numbers(model.w)).toEqual([5, 6]);
  expect(snapshot.empty).toBe(true);
});

test('weights of another model are refused, and those before stay', async () => {
  const model = modelOf(1, 2);
  const snapshot = new WeightSnapshot(model);
  snapshot.take();
  expect(() => snapshot.loadStateDict({ w: tensor([1, 2]) })).toThrow('WeightSnapshot: b must be (1) float32, got nothing; the weights are those of another model.');
  expect(() => snapshot.loadStateDict({ w: tensor([1]), b: tensor([1]) })).toThrow('w must be (2) float32, got (1) float32');
  expect(() => snapshot.loadStateDict({ w: tensor([1, 2]), b: tensor([1]), toString: tensor([1]) })).toThrow('the model has no parameter toString');
  expect(await numbers(snapshot.stateDict()['w'])).toEqual([1, 2]);
});

test('the average goes the way of PyTorch', async () => {
  const w = exact(fixture.weights[0] ?? []);
  const averaged = ema({ parameters: () => ({ w }) }, fixture.decay);
  for (const [k, weights] of fixture.weights.entries()) {
    w.assign(exact(weights));
    averaged.update();
    const [mine, theirs] = [await numbers(averaged.stateDict().tensors['w']), await numbers(exact(fixture.averages[k] ?? []))];
    mine.forEach((value, j) => expect(Math.abs(value - (theirs[j] as number))).toBeLessThan(1e-12));
  }
  expect(averaged.updates).toBe(fixture.weights.length);
});

test('the averaged weights are in the model while a body runs, and go also when it throws', async () => {
  const model = modelOf(0, 0);
  const averaged = ema(model, 0.5);
  expect(await averaged.within(() => numbers(model.w))).toEqual([0, 0]);
  averaged.update();
  model.w.assign(tensor([4, 8]));
  averaged.update();
  expect(await averaged.within(() => numbers(model.w))).toEqual([2, 4]);
  await expect(averaged.within(() => { throw new Error('no'); })).rejects.toThrow('no');
  expect(await numbers(model.w)).toEqual([4, 8]);
  averaged.swap();
  expect(averaged.swapped).toBe(true);
  expect(() => averaged.update()).toThrow(TrainError);
  expect(() => averaged.stateDict()).toThrow(TrainError);
  averaged.swap();
  expect(averaged.updates).toBe(2);
});

test('an average goes on from its saved state', async () => {
  const model = modelOf(1, 1);
  const [whole, first] = [ema(model, 0.5), ema(model, 0.5)];
  for (const average of [whole, first]) average.update();
  const resumed = ema(model, 0.5);
  resumed.loadStateDict(first.stateDict());
  first.dispose();
  expect(first.updates).toBe(0);
  model.w.assign(tensor([5, 9]));
  for (const average of [whole, resumed]) average.update();
  expect(resumed.updates).toBe(2);
  expect(await numbers(resumed.stateDict().tensors['w'])).toEqual(await numbers(whole.stateDict().tensors['w']));
  expect(() => resumed.loadStateDict({ updates: 0, tensors: resumed.stateDict().tensors })).toThrow('ema: the saved state has 0 updates and 2 tensors; the file is damaged.');
  expect(() => ema(model, 1)).toThrow('ema: decay must be from 0 to below 1, got 1.');
});
