import type { GatherKernel, ScatterKernel } from '../kernel.ts';
import type { KernelRule } from './rule.ts';

/** Rows by index. */
export const gather: KernelRule<GatherKernel> = {
  inputs: ({ dtype, rows, width, count }) => [{ shape: [rows, width], dtype }, { shape: [count], dtype: 'int32' }],
  outputs: ({ dtype, width, count }) => [{ shape: [count, width], dtype }],
  reference({ rows, width, count }, [table, indices], [out]) {
    if (table === undefined || indices === undefined || out === undefined) return;
    for (let i = 0; i < count; i++) {
      const row = indices[i] as number;
      const known = row >= 0 && row < rows;
      for (let j = 0; j < width; j++) out[i * width + j] = known ? (table[row * width + j] as number) : 0;
    }
  },
};

/** Adds rows at their index; an index outside of the table adds nowhere. */
export const scatter: KernelRule<ScatterKernel> = {
  inputs: ({ dtype, width, count }) => [{ shape: [count], dtype: 'int32' }, { shape: [count, width], dtype }],
  outputs: ({ dtype, rows, width }) => [{ shape: [rows, width], dtype }],
  reference({ rows, width, count }, [indices, values], [out]) {
    if (indices === undefined || values === undefined || out === undefined) return;
    const sums = new Float64Array(rows * width);
    for (let i = 0; i < count; i++) {
      const row = indices[i] as number;
      if (row < 0 || row >= rows) continue;
      for (let j = 0; j < width; j++) sums[row * width + j] = (sums[row * width + j] as number) + (values[i * width + j] as number);
    }
    out.set(sums);
  },
};
