import { fillRandom, sizeOf, type RandomKernel } from '@unroll/tensor/backend';
import { emitDraw, type Draw } from '../philox.ts';
import type { Compile, Machine, Run } from './compile.ts';

/** Numbers from a counter. */
export const compileRandom: Compile<RandomKernel> = (kernel, machine) => {
  const draw = drawOf(kernel);
  return draw === undefined ? onHost(kernel, machine) : generated(kernel, draw, machine);
};

/** Undefined for what the definition computes in float64, which has to be the same to the last digit. */
function drawOf({ distribution, dtype }: RandomKernel): Draw | undefined {
  if (distribution === 'bernoulli') return dtype === 'int32' ? 'belowInteger' : 'belowFloat';
  return distribution === 'uniform' && dtype === 'float32' ? 'uniform' : undefined;
}

function generated({ shape, seed, probability }: RandomKernel, draw: Draw, machine: Machine): Run {
  const run = machine.shared(`draw ${draw}`, () => machine.function((module, name) => module.export(emitDraw(module, draw), name)));
  // n 2⁻²⁴ < p for whole n
  const threshold = Math.ceil(probability * 2 ** 24);
  return (_, [target = 0]) => run(target, sizeOf(shape), 0, 0, 0, ...seed, threshold);
}

function onHost(kernel: RandomKernel, { heap }: Machine): Run {
  return (_, [target = 0]) => {
    const array = heap.views[kernel.dtype === 'int32' ? 'int32' : 'float32'];
    fillRandom(kernel, array.subarray(target / 4, target / 4 + sizeOf(kernel.shape)));
  };
}
