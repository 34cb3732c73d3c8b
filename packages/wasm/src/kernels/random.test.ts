import type { DType, RandomKernel } from '@unroll/tensor/backend';
import fc from 'fast-check';
import { checkKernel } from '@unroll/testing';
import { describe, test } from 'vitest';
import { backends } from '../testing/backends.ts';

const elementTypes = fc.constantFrom<DType[]>('float32', 'int32');

describe.each(backends())('random numbers on the $name profile', ({ backend }) => {
  test('are those of the definition', async () => {
    const kernels = fc.record<RandomKernel>({
      kind: fc.constant('random'), distribution: fc.constantFrom('uniform', 'normal', 'bernoulli'), dtype: elementTypes, shape: fc.array(fc.nat(7), { maxLength: 3 }),
      seed: fc.tuple(fc.nat(2 ** 31), fc.nat(2 ** 31)), probability: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(fc.asyncProperty(kernels, (kernel) => checkKernel(backend, kernel, [])), { numRuns: 60 });
  });
});
