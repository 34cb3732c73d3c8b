import { add as plus, div as quotient, input, max as larger, min as smaller, mul as times, tanh as tanhOf, sigmoid as sigmoidOf } from '@unroll/expr';
import * as api from '@unroll/tensor';
import type { Tensor } from '@unroll/tensor';
import { run, type Kernel } from '@unroll/tensor/backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkGradients, grad, vjp } from '../index.ts';

const backend = api.reference();
let before: ReturnType<typeof api.use>;
beforeAll(() => { before = api.use(backend); });
afterAll(() => { api.use(before); });

type Shape = readonly number[];

// Numbers without pattern in ±1, none of them near 0, no two of one tensor equal.
function numbers(shape: Shape, seed = 1): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float64Array.from({ length: size }, (_, k) => { const x = Math.sin(12.9898 * (k + 1) + 4.1 * seed); return x + Math.sign(x) * 0.1; });
  return api.tensor(data, { shape });
}

function positive(shape: Shape, seed = 1): Tensor {
  return api.scope(() => api.add(api.abs(numbers(shape, seed)), 0.3));
}

function ids(values: number | readonly number[] | readonly (readonly number[])[]): Tensor {
  return api.tensor(values, { dtype: 'int32' });
}

interface Case { readonly fn: (...inputs: Tensor[]) => unknown; readonly inputs: () => Tensor[] }
const of = (fn: Case['fn'], ...shapes: readonly Shape[]): Case => ({ fn, inputs: () => shapes.map((shape, k) => numbers(shape, k + 1)) });
const ofPositive = (fn: Case['fn'], ...shapes: readonly Shape[]): Case => ({ fn, inputs: () => shapes.map((shape, k) => positive(shape, k + 1)) });

const stretches: readonly (readonly [Shape, Shape])[] = [
  [[2, 3], [2, 3]], [[2, 3], [3]], [[3], [2, 3]], [[2, 1], [1, 3]], [[], [2, 3]], [[2, 3], []], [[4, 1, 3], [2, 1]], [[2, 1, 3, 1], [2, 1, 2]], [[1], [1, 1]], [[2, 0], [1]],
];
const pairs = (fn: (a: Tensor, b: Tensor) => Tensor, make: typeof of = of): Record<string, Case> => Object.fromEntries([
  ...stretches.map(([a, b]) => [`(${a.join()}) and (${b.join()})`, make((x, y) => fn(x, y), a, b)]),
  ['itself', make((x) => fn(x, x), [2, 3])],
]);
const each = (fn: (x: Tensor) => Tensor, make: typeof of = of): Record<string, Case> => ({ matrix: make((x) => fn(x), [2, 3]), scalar: make((x) => fn(x), []) });
const one = (...list: readonly Case[]): Record<string, Case> => Object.fromEntries(list.map((item, k) => [`case ${k}`, item]));
const seeded = (draw: (generator: api.Generator) => Tensor): Case => of((x) => api.mul(x, draw(new api.Generator(5))), [2, 3]);

// Everything public that computes tensors from tensors, each in all its variants.
const cases: Record<string, Record<string, Case>> = {
  add: { ...pairs(api.add), number: of((x) => api.add(2, x), [2, 3]) },
  sub: { ...pairs(api.sub), number: of((x) => api.sub(2, x), [2, 3]) },
  mul: { ...pairs(api.mul), number: of((x) => api.mul(2, x), [2, 3]) },
  div: { ...pairs(api.div, ofPositive), number: ofPositive((x) => api.div(2, x), [2, 3]) },
  minimum: { ...pairs((a, b) => api.minimum(a, api.mul(b, 0.9))), number: of((x) => api.minimum(x, 0.31), [2, 3]) },
  maximum: { ...pairs((a, b) => api.maximum(a, api.mul(b, 0.9))), number: of((x) => api.maximum(0.31, x), [2, 3]) },
  neg: each(api.neg), abs: each(api.abs), floor: each(api.floor), square: each(api.square), exp: each(api.exp), tanh: each(api.tanh), sigmoid: each(api.sigmoid),
  relu: each(api.relu), softplus: each(api.softplus), sqrt: each(api.sqrt, ofPositive), log: each(api.log, ofPositive),
  where: {
    ...pairs((a, b) => api.where(api.less(a, 0), a, b)),
    'float condition': of((c, a, b) => api.where(api.floor(c), a, b), [2, 3], [3], [2, 1]),
    numbers: of((a) => api.where(ids([1, 0, 1]), a, 4), [2, 3]),
  },
  clip: one(of((x) => api.clip(x, { min: -0.4, max: 0.6 }), [2, 5]), of((x, low) => api.clip(x, { min: api.mul(low, 0.5) }), [2, 3], [3]), of((x, high) => api.clip(x, { max: high }), [2, 3], [2, 1])),
  cast: one(of((x) => api.cast(x, 'float64'), [3])),
  map: one(
    of((x, y) => api.map([plus(input('x0'), input('x1')), times(input('x0'), tanhOf(input('x1'))), tanhOf(input('x1'))], [x, y]), [2, 3], [3]),
    of((x, y) => api.map([plus(input('x0'), input('x1')), times(input('x0'), tanhOf(input('x1')))], [x, y])[1], [2, 1], [3]),
    of((x) => api.map([input('x0'), sigmoidOf(input('x0'))], [x]), [4]),
    of((x, y) => api.map([tanhOf(input('x0')), input('x1')], [x, y]), [4], [4]),
    ofPositive((x, y) => api.map([quotient(larger(input('x0'), input('x1')), plus(smaller(input('x0'), 0.7), input('x1')))], [x, y]), [2, 3], [3]),
  ),
  broadcastTo: one(of((x) => api.broadcastTo(x, [4, 2, 3]), [2, 1]), of((x) => api.broadcastTo(x, [2, 2]), []), of((x) => api.broadcastTo(x, [1, 2]), [2])),
  sum: one(...reductions(api.sum), of((x) => api.sum(x, { axis: 1 }), [2, 0, 3])),
  mean: one(...reductions(api.mean)),
  max: one(...reductions(api.max)),
  min: one(...reductions(api.min)),
  logSumExp: one(...reductions(api.logSumExp)),
  softmax: one(of((x) => api.softmax(x), [2, 4]), of((x) => api.softmax(x, { axis: 0 }), [3, 2])),
  logSoftmax: one(of((x) => api.logSoftmax(x), [2, 4]), of((x) => api.logSoftmax(x, { axis: 1 }), [2, 3, 2])),
  matmul: matmuls(),
  linear: one(
    of((x, w, b) => api.linear(x, w, b), [2, 3], [4, 3], [4]), of((x, w, b) => api.linear(x, w, b), [2, 2, 3], [4, 3], [4]),
    of((x, w) => api.linear(x, w), [3], [2, 3]), of((x, w, b) => api.linear(x, w, b), [0, 3], [2, 3], [2]),
  ),
  reshape: one(of((x) => api.mul(api.reshape(x, [3, -1]), api.tanh(x).shape.length), [2, 3]), of((x) => api.matmul(x, api.reshape(x, [3, 2])), [2, 3])),
  flatten: one(of((x) => api.tanh(api.flatten(x)), [2, 3])),
  squeeze: one(of((x) => api.exp(api.squeeze(x)), [2, 1, 3, 1])),
  unsqueeze: one(of((x) => api.mul(api.unsqueeze(x, 0), api.unsqueeze(x, 1)), [3])),
  transpose: one(of((x) => api.transpose(x), [2, 3]), of((x) => api.matmul(x, api.transpose(x)), [2, 3])),
  permute: one(of((x) => api.permute(x, [2, 0, 1]), [2, 3, 2])),
  slice: one(of((x) => api.slice(x, [1, 0], [3, 2]), [3, 4])),
  narrow: one(of((x) => api.narrow(x, 1, 1, 2), [2, 4]), of((x) => api.narrow(x, 0, 1, 0), [2, 2])),
  concat: one(of((x, y) => api.concat([x, y, x], 1), [2, 3], [2, 1])),
  stack: one(of((x, y) => api.stack([x, y], 1), [2, 3], [2, 3])),
  split: one(of((x) => api.split(x, [1, 2], 1), [2, 3]), of((x) => api.split(x, [1, 2], 1)[1], [2, 3])),
  pad: one(of((x) => api.pad(x, [[1, 0], [0, 2]]), [2, 3])),
  flip: one(of((x) => api.flip(x, 1), [2, 3])),
  gather: one(of((x) => api.gather(x, 1, ids([[0, 0, 2, 3], [1, 2, 1, 0]])), [2, 3]), of((x) => api.gather(x, 0, ids([[1, 0]])), [2, 3])),
  indexSelect: one(of((x) => api.indexSelect(x, 1, ids([2, 0, 2])), [2, 3]), of((x) => api.indexSelect(x, 0, ids([1, 1])), [2, 3])),
  embedding: one(of((x) => api.embedding(x, ids([[1, 3, 1], [0, -1, 7]])), [4, 2])),
  uniform: one(seeded((generator) => api.uniform([2, 3], { generator, dtype: 'float64' }))),
  normal: one(seeded((generator) => api.normal([2, 3], { generator, dtype: 'float64', std: 2 }))),
  bernoulli: one(seeded((generator) => api.bernoulli([2, 3], 0.5, { generator, dtype: 'float64' }))),
};

// Whose results have no gradient: integers, new tensors, data on its way elsewhere; scan has its own tests.
const flat = ['argmax', 'less', 'lessEqual', 'greater', 'greaterEqual', 'equal', 'notEqual', 'oneHot', 'arange', 'full', 'ones', 'onesLike', 'zeros', 'zerosLike', 'tensor', 'to', 'scan'];
const notOperations = ['alias', 'capture', 'compile', 'currentBackend', 'defaultGenerator', 'keep', 'kernelKey', 'manualSeed', 'memory', 'peakBytes', 'recording', 'reference', 'resetPeakBytes', 'run', 'scope', 'use'];

function reductions(fn: (x: Tensor, options?: api.ReduceOptions) => Tensor): Case[] {
  const options: readonly api.ReduceOptions[] = [{}, { axis: 0 }, { axis: 1 }, { axis: -1 }, { axis: [0, 2] }, { axis: [0, 2], keepdims: true }, { axis: [0, 1] }, { axis: [] }];
  return [...options.map((option) => of((x) => fn(x, option), [2, 3, 2])), of((x) => fn(x), []), of((x) => fn(x, { axis: 0 }), [1, 3])];
}

function matmuls(): Record<string, Case> {
  const swap = ([...shape]: Shape, transposed: boolean): Shape => (transposed ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape);
  const shapes: readonly (readonly [Shape, Shape])[] = [[[2, 3], [3, 4]], [[2, 2, 3], [2, 3, 4]], [[2, 2, 3], [3, 4]], [[2, 3], [2, 3, 4]], [[2, 1, 2, 3], [3, 3, 2]], [[1, 2, 3], [2, 3, 1]], [[2, 0], [0, 3]]];
  const matrices = shapes.flatMap(([a, b]) => [false, true].flatMap((transposeA) => [false, true].map((transposeB) => [
    `(${a.join()}) x (${b.join()})${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}`,
    of((x, y) => api.matmul(x, y, { transposeA, transposeB }), swap(a, transposeA), swap(b, transposeB)),
  ] as const)));
  const vectors = ([[[3], [3]], [[3], [3, 2]], [[2, 3], [3]], [[2, 2, 3], [3]]] as const).map(([a, b]) => [`(${a.join()}) x (${b.join()})`, of((x, y) => api.matmul(x, y), a, b)] as const);
  return Object.fromEntries([...matrices, ...vectors, ['itself', of((x) => api.matmul(x, x), [3, 3])]]);
}

describe.each(Object.entries(cases))('%s', (_, variants) => {
  test.each(Object.entries(variants))('%s', async (_name, { fn, inputs }) => {
    const live = api.memory();
    const tensors = inputs();
    const { entries } = await checkGradients(fn, tensors);
    expect(entries).toBe(tensors.reduce((count, { size }) => count + size, 0));
    for (const tensor of tensors) tensor.dispose();
    // The index tensors that some cases make inside are in the scope of the check.
    expect(api.memory()).toEqual(live);
  });
});

test('nothing public is forgotten', () => {
  const known = [...Object.keys(cases), ...flat, ...notOperations];
  const functions = Object.entries(api).filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name)).map(([name]) => name);
  expect(functions.filter((name) => !known.includes(name))).toEqual([]);
});

// Kernels that no public operation makes by itself.
const kernels: Record<string, { readonly kernel: Kernel; readonly shapes: readonly Shape[]; readonly indices?: readonly number[] }> = {
  ...Object.fromEntries([false, true].flatMap((transposeA) => [false, true].flatMap((transposeB) => [false, true].flatMap((sharedA) => [false, true].flatMap((sharedB) => [false, true].map((bias) => [
    `matmul${transposeA ? ' transposeA' : ''}${transposeB ? ' transposeB' : ''}${sharedA ? ' sharedA' : ''}${sharedB ? ' sharedB' : ''}${bias ? ' bias' : ''}`,
    {
      kernel: { kind: 'matmul', dtype: 'float64', batch: 2, m: 2, n: 3, k: 4, transposeA, transposeB, sharedA, sharedB, bias } as const,
      shapes: [[...(sharedA ? [] : [2]), ...(transposeA ? [4, 2] : [2, 4])], [...(sharedB ? [] : [2]), ...(transposeB ? [3, 4] : [4, 3])], ...(bias ? [[3]] : [])],
    },
  ] as const)))))),
  scatter: { kernel: { kind: 'scatter', dtype: 'float64', rows: 3, width: 2, count: 4 }, shapes: [[4, 2]], indices: [1, 2, 1, 5] },
  'copy of two inputs in reverse': {
    kernel: {
      kind: 'copy', dtype: 'float64', shape: [3, 2], inputs: [[2, 2], [2]],
      parts: [{ input: 0, shape: [2, 2], from: 2, fromStrides: [-2, 1], to: 0, toStrides: [2, 1] }, { input: 1, shape: [1], from: 1, fromStrides: [1], to: 5, toStrides: [1] }],
    },
    shapes: [[2, 2], [2]],
  },
};

test.each(Object.entries(kernels))('kernel %s', async (_, { kernel, shapes, indices }) => {
  const inputs = shapes.map((shape, k) => numbers(shape, k + 1));
  const fn = (...tensors: Tensor[]): Tensor[] => run(kernel, indices === undefined ? tensors : [ids(indices), ...tensors]);
  const { worst } = await checkGradients(fn, inputs);
  expect(worst?.error).toBeLessThan(1e-7);
});

describe('where a function has a corner', () => {
  const gradient = async (fn: (x: Tensor) => Tensor, data: readonly number[]): Promise<number[]> => [...await grad((x: Tensor) => api.sum(fn(x)))(api.tensor(data))[0].data()];

  test('the largest of equals share the gradient, as torch.amax', async () => {
    expect(await gradient((x) => api.max(x), [1, 3, 3, 2, 3, 3])).toEqual([0, 0.25, 0.25, 0, 0.25, 0.25]);
    expect(await gradient((x) => api.min(x), [1, 3, 1])).toEqual([0.5, 0, 0.5]);
  });
  test('two equal operands of maximum get half each', async () => {
    const [a, b] = grad((x: Tensor, y: Tensor) => api.sum(api.maximum(x, y)))(api.tensor([1, 2]), api.tensor([1, 1]));
    expect([...await a.data()]).toEqual([0.5, 1]);
    expect([...await b.data()]).toEqual([0.5, 0]);
  });
  test('relu and abs are flat at 0', async () => {
    expect(await gradient(api.relu, [-1, 0, 2])).toEqual([0, 0, 1]);
    expect(await gradient(api.abs, [-1, 0, 2])).toEqual([-1, 0, 1]);
  });
  test('NaN is not hidden', async () => {
    expect(await gradient((x) => api.max(x), [1, NaN])).toEqual([NaN, NaN]);
    expect(await gradient((x) => api.mul(x, x), [NaN, 1])).toEqual([NaN, 2]);
    expect(await gradient(api.sqrt, [0, 4])).toEqual([Infinity, 0.25]);
  });
});

describe('types', () => {
  test('each gradient has the type of its input', async () => {
    const single = api.tensor([1, 2]);
    const double = api.tensor([3, 4], { dtype: 'float64' });
    const whole = ids([2, 3]);
    const [a, b, c] = grad((x: Tensor, y: Tensor, z: Tensor) => api.sum(api.mul(api.mul(x, y), z)))(single, double, whole);
    expect([a.dtype, b.dtype, c]).toEqual(['float32', 'float64', undefined]);
    expect([...await a.data()]).toEqual([6, 12]);
    expect([...await b.data()]).toEqual([2, 6]);
  });
  test('through a cast and back', async () => {
    const [gradient] = grad((x: Tensor) => api.sum(api.square(api.cast(api.cast(x, 'float64'), 'float32'))))(api.tensor([1, -2]));
    expect(gradient.dtype).toBe('float32');
    expect([...await gradient.data()]).toEqual([2, -4]);
  });
  test('through one cast', async () => {
    const { pull } = vjp((x: Tensor) => api.cast(x, 'float64'), api.tensor([1, 2]));
    const [gradient] = pull(api.tensor([3, 4], { dtype: 'float64' }));
    expect([gradient.dtype, ...await gradient.data()]).toEqual(['float32', 3, 4]);
  });
  test('no gradient flows through integers', () => {
    const { pull } = vjp((x: Tensor) => api.cast(api.cast(x, 'int32'), 'float32'), api.tensor([1.5]));
    expect(pull(api.ones([1]))[0].shape).toEqual([1]);
  });
});
