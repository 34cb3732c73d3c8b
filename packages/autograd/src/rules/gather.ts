import { run, type GatherKernel, type ScatterKernel } from '@unroll/tensor/backend';
import type { Rule } from './rule.ts';

/** y[i] = table[indexᵢ], so d table[r] = Σ dy[i] over all i with indexᵢ = r: a scatter. */
export const gather: Rule<GatherKernel> = {
  saves: () => ({ inputs: [1], outputs: [] }),
  pull(kernel, { input, cotangents: [dy], wanted: [table] }) {
    return dy === undefined || table !== true ? [] : run({ ...kernel, kind: 'scatter' }, [input(1), dy]);
  },
};

/** table[r] = Σ x[i] over all i with indexᵢ = r, so dx[i] = d table[indexᵢ]: a gather. */
export const scatter: Rule<ScatterKernel> = {
  saves: () => ({ inputs: [0], outputs: [] }),
  pull(kernel, { input, cotangents: [dy], wanted: [, values] }) {
    return dy === undefined || values !== true ? [] : [undefined, ...run({ ...kernel, kind: 'gather' }, [dy, input(0)])];
  },
};
