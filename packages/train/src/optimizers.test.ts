import { readFileSync } from 'node:fs';
import { add, mul, neg } from '@unroll/expr';
import { reference, tensor, use, zeros, type NestedNumbers, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import {
  adagrad, adam, adamw, clipGradNorm, clipGradValue, nadam, optimizerOf, radam, rmsprop, sgd, TrainError, type GroupOptions, type NamedTensors, type Optimizer, type OptimizerName, type UpdateRule,
} from './index.ts';

// The sequences of numbers that PyTorch's own optimisers computed (tools/fixtures.py), in float64.

use(reference());

type Options = Readonly<Record<string, number | boolean | readonly number[]>>;
interface OptimizerCase {
  readonly name: OptimizerName;
  readonly options: Options;
  /** What the second row has of its own, in a group. */
  readonly second: { readonly lr: number; readonly weight_decay: number } | null;
  /** Both rows after each step. */
  readonly path: readonly (readonly NestedNumbers[])[];
  /** What was gathered for both, at the end. */
  readonly state: Readonly<Record<string, readonly NestedNumbers[]>>;
}
interface Clipped { readonly norm: number | null; readonly gradients: readonly NestedNumbers[] }
interface Fixtures {
  readonly optimizers: { readonly start: readonly NestedNumbers[]; readonly gradients: readonly (readonly NestedNumbers[])[]; readonly cases: readonly OptimizerCase[] };
  readonly clipping: { readonly gradients: readonly NestedNumbers[]; readonly norm: Readonly<Record<string, Clipped>>; readonly value: Readonly<Record<string, Clipped>> };
}
const fixtures = JSON.parse(readFileSync(new URL('../../testing/fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixtures;
const { start, gradients: slopes, cases } = fixtures.optimizers;

const rules: Readonly<Record<OptimizerName, (options: GroupOptions) => Optimizer>> = { sgd, rmsprop, adagrad, adam, adamw, nadam, radam };
const exact = (data: NestedNumbers): Tensor => tensor(data, { dtype: 'float64' });
const camel = (options: Options): object => Object.fromEntries(Object.entries(options).map(([key, value]) => [key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()), value]));
const make = ({ name, options, second }: OptimizerCase): Optimizer => rules[name]({ ...camel(options), groups: second === null ? [] : [{ match: /^second/, ...camel(second) }] });
const rows = (of: (data: NestedNumbers) => Tensor, data: readonly NestedNumbers[] | undefined): Record<string, Tensor> => ({ first: of(data?.[0] ?? []), second: of(data?.[1] ?? []) });

async function expectClose(got: Tensor | undefined, expected: NestedNumbers, tolerance = 1e-12): Promise<void> {
  const [mine, theirs] = [await got?.data(), await exact(expected).data()];
  expect(mine).toHaveLength(theirs.length);
  theirs.forEach((value, k) => expect(Math.abs((mine?.[k] ?? NaN) - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))));
}

async function expectRows(got: Readonly<Record<string, Tensor>>, expected: readonly NestedNumbers[] | undefined, tolerance = 1e-12): Promise<void> {
  await expectClose(got['first'], expected?.[0] ?? [], tolerance);
  await expectClose(got['second'], expected?.[1] ?? [], tolerance);
}

function walk(optimizer: Optimizer, parameters: NamedTensors, of: (data: NestedNumbers) => Tensor, from = 0, to: number = slopes.length): void {
  for (let k = from; k < to; k++) {
    if (k === slopes.length - 1) optimizer.lr /= 2;
    optimizer.step(parameters, rows(of, slopes[k]));
  }
}

const labelled = cases.map((each, k) => ({ ...each, label: `${k}: ${each.name} ${JSON.stringify({ ...each.options, ...(each.second === null ? {} : { second: each.second }) })}` }));

test('each of the optimisers is compared', () => {
  expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(Object.keys(rules)));
});

test.each(labelled)('$label goes the way of PyTorch', async (each) => {
  const optimizer = make(each);
  const parameters = rows(exact, start);
  for (const k of slopes.keys()) {
    walk(optimizer, parameters, exact, k, k + 1);
    await expectRows(parameters, each.path[k]);
  }
  expect(optimizer.steps).toBe(slopes.length);
  const { tensors } = optimizer.stateDict();
  expect(Object.keys(tensors).sort()).toEqual(['first', 'second'].flatMap((row) => Object.keys(each.state).map((name) => `${row}.${name}`)).sort());
  for (const [name, values] of Object.entries(each.state)) await expectRows({ first: tensors[`first.${name}`] as Tensor, second: tensors[`second.${name}`] as Tensor }, values);
});

test.each(labelled)('$label goes on from its saved state, in float32 too', async (each) => {
  const optimizer = make(each);
  const parameters = rows(tensor, start);
  walk(optimizer, parameters, tensor, 0, 3);
  const resumed = make(each);
  resumed.loadStateDict(optimizer.stateDict());
  optimizer.dispose();
  expect(optimizer.steps).toBe(0);
  walk(resumed, parameters, tensor, 3);
  await expectRows(parameters, each.path.at(-1), 4e-6);
});

test.each(Object.entries(rules))('%s with maximize climbs where it would descend', async (_, rule) => {
  const [down, up] = [rows(exact, start), rows(exact, start)];
  walk(rule({ lr: 0.1, groups: [{ match: () => true, weightDecay: 0 }] }), down, exact);
  const negative = (data: NestedNumbers): Tensor => exact((data as readonly number[]).map((value) => -value));
  walk(rule({ lr: 0.1, maximize: true, groups: [{ match: () => true, weightDecay: 0 }] }), up, negative);
  expect(await up['first']?.data()).toEqual(await down['first']?.data());
  expect(await up['first']?.data()).not.toEqual(await rows(exact, start)['first']?.data());
});

test('the first group that matches counts, by pattern or function, and rates move in proportion', async () => {
  const groups = [{ match: (name: string) => name.endsWith('bias'), weightDecay: 0 }, { match: /embed/g, lr: 0.5 }, { match: /./, weightDecay: 1 }];
  const optimizer = sgd({ lr: 0.1, weightDecay: 0.5, groups });
  const parameters = { 'embed.weight': exact(1), 'embed.bias': exact(1), 'head.weight': exact(1) };
  const zero = { 'embed.weight': exact(0), 'embed.bias': exact(0), 'head.weight': exact(0) };
  optimizer.step(parameters, zero);
  optimizer.lr /= 10;
  optimizer.step(parameters, zero);
  await expectClose(parameters['embed.weight'], (1 - 0.5 * 0.5) * (1 - 0.05 * 0.5));
  await expectClose(parameters['embed.bias'], 1);
  await expectClose(parameters['head.weight'], (1 - 0.1) * (1 - 0.01));
});

test('a rule of one\'s own is its formulas', async () => {
  const signs = (weightDecay: number): UpdateRule<'count', 'rate'> => ({
    slots: ['count'], initial: { count: 5 }, scalars: ['rate'],
    schedule: (lr, t) => ({ rate: lr / t }),
    update: ({ w, g, count, rate }) => ({ w: add(w, neg(mul(rate, add(g, mul(weightDecay, w))))), count: add(count, 1) }),
  });
  const optimizer = optimizerOf('own', { lr: 1, weightDecay: 2 }, signs);
  const parameters = { w: exact(1) };
  optimizer.step(parameters, { w: exact(0.5) });
  optimizer.step(parameters, { w: exact(0) });
  await expectClose(parameters.w, -1.5 + 1.5);
  await expectClose(optimizer.stateDict().tensors['w.count'], 7);
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
  expect(() => optimizer.loadStateDict({ steps: 0.5, tensors: {} })).toThrow('adam: steps must be a whole number from 0, got 0.5.');
  expect(() => optimizer.loadStateDict({ steps: 1, lr: -1, tensors: {} })).toThrow('adam: lr must be a number from 0, got -1.');
  expect(optimizer.lr).toBe(1e-3);
  optimizer.loadStateDict({ steps: 3, lr: 0.25, tensors: { 'a.exp_avg': tensor([1, 1]), 'a.exp_avg_sq': tensor([1, 1]) } });
  expect(optimizer.lr).toBe(0.25);
  expect(() => optimizer.step(parameters, { a: tensor([1]) })).toThrow('adam: exp_avg of a is (2) float32, the parameter (1) float32; the state belongs to another model.');
});

test.each([
  ['a negative lr', () => adam({ lr: -1 }), 'adam: lr must be a number from 0, got -1.'],
  ['an infinite eps', () => rmsprop({ eps: Infinity }), 'rmsprop: eps must be a number from 0, got Infinity.'],
  ['a beta of 1', () => adamw({ betas: [0.9, 1] }), 'adamw: betas must be from 0 to below 1, got 0.9 and 1.'],
  ['nesterov without momentum', () => sgd({ nesterov: true }), 'sgd: nesterov needs a momentum above 0 and dampening 0, got 0 and 0.'],
  ['a negative weight decay', () => radam({ weightDecay: -1 }), 'radam: weightDecay must be a number from 0, got -1.'],
  ['a group with a negative weight decay', () => adamw({ groups: [{ match: /x/, weightDecay: -1 }] }), 'adamw: weightDecay must be a number from 0, got -1.'],
  ['a group with a rate in proportion to 0', () => nadam({ lr: 0, groups: [{ match: /x/, lr: 1 }] }), 'nadam: a group with a learning rate of its own needs an lr above 0 for the others, got 0.'],
  ['a negative start of sums', () => adagrad({ initialAccumulatorValue: -1 }), 'adagrad: initialAccumulatorValue must be a number from 0, got -1.'],
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
