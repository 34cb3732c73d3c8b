import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reference, scope, tensor, TensorError, use, type Tensor } from './index.ts';

beforeEach(() => { use(reference()); });
afterEach(() => { use(undefined); });

describe('Tensor', () => {
  test('knows its sizes', () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]], { dtype: 'float64' });
    expect([x.size, x.rank, x.bytes]).toEqual([6, 2, 48]);
    expect(x.backend.name).toBe('reference');
  });

  test('item needs one element', async () => {
    expect(await tensor([[7]]).item()).toBe(7);
    await expect(tensor([1, 2]).item()).rejects.toThrow('item: needs a tensor of one element, got (2); reduce it first.');
  });

  test('data is a copy', async () => {
    const x = tensor([1, 2]);
    (await x.data())[0] = 9;
    expect([...await x.data()]).toEqual([1, 2]);
  });

  test('a freed tensor says so', async () => {
    let freed: Tensor | undefined;
    scope(() => { freed = tensor([1, 2]); });
    await expect(freed?.data()).rejects.toThrow('this tensor (2) was freed; keep it with keep(), return it from the scope, or make a copy.');
    await expect(freed?.data()).rejects.toMatchObject({ name: 'TensorError', code: 'disposed' });
    await expect(freed?.data()).rejects.toBeInstanceOf(TensorError);
  });
});
