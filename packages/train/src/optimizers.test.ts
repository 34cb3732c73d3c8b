import { readFileSync } from 'node:fs';
import { reference, tensor, use, zeros, type NestedNumbers, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { adam, adamw, clipGradNorm, clipGradValue, rmsprop, sgd, TrainError, type NamedTensors, type Optimizer } from './index.ts';

// The sequences of numbers that PyTorch's own optimisers computed (tools/fixtures.py), in float64.

use(reference());

interface OptimizerCase {
  readonly name: 'sgd' | 'rmsprop' | 'adam' | 'adamw';
  readonly options: Readonly<Record<string, number | boolean | readonly number[]>>;
  readonly start: NestedNumbers;
  readonly gradients: readonly NestedNumbers[];
  readonly steps: readonly { readonly parameter: NestedNumbers; readonly state: Readonly<Record<string, NestedNumbers>> }[];
}
interface Clipped { readonly norm: number | null; readonly gradients: readonly NestedNumbers[] }
interface Fixtures {
  readonly optimizers: readonly OptimizerCase[];
  readonly clipping: { readonly gradients: readonly NestedNumbers[]; readonly norm: Readonly<Record<string, Clipped>>; readonly value: Readonly<Record<string, Clipped>> };
}
const fixtures = JSON.parse(readFileSync(new URL('../../testing/fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixtures;

const make: Readonly<Record<OptimizerCase['name'], (options: object) => Optimizer>> = { sgd, rmsprop, adam, adamw };
const exact = (data: NestedNumbers): Tensor => tensor(data, { dtype: 'float64' });
const camel = (options: OptimizerCase['options']): object => Object.fromEntries(Object.entries(options).map(([key, value]) => [key === 'weight_decay' ? 'weightDecay' : key, value]));

async function expectClose(got: Tensor | undefined, expected: NestedNumbers, tolerance = 1e-12): Promise<void> {
  const [mine, theirs] = [await got?.data(), await exact(expected).data()];
  expect(mine).toHaveLength(theirs.length);
  theirs.forEach((value, k) => expect(Math.abs((mine?.[k] ?? NaN) - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))));
}

test.each(fixtures.optimizers.map((each, k) => ({ ...each, label: `${k}: ${each.name} ${JSON.stringify(each.options)}` })))('$label goes the way of PyTorch', async (each) => {
  const optimizer = make[each.name](camel(each.options));
  const parameters = { w: exact(each.start) };
  for (const [k, gradient] of each.gradients.entries()) {
    if (k === each.gradients.length - 1) optimizer.lr /= 2;
    optimizer.step(parameters, { w: exact(gradient) });
    await expectClose(parameters.w, each.steps[k]?.parameter ?? []);
    const state = each.steps[k]?.state ?? {};
    expect(Object.keys(optimizer.stateDict().tensors).sort()).toEqual(Object.keys(state).map((name) => `w.${name}`).sort());
    for (const [name, values] of Object.entries(state)) await expectClose(optimizer.stateDict().tensors[`w.${name}`], values);
  }
  expect(optimizer.steps).toBe(each.gradients.length);
});

test.each(fixtures.optimizers.map((each, k) => ({ ...each, label: `${k}: ${each.name}` })))('$label goes on from its saved state, in float32 too', async (each) => {
  const optimizer = make[each.name](camel(each.options));
  const parameters = { w: tensor(each.start) };
  for (const gradient of each.gradients.slice(0, 2)) optimizer.step(parameters, { w: tensor(gradient) });
  const resumed = make[each.name](camel(each.options));
  resumed.loadStateDict(optimizer.stateDict());
  optimizer.dispose();
  expect(optimizer.steps).toBe(0);
  for (const [k, gradient] of each.gradients.entries()) {
    if (k < 2) continue;
    if (k === each.gradients.length - 1) resumed.lr /= 2;
    resumed.step(parameters, { w: tensor(gradient) });
  }
  await expectClose(parameters.w, each.steps.at(-1)?.parameter ?? [], 2e-6);
});

test('parameters of two types and without gradient', async () => {
  const optimizer = adam({ lr: 0.1 });
  const parameters = { a: tensor([1]), b: exact([1]), c: tensor([1]) };
  optimizer.step(parameters, { a: tensor([0.5]), b: exact([0.5]) });
  await expectClose(parameters.a, [0.9], 1e-6);
  await expectClose(parameters.b, [0.9], 1e-7);
  await expectClose(parameters.c, [1]);
});

test('nothing changes where a gradient is refused', async () => {
  const parameters = { a: tensor([1]), b: tensor([2]) };
  const step = (gradients: NamedTensors): (() => void) => () => sgd({ lr: 1 }).step(parameters, gradients);
  const freed = zeros([1]);
  freed.dispose();
  expect(step({ a: tensor([1]), c: tensor([1]) })).toThrow('sgd: there is a gradient for "c", but no such parameter; the parameters are a, b.');
  expect(step({ a: tensor([1]), b: exact([1]) })).toThrow('sgd: the gradient of b must be (1) float32, got (1) float64.');
  expect(step({ a: tensor([1]), b: freed })).toThrow('the gradient of b was freed before the step');
  expect(await parameters.a.item()).toBe(1);
});

test('a state of another optimiser or model is refused, and the one before stays', () => {
  const optimizer = adam();
  const parameters = { a: tensor([1]) };
  optimizer.step(parameters, { a: tensor([1]) });
  expect(() => optimizer.loadStateDict({ steps: 1, tensors: { 'a.momentum_buffer': tensor([1]) } })).toThrow('adam: the saved state has "a.momentum_buffer", but what is kept here is exp_avg, exp_avg_sq');
  expect(() => optimizer.loadStateDict({ steps: 1, tensors: { 'a.exp_avg': tensor([1]) } })).toThrow('lacks "a.exp_avg_sq"');
  expect(optimizer.steps).toBe(1);
  optimizer.loadStateDict({ steps: 3, tensors: { 'a.exp_avg': tensor([1, 1]), 'a.exp_avg_sq': tensor([1, 1]) } });
  expect(() => optimizer.step(parameters, { a: tensor([1]) })).toThrow('adam: exp_avg of a is (2) float32, the parameter (1) float32; the state belongs to another model.');
});

test.each([
  ['a negative lr', () => adam({ lr: -1 }), 'adam: lr must be a number from 0, got -1.'],
  ['an infinite eps', () => rmsprop({ eps: Infinity }), 'rmsprop: eps must be a number from 0, got Infinity.'],
  ['a beta of 1', () => adamw({ betas: [0.9, 1] }), 'adamw: betas must be from 0 to below 1, got 0.9 and 1.'],
  ['nesterov without momentum', () => sgd({ nesterov: true }), 'sgd: nesterov needs a momentum above 0 and dampening 0, got 0 and 0.'],
  ['an lr set to NaN', () => Object.assign(sgd(), { lr: NaN }).step({}, {}), 'sgd: lr must be a number from 0, got NaN.'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(TrainError);
});

const gradientsOf = (lists: readonly NestedNumbers[]): Record<string, Tensor> => Object.fromEntries(lists.map((list, k) => [`p${k}`, exact(list)]));

test.each(Object.entries(fixtures.clipping.norm))('clipping to norm %s is that of PyTorch', async (limit, expected) => {
  const gradients = gradientsOf(fixtures.clipping.gradients);
  const norm = clipGradNorm(gradients, Number(limit));
  await expectClose(norm, expected.norm ?? NaN);
  for (const [k, values] of expected.gradients.entries()) await expectClose(gradients[`p${k}`], values);
});

test.each(Object.entries(fixtures.clipping.value))('clipping to values within %s is that of PyTorch', async (limit, expected) => {
  const gradients = gradientsOf(fixtures.clipping.gradients);
  clipGradValue(gradients, Number(limit));
  for (const [k, values] of expected.gradients.entries()) await expectClose(gradients[`p${k}`], values);
});

test('clipping measures with Infinity, and clips a shared gradient once', async () => {
  const g = tensor([3, 4]);
  const norm = clipGradNorm({ a: g, b: g }, Infinity);
  expect(await norm.item()).toBe(5);
  expect([...(await g.data())]).toEqual([3, 4]);
  clipGradNorm({ a: g, b: g }, 1);
  await expectClose(g, [0.6, 0.8], 1e-6);
  clipGradValue({ a: g, b: g }, 0.7);
  await expectClose(g, [0.6, 0.7], 1e-6);
  expect(() => clipGradNorm({ a: g }, NaN)).toThrow('clipGradNorm: maxNorm must be a number from 0, got NaN.');
  expect(() => clipGradValue({ a: g }, -1)).toThrow('clipGradValue: limit must be a number from 0, got -1.');
});
