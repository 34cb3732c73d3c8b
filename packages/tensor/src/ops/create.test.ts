import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arange, full, ones, onesLike, reference, tensor, to, use, zeros, zerosLike, type NestedNumbers, type Tensor } from '../index.ts';

beforeEach(() => { use(reference()); });
afterEach(() => { use(undefined); });

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];

describe('tensor', () => {
  test('takes a number, nested arrays and typed arrays', async () => {
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    const x = tensor([[[1, 2]], [[3, 4]], [[5, 6]]]);
    expect([x.shape, x.dtype, await values(x)]).toEqual([[3, 1, 2], 'float32', [1, 2, 3, 4, 5, 6]]);
    expect(tensor(new Float64Array(2)).dtype).toBe('float64');
    expect(tensor(new Int32Array(2)).dtype).toBe('int32');
    expect(tensor(new Float32Array(6), { shape: [2, 3] }).shape).toEqual([2, 3]);
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).shape).toEqual([2, 2]);
  });

  test('copies', async () => {
    const host = new Float32Array([1, 2]);
    const x = tensor(host);
    host[0] = 9;
    expect(await values(x)).toEqual([1, 2]);
    const part = tensor(new Float32Array([1, 2, 3, 4]).subarray(1, 3));
    expect(await values(part)).toEqual([2, 3]);
  });

  test('converts: float32 rounds, int32 cuts off, keeps to its range and takes 0 for NaN', async () => {
    expect(await values(tensor([0.1]))).toEqual([Math.fround(0.1)]);
    expect(await values(tensor([0.1], { dtype: 'float64' }))).toEqual([0.1]);
    expect(await values(tensor([-1.7, 1.7, NaN, 1e10, -1e10], { dtype: 'int32' }))).toEqual([-1, 1, 0, 2147483647, -2147483648]);
    expect(await values(tensor(new Int32Array([3]), { dtype: 'float32' }))).toEqual([3]);
  });

  test('refuses rows of different lengths and wrong shapes', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow('tensor: nested arrays must have equal lengths, got (2) beside (1).');
    expect(() => tensor([[1], 2] as NestedNumbers)).toThrow('got (1) beside ()');
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow('tensor: 3 numbers do not fill shape (2, 2), which takes 4.');
    expect(() => tensor([1], { shape: [-1] })).toThrow('(-1)');
  });
});

describe('filled', () => {
  test('zeros, ones, full', async () => {
    expect(await values(zeros([2, 2]))).toEqual([0, 0, 0, 0]);
    expect(await values(ones([2], { dtype: 'int32' }))).toEqual([1, 1]);
    expect(await values(full([2], 0.5, { dtype: 'float64' }))).toEqual([0.5, 0.5]);
    expect(full([], 1).shape).toEqual([]);
    expect(await values(zeros([0, 3]))).toEqual([]);
    expect(() => zeros([1.5])).toThrow('(1.5)');
  });

  test('zerosLike, onesLike take shape, type and backend', async () => {
    const x = tensor([[1, 2]], { dtype: 'int32' });
    use(undefined);
    expect([zerosLike(x).shape, zerosLike(x).dtype]).toEqual([[1, 2], 'int32']);
    expect(await values(onesLike(x))).toEqual([1, 1]);
  });
});

describe('arange', () => {
  test('counts', async () => {
    expect(await values(arange(4))).toEqual([0, 1, 2, 3]);
    expect(await values(arange(2, 5))).toEqual([2, 3, 4]);
    expect(await values(arange(0, 1, 0.25))).toEqual([0, 0.25, 0.5, 0.75]);
    expect(await values(arange(5, 0, -2))).toEqual([5, 3, 1]);
    expect(await values(arange(3, 1))).toEqual([]);
    expect(arange(3, { dtype: 'int32' }).dtype).toBe('int32');
    expect(arange(0, 3, 1, { dtype: 'int32' }).dtype).toBe('int32');
    expect(() => arange(0, 3, 0)).toThrow('a step other than 0');
    expect(() => arange(Infinity)).toThrow('finite');
  });
});

describe('to', () => {
  test('copies to another backend', async () => {
    const other = reference();
    const y = await to(tensor([[1, 2]], { dtype: 'int32' }), other);
    expect([y.backend === other, y.shape, y.dtype, await values(y)]).toEqual([true, [1, 2], 'int32', [1, 2]]);
    expect(other.memory()).toEqual({ reserved: 8, used: 8 });
    await expect(to(tensor([1], { dtype: 'float64' }), { ...other, supports: () => false })).rejects.toThrow('has no float64');
  });
});
