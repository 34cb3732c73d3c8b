import type { DType, GatherKernel, ScatterKernel } from '@unroll/tensor/backend';
import fc from 'fast-check';
import { checkKernel, numberStream, randomInputs } from '@unroll/testing';
import { describe, test } from 'vitest';
import { backends } from '../testing/backends.ts';

const elementTypes = fc.constantFrom<DType[]>('float32', 'int32');

const sizes = fc.record({ rows: fc.integer({ min: 0, max: 7 }), width: fc.oneof(fc.nat(9), fc.constantFrom(16, 65, 600)), count: fc.nat(12) });

/** Indices from −2 to rows + 1, and the ends of int32. */
function indices(count: number, rows: number, seed: number): Int32Array<ArrayBuffer> {
  const random = numberStream(seed);
  return Int32Array.from({ length: count }, () => {
    const choice = Math.floor(random() * (rows + 6)) - 2;
    return choice === rows + 2 ? 2147483647 : choice === rows + 3 ? -2147483648 : choice;
  });
}

describe.each(backends())('rows by index on the $name profile', ({ backend }) => {
  test('gather, with zeros for indices outside of the table', async () => {
    await fc.assert(fc.asyncProperty(sizes, elementTypes, fc.nat(), async (shape, dtype, seed) => {
      const kernel: GatherKernel = { kind: 'gather', dtype, ...shape };
      const [table = new Float32Array()] = randomInputs(kernel, seed);
      await checkKernel(backend, kernel, [table, indices(shape.count, shape.rows, seed)]);
    }), { numRuns: 150 });
  });

  test('scatter adds rows of the same index and ignores indices outside', async () => {
    await fc.assert(fc.asyncProperty(sizes, elementTypes, fc.nat(), async (shape, dtype, seed) => {
      const kernel: ScatterKernel = { kind: 'scatter', dtype, ...shape };
      const [, values = new Float32Array()] = randomInputs(kernel, seed);
      await checkKernel(backend, kernel, [indices(shape.count, shape.rows, seed), values], 1e-6);
    }), { numRuns: 150 });
  });
});
