import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { embedding, gather, indexSelect, memory, oneHot, reference, tensor, use, zeros, type Shape, type Tensor } from '../index.ts';

beforeEach(() => { use(reference()); });
afterEach(() => { use(undefined); });

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];
const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);
const counted = (shape: Shape): Tensor => tensor(Array.from({ length: sizeOf(shape) }, (_, k) => k + 1), { shape });
const ids = (data: readonly number[], shape: Shape = [data.length]): Tensor => tensor(data, { shape, dtype: 'int32' });
const indicesOf = (shape: Shape): number[][] => Array.from({ length: sizeOf(shape) }, (_, flat) => shape.map((length, axis) => Math.floor(flat / sizeOf(shape.slice(axis + 1))) % length));
// The element of `counted(shape)` at an index, 0 outside.
const element = (shape: Shape, index: readonly number[]): number =>
  index.every((value, axis) => value >= 0 && value < (shape[axis] as number)) ? shape.reduce((offset, length, axis) => offset * length + (index[axis] as number), 0) + 1 : 0;

const cases = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) => fc.nat({ max: shape.length - 1 }).chain((axis) => fc.record({
  shape: fc.constant(shape), axis: fc.constant(axis), length: fc.nat({ max: 5 }), shorter: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
  // One out of range on either side, now and then.
  numbers: fc.array(fc.integer({ min: -1, max: shape[axis] as number }), { minLength: 5 * 4 * 4 * 4, maxLength: 5 * 4 * 4 * 4 }),
})));

describe('gather', () => {
  test('agrees with the definition along any axis, zeros out of range', async () => {
    await fc.assert(fc.asyncProperty(cases, async ({ shape, axis, length, shorter, numbers }) => {
      const own = shape.map((other, k) => (k === axis ? length : shorter[k] === true ? 1 : other));
      const index = numbers.slice(0, sizeOf(own));
      const result = gather(counted(shape), axis - shape.length, ids(index, own));
      expect(result.shape).toEqual(own);
      expect(await values(result)).toEqual(indicesOf(own).map((at, flat) => element(shape, at.map((value, k) => (k === axis ? (index[flat] as number) : value)))));
    }));
  });

  test('refuses shapes and types that do not fit', () => {
    expect(() => gather(counted([2, 3]), 1, ids([0]))).toThrow('gather: the index (1) must have the axes of (2, 3) and be at most as long in all but axis 1.');
    expect(() => gather(counted([2, 3]), 1, ids([0, 0, 0], [3, 1]))).toThrow('(3, 1)');
    expect(() => gather(counted([2]), 0, tensor([0]))).toThrow("gather: indices must be int32, got float32; cast(indices, 'int32') first.");
  });

  test('leaves nothing but its result', () => {
    const [x, index] = [counted([2, 3]), ids([0, 1], [2, 1])];
    const before = memory().tensors;
    gather(x, 1, index).dispose();
    expect(memory().tensors).toBe(before);
  });
});

describe('indexSelect', () => {
  test('agrees with the definition along any axis, zeros out of range', async () => {
    await fc.assert(fc.asyncProperty(cases, async ({ shape, axis, length, numbers }) => {
      const index = numbers.slice(0, length);
      const result = indexSelect(counted(shape), axis, ids(index));
      const own = shape.map((other, k) => (k === axis ? length : other));
      expect(result.shape).toEqual(own);
      expect(await values(result)).toEqual(indicesOf(own).map((at) => element(shape, at.map((value, k) => (k === axis ? (index[value] as number) : value)))));
    }));
    expect(() => indexSelect(counted([2]), 0, ids([0], [1, 1]))).toThrow('indexSelect: the index must be (N), got (1, 1); flatten it, or use gather.');
    expect(() => indexSelect(counted([2]), 1, ids([0]))).toThrow('indexSelect: axis 1');
  });
});

describe('embedding', () => {
  test('picks rows for ids of any shape', async () => {
    const table = counted([3, 2]);
    const y = embedding(table, ids([2, 0, 3, -1], [2, 2]));
    expect([y.shape, await values(y)]).toEqual([[2, 2, 2], [5, 6, 1, 2, 0, 0, 0, 0]]);
    expect([embedding(table, ids([1], [])).shape, embedding(table, ids([])).shape, embedding(zeros([0, 2]), ids([0])).shape]).toEqual([[2], [0, 2], [1, 2]]);
    expect(() => embedding(counted([3]), ids([0]))).toThrow('embedding: the table must be (V, E), got (3).');
    expect(() => embedding(table, tensor([0]))).toThrow('embedding: indices must be int32');
  });
});

describe('oneHot', () => {
  test('has 1 at the id', async () => {
    const y = oneHot(ids([1, 0, 3, -1], [2, 2]), 3);
    expect([y.shape, y.dtype, await values(y)]).toEqual([[2, 2, 3], 'float32', [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]]);
    expect(oneHot(ids([1]), 2, { dtype: 'int32' }).dtype).toBe('int32');
    expect([oneHot(ids([]), 2).shape, oneHot(ids([0]), 0).shape]).toEqual([[0, 2], [1, 0]]);
    expect(() => oneHot(ids([0]), -1)).toThrow('got -1');
  });
});
