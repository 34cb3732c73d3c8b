import { fillRandom, sizeOf, type RandomKernel } from '@unroll/tensor/backend';
import type { Compile } from './compile.ts';

/** Numbers from a counter, by the definition itself. */
export const compileRandom: Compile<RandomKernel> = (kernel, { heap }) => {
  const length = sizeOf(kernel.shape);
  return (_, [target = 0]) => {
    const array = heap.views[kernel.dtype === 'int32' ? 'int32' : 'float32'];
    fillRandom(kernel, array.subarray(target / 4, target / 4 + length));
  };
};
