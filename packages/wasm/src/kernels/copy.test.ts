import { sizeOf, stridesOf, type CopyKernel, type CopyPart, type DType, type Shape } from '@unroll/tensor/backend';
import fc from 'fast-check';
import { checkKernel, randomInputs } from '@unroll/testing';
import { describe, test } from 'vitest';
import { backends } from '../testing/backends.ts';

const elementTypes = fc.constantFrom<DType[]>('float32', 'int32');

/** The axes of a tensor in another order, each perhaps backwards. */
function permuted(shape: Shape, order: readonly number[], flipped: readonly boolean[], dtype: DType): CopyKernel {
  const to = order.map((axis) => shape[axis] as number);
  const own = stridesOf(shape);
  const fromStrides = order.map((axis) => (own[axis] as number) * (flipped[axis] === true ? -1 : 1));
  const from = order.reduce((sum, axis) => sum + (flipped[axis] === true ? ((shape[axis] as number) - 1) * (own[axis] as number) : 0), 0);
  return { kind: 'copy', dtype, shape: to, inputs: [shape], parts: [{ input: 0, shape: to, from, fromStrides, to: 0, toStrides: stridesOf(to) }] };
}

const shapes = fc.array(fc.oneof(fc.nat(6), fc.constantFrom(1, 4, 8, 19)), { maxLength: 5 }).filter((shape) => sizeOf(shape) <= 20_000);

describe.each(backends())('copy on the $name profile', ({ backend }) => {
  test('any order of axes, in any direction', async () => {
    const cases = shapes.chain((shape) => fc.record({
      shape: fc.constant(shape), order: fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }),
      flipped: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), dtype: elementTypes, seed: fc.nat(),
    }));
    await fc.assert(fc.asyncProperty(cases, async ({ shape, order, flipped, dtype, seed }) => {
      const kernel = permuted(shape, order, sizeOf(shape) === 0 ? [] : flipped, dtype);
      await checkKernel(backend, kernel, randomInputs(kernel, seed));
    }), { numRuns: 200 });
  });

  test('backwards in the target', async () => {
    const part: CopyPart = { input: 0, shape: [3, 5], from: 0, fromStrides: [5, 1], to: 14, toStrides: [-5, -1] };
    const kernel: CopyKernel = { kind: 'copy', dtype: 'float32', shape: [3, 5], inputs: [[3, 5]], parts: [part] };
    await checkKernel(backend, kernel, randomInputs(kernel, 1));
  });

  test('blocks of several inputs, with zeros where no block goes', async () => {
    const cases = fc.record({ rows: fc.nat(5), widths: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }), before: fc.nat(3), after: fc.nat(3), dtype: elementTypes, seed: fc.nat() });
    await fc.assert(fc.asyncProperty(cases, async ({ rows, widths, before, after, dtype, seed }) => {
      const width = before + after + widths.reduce((sum, own) => sum + own, 0);
      let to = before;
      const parts = widths.map((own, input): CopyPart => {
        const part = { input, shape: [rows, own], from: 0, fromStrides: [own, 1], to, toStrides: [width, 1] };
        to += own;
        return part;
      });
      const kernel: CopyKernel = { kind: 'copy', dtype, shape: [rows, width], inputs: widths.map((own) => [rows, own]), parts };
      await checkKernel(backend, kernel, randomInputs(kernel, seed));
    }), { numRuns: 100 });
  });

  test('large transposes and long runs', async () => {
    for (const [rows, columns] of [[64, 64], [67, 130], [1, 1000], [300, 5]] as const) {
      const kernel = permuted([rows, columns], [1, 0], [], 'float32');
      await checkKernel(backend, kernel, randomInputs(kernel, 2));
    }
    const kernel = permuted([3, 2, 700], [1, 0, 2], [], 'float32');
    await checkKernel(backend, kernel, randomInputs(kernel, 2));
  });
});
