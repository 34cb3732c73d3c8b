import { describe, expect, test } from 'vitest';
import { TensorError } from '../errors.ts';
import { reference } from './reference.ts';

describe('reference', () => {
  test('stores all three types, exactly', async () => {
    const backend = reference();
    expect([backend.supports('float32'), backend.supports('int32'), backend.supports('float64')]).toEqual([true, true, true]);
    const data = new Float64Array([Math.PI, -0]);
    const buffer = backend.allocate(16);
    backend.write(buffer, data);
    data[0] = 0;
    expect([...await backend.read(buffer, 'float64')]).toEqual([Math.PI, -0]);
    backend.write(buffer, new Int32Array([1, 2, 3, 4, 5]).subarray(1));
    expect([...await backend.read(buffer, 'int32')]).toEqual([2, 3, 4, 5]);
  });

  test('counts its memory', () => {
    const backend = reference();
    const [a, b] = [backend.allocate(8), backend.allocate(0)];
    expect(backend.memory()).toEqual({ reserved: 8, used: 8 });
    backend.free(a);
    backend.free(b);
    expect(backend.memory()).toEqual({ reserved: 0, used: 0 });
  });

  test('refuses freed and foreign buffers, and more memory than there is', async () => {
    const backend = reference();
    const buffer = backend.allocate(4);
    backend.free(buffer);
    await expect(backend.read(buffer, 'float32')).rejects.toThrow('reference: this buffer was freed.');
    expect(() => { backend.write({ bytes: 4 }, new Float32Array(1)); }).toThrow('this buffer is none of this backend');
    expect(() => backend.allocate(2 ** 52)).toThrow(TensorError);
    expect(() => backend.allocate(2 ** 52)).toThrow(`reference: no room for ${2 ** 52} bytes more; free tensors, or use a smaller batch.`);
    expect(backend.memory().used).toBe(0);
  });
});
