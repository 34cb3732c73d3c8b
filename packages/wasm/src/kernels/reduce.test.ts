import type { DType, ReduceKernel, ReduceOp } from '@unroll/tensor/backend';
import fc from 'fast-check';
import { checkKernel, randomInputs, runKernel } from '@unroll/testing';
import { describe, expect, test } from 'vitest';
import { backends } from '../testing/backends.ts';

const elementTypes = fc.constantFrom<DType[]>('float32', 'int32');

const reductions: readonly ReduceOp[] = ['sum', 'max', 'min', 'argmax'];
const sizes = fc.record({ outer: fc.nat(5), length: fc.oneof(fc.nat(9), fc.constantFrom(16, 17, 35, 100)), inner: fc.oneof(fc.constant(1), fc.nat(9), fc.constantFrom(16, 19, 33)) });

describe.each(backends())('reduce on the $name profile', ({ backend }) => {
  test.each(reductions)('%s over any sizes and types', async (op) => {
    await fc.assert(fc.asyncProperty(sizes, elementTypes, fc.nat(), async (shape, dtype, seed) => {
      const kernel: ReduceKernel = { kind: 'reduce', op, dtype, ...shape };
      await checkKernel(backend, kernel, randomInputs(kernel, seed), 1e-6);
    }), { numRuns: 150 });
  });

  test.each(reductions)('%s with NaN, infinities and equal elements', async (op) => {
    const values = fc.constantFrom(0, 1, -1, 2, Infinity, -Infinity, NaN);
    await fc.assert(fc.asyncProperty(sizes, fc.infiniteStream(values), async (shape, stream) => {
      const kernel: ReduceKernel = { kind: 'reduce', op, dtype: 'float32', ...shape };
      await checkKernel(backend, kernel, [Float32Array.from({ length: shape.outer * shape.length * shape.inner }, () => stream.next().value as number)]);
    }), { numRuns: 100 });
  });

  test('int32 sums wrap around, extremes reach both ends', async () => {
    const data = Int32Array.from({ length: 40 }, (_, k) => (k % 3 === 0 ? 2147483647 : k % 3 === 1 ? -2147483648 : -1));
    for (const op of reductions) {
      await checkKernel(backend, { kind: 'reduce', op, dtype: 'int32', outer: 1, length: 40, inner: 1 }, [data]);
      await checkKernel(backend, { kind: 'reduce', op, dtype: 'int32', outer: 2, length: 4, inner: 5 }, [data]);
    }
  });

  test('long sums are as good as in float64', async () => {
    const length = 300_000;
    const kernel: ReduceKernel = { kind: 'reduce', op: 'sum', dtype: 'float32', outer: 1, length, inner: 1 };
    const data = new Float32Array(length).fill(0.1);
    const [sum] = await runKernel(backend, kernel, [data]);
    expect(sum?.[0]).toBe(Math.fround(length * Math.fround(0.1)));
    const columns: ReduceKernel = { ...kernel, length: length / 3, inner: 3 };
    const [sums] = await runKernel(backend, columns, [data]);
    expect([...(sums ?? [])]).toEqual([0, 1, 2].map(() => Math.fround((length / 3) * Math.fround(0.1))));
  });
});
