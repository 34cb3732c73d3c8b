import type { CopyKernel } from '../kernel.ts';
import { walkStrided } from '../shape.ts';
import type { KernelRule } from './rule.ts';

/** Strided blocks from one place to another. */
export const copy: KernelRule<CopyKernel> = {
  inputs: ({ dtype, inputs }) => inputs.map((shape) => ({ shape, dtype })),
  outputs: ({ dtype, shape }) => [{ shape, dtype }],
  reference({ parts }, inputs, [out]) {
    if (out === undefined) return;
    out.fill(0);
    for (const { input, shape, from, fromStrides, to, toStrides } of parts) {
      const data = inputs[input];
      if (data === undefined) continue;
      walkStrided(shape, [fromStrides, toStrides], ([source = 0, target = 0]) => { out[to + target] = data[from + source] as number; });
    }
  },
};
