import { add, constant, input, mul } from '@unroll/expr';
import { Cache, TensorError, type MapKernel, type Shape } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { wasm } from './index.ts';

const float = (shape: Shape): MapKernel['inputs'][number] => ({ shape, dtype: 'float32' });

function scaling(factor: number, length: number): MapKernel {
  return { kind: 'map', bodies: [mul(input('x0'), factor)], shape: [length], inputs: [float([length])], compute: 'float32', dtype: 'float32' };
}

test('writes, runs and reads copies', async () => {
  const backend = await wasm();
  const [from, to] = [backend.allocate(20), backend.allocate(20)];
  const data = Float32Array.of(1, 2, 3, 4, 5);
  backend.write(from, data);
  data.fill(0);
  backend.dispatch(scaling(3, 5), [from], [to]);
  const result = await backend.read(to, 'float32');
  expect(result).toEqual(Float32Array.of(3, 6, 9, 12, 15));
  expect(result.buffer).toBeInstanceOf(ArrayBuffer);
  backend.dispatch(scaling(-1, 5), [to], [from]);
  expect(result[0]).toBe(3);
  expect(await backend.read(from, 'float32')).toEqual(Float32Array.of(-3, -6, -9, -12, -15));
});

test('has float32 and int32, no float64', async () => {
  const backend = await wasm({ deterministic: true });
  expect((['float32', 'int32', 'float64'] as const).map((dtype) => backend.supports(dtype))).toEqual([true, true, false]);
  expect(backend.name).toBe('wasm');
});

test('counts live bytes', async () => {
  const backend = await wasm();
  const buffers = [10, 100_000, 0].map((bytes) => backend.allocate(bytes));
  expect(backend.memory().used).toBe(100_010);
  expect(backend.memory().reserved).toBeGreaterThanOrEqual(100_010);
  for (const buffer of buffers) backend.free(buffer);
  expect(backend.memory().used).toBe(0);
});

test('refuses freed buffers, those of other backends, and data of another size', async () => {
  const [one, two] = [await wasm(), await wasm()];
  const buffer = one.allocate(8);
  const codeOf = (run: () => unknown): string => {
    try {
      run();
      return 'nothing thrown';
    } catch (error) {
      return error instanceof TensorError ? error.code : String(error);
    }
  };
  expect(codeOf(() => one.write(buffer, new Float32Array(3)))).toBe('argument');
  expect(codeOf(() => two.free(buffer))).toBe('backend');
  expect(codeOf(() => one.dispatch(scaling(2, 2), [{ bytes: 8 }], [buffer]))).toBe('backend');
  one.free(buffer);
  expect(codeOf(() => one.free(buffer))).toBe('disposed');
  expect(codeOf(() => one.write(buffer, new Float32Array(2)))).toBe('disposed');
  await expect(one.read(buffer, 'float32')).rejects.toThrow(TensorError);
});

test('says so where an engine refuses generated code', async () => {
  const { Module } = WebAssembly;
  WebAssembly.Module = function refuse() {
    throw new Error('disallowed by embedder');
  } as unknown as typeof Module;
  try {
    await expect(wasm()).rejects.toThrow(/disallowed by embedder.*use reference\(\)/u);
  } finally {
    WebAssembly.Module = Module;
  }
});

test('survives more kinds of kernels than it keeps', async () => {
  const backend = await wasm();
  const [from, to] = [backend.allocate(4), backend.allocate(4)];
  backend.write(from, Float32Array.of(1));
  for (let k = 0; k < 5000; k++) backend.dispatch({ ...scaling(1, 1), bodies: [add(mul(input('x0'), k), constant(k))] }, [from], [to]);
  expect((await backend.read(to, 'float32'))[0]).toBe(2 * 4999);
});

test('a cache forgets its oldest value', () => {
  const cache = new Cache<number>(2);
  let made = 0;
  const get = (key: string): number => cache.get(key, () => (made += 1));
  expect([get('a'), get('b'), get('a'), get('c'), get('b'), get('a')]).toEqual([1, 2, 1, 3, 2, 4]);
  expect(cache.size).toBe(2);
});
