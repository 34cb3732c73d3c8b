import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { argmax, logSoftmax, logSumExp, max, mean, min, reference, softmax, sum, tensor, use, zeros, type ReduceOptions, type Shape, type Tensor } from '../index.ts';

beforeEach(() => { use(reference()); });
afterEach(() => { use(undefined); });

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];
const float64 = (data: readonly number[], shape: Shape = [data.length]): Tensor => tensor(data, { dtype: 'float64', shape });
const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);
const pseudo = (length: number): number[] => Array.from({ length }, (_, k) => Math.round(1000 * Math.sin(12.9898 * (k + 1))) / 250);

// Groups of elements that go into each element of the result, in order, straight from the definition.
function groups(shape: Shape, data: readonly number[], axes: ReadonlySet<number>): number[][] {
  const found = new Map<string, number[]>();
  data.forEach((value, flat) => {
    const index = shape.map((length, axis) => Math.floor(flat / sizeOf(shape.slice(axis + 1))) % length);
    const key = index.filter((_, axis) => !axes.has(axis)).join();
    found.set(key, [...(found.get(key) ?? []), value]);
  });
  return [...found.values()];
}

const meanings = {
  sum: (list: readonly number[]) => list.reduce((total, value) => total + value, 0),
  mean: (list: readonly number[]) => list.reduce((total, value) => total + value, 0) / list.length,
  max: (list: readonly number[]) => Math.max(...list),
  min: (list: readonly number[]) => Math.min(...list),
  logSumExp: (list: readonly number[]) => Math.log(list.reduce((total, value) => total + Math.exp(value), 0)),
};
const operations = { sum, mean, max, min, logSumExp };
const shapes: readonly Shape[] = [[], [5], [2, 3], [3, 1, 2], [2, 3, 4], [2, 1, 3, 2, 2]];
const subsets = (rank: number): number[][] => Array.from({ length: 2 ** rank }, (_, bits) => Array.from({ length: rank }, (_, axis) => axis).filter((axis) => (bits >> axis) % 2 === 1));

describe.each(Object.keys(operations) as (keyof typeof operations)[])('%s', (name) => {
  test.each(shapes)('over every set of axes of %j', async (...shape) => {
    const data = pseudo(sizeOf(shape));
    for (const axes of subsets(shape.length)) {
      const expected = groups(shape, data, new Set(axes)).map(meanings[name]);
      const options: ReduceOptions = { axis: axes.map((axis) => axis - shape.length) };
      const result = operations[name](float64(data, shape), options);
      expect(result.shape).toEqual(shape.filter((_, axis) => !axes.includes(axis)));
      expect(operations[name](float64(data, shape), { ...options, keepdims: true }).shape).toEqual(shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
      (await values(result)).forEach((value, k) => expect(value).toBeCloseTo(expected[k] as number, 12));
    }
  });

  test('without axis goes over all', async () => {
    const result = operations[name](float64([1, 2, 3, 4], [2, 2]));
    expect(result.shape).toEqual([]);
    expect((await values(result))[0]).toBeCloseTo(meanings[name]([1, 2, 3, 4]), 12);
    expect(operations[name](float64([1, 2, 3, 4], [2, 2]), { keepdims: true }).shape).toEqual([1, 1]);
  });

  test('refuses axes that are not there, or named twice', () => {
    expect(() => operations[name](zeros([2, 3]), { axis: 2 })).toThrow('axis 2 does not exist in a tensor of 2 axes; use -2 to 1.');
    expect(() => operations[name](zeros([2, 3]), { axis: [0, -2] })).toThrow('names an axis twice');
  });
});

describe('special values', () => {
  test('NaN is passed on by max and min, and counts as largest in argmax', async () => {
    const x = float64([1, NaN, 3, NaN]);
    expect(await values(max(x))).toEqual([NaN]);
    expect(await values(min(x))).toEqual([NaN]);
    expect(await values(argmax(x))).toEqual([1]);
  });

  test('empty axes: sum 0, mean NaN, no max', async () => {
    expect(await values(sum(zeros([2, 0]), { axis: 1 }))).toEqual([0, 0]);
    expect(await values(mean(zeros([2, 0]), { axis: 1 }))).toEqual([NaN, NaN]);
    expect(sum(zeros([2, 0]), { axis: 0 }).shape).toEqual([0]);
    expect(max(zeros([2, 0]), { axis: 0 }).shape).toEqual([0]);
    expect(() => max(zeros([2, 0]), { axis: 1 })).toThrow('max: the axes to reduce of (2, 0) are empty, and nothing has no max.');
    expect(() => argmax(zeros([0]))).toThrow('argmax');
  });

  test('int32 sums stay int32 and wrap around; the mean is float32', async () => {
    const x = tensor([2147483647, 1, 5], { dtype: 'int32' });
    expect([sum(x).dtype, await values(sum(x))]).toEqual(['int32', [-2147483643]]);
    expect([max(x).dtype, await values(max(x))]).toEqual(['int32', [2147483647]]);
    const m = mean(tensor([1, 2], { dtype: 'int32' }));
    expect([m.dtype, await values(m)]).toEqual(['float32', [1.5]]);
  });
});

describe('argmax', () => {
  test('gives the first largest index, int32', async () => {
    const x = float64([1, 5, 5, 0, 2, 1], [2, 3]);
    expect([argmax(x, { axis: -1 }).dtype, await values(argmax(x, { axis: -1 }))]).toEqual(['int32', [1, 1]]);
    expect(await values(argmax(x, { axis: 0 }))).toEqual([0, 0, 0]);
    expect(await values(argmax(x))).toEqual([1]);
    expect(argmax(x, { axis: 0, keepdims: true }).shape).toEqual([1, 3]);
    expect(await values(argmax(float64([7], [1, 1]), { axis: 0 }))).toEqual([0]);
  });
});

describe('softmax and its logarithm', () => {
  const data = pseudo(12);
  test.each([-1, 0, 1, 2])('along axis %i', async (axis) => {
    const x = float64(data, [2, 3, 2]);
    const own = groups([2, 3, 2], data, new Set([axis < 0 ? 2 : axis])).map((list) => ({ list, total: list.reduce((sum, value) => sum + Math.exp(value), 0) }));
    const expected = (value: number): number => Math.exp(value) / (own.find(({ list }) => list.includes(value))?.total ?? NaN);
    (await values(softmax(x, { axis }))).forEach((value, k) => expect(value).toBeCloseTo(expected(data[k] as number), 12));
    (await values(logSoftmax(x, { axis }))).forEach((value, k) => expect(value).toBeCloseTo(Math.log(expected(data[k] as number)), 12));
    expect(softmax(x, { axis }).shape).toEqual([2, 3, 2]);
  });

  test('large and infinite values do not overflow', async () => {
    expect(await values(softmax(float64([1000, 1000])))).toEqual([0.5, 0.5]);
    expect(await values(softmax(float64([-Infinity, 0])))).toEqual([0, 1]);
    expect(await values(softmax(float64([-Infinity, -Infinity])))).toEqual([NaN, NaN]);
    expect(await values(logSoftmax(float64([0, -1000])))).toEqual([0, -1000]);
    expect(await values(logSumExp(float64([-Infinity, -Infinity])))).toEqual([-Infinity]);
    expect(await values(logSumExp(float64([Infinity, 0])))).toEqual([Infinity]);
    expect(await values(logSumExp(float64([1000, 1000])))).toEqual([1000 + Math.log(2)]);
  });

  test('of int32 is float32; empty tensors stay empty; an unknown axis is refused', () => {
    expect(softmax(tensor([1, 2], { dtype: 'int32' })).dtype).toBe('float32');
    expect(softmax(zeros([0, 3])).shape).toEqual([0, 3]);
    expect(() => softmax(zeros([2]), { axis: 1 })).toThrow('softmax: axis 1');
    expect(() => logSoftmax(zeros([]))).toThrow('logSoftmax: axis -1');
  });
});
