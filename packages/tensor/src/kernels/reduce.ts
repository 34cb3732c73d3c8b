import { ops } from '@unroll/expr';
import type { HostData } from '../backend.ts';
import type { ReduceKernel, ReduceOp } from '../kernel.ts';
import type { KernelRule } from './rule.ts';

/** Over the middle one of three axes. */
export const reduce: KernelRule<ReduceKernel> = {
  inputs: ({ dtype, outer, length, inner }) => [{ shape: [outer, length, inner], dtype }],
  outputs: ({ op, dtype, outer, inner }) => [{ shape: [outer, inner], dtype: op === 'argmax' ? 'int32' : dtype }],
  reference({ op, outer, length, inner }, [x], [y]) {
    if (x === undefined || y === undefined) return;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) y[o * inner + i] = folds[op]({ data: x, start: o * length * inner + i, stride: inner, length });
    }
  },
};

/** The elements along one line of a tensor. */
interface Line { readonly data: HostData; readonly start: number; readonly stride: number; readonly length: number }

const folds: Readonly<Record<ReduceOp, (line: Line) => number>> = {
  // int32 sums wrap around, as every 32-bit addition does.
  sum: (line) => (line.data instanceof Int32Array ? fold(line, 0, (sum, value) => (sum + value) | 0) : fold(line, 0, (sum, value) => sum + value)),
  max: (line) => fold(line, -Infinity, (best, value) => ops.max.apply(best, value, 0)),
  min: (line) => fold(line, Infinity, (best, value) => ops.min.apply(best, value, 0)),
  argmax,
};

function fold({ data, start, stride, length }: Line, initial: number, next: (before: number, value: number) => number): number {
  let result = initial;
  for (let k = 0; k < length; k++) result = next(result, data[start + k * stride] as number);
  return result;
}

function argmax({ data, start, stride, length }: Line): number {
  let place = 0;
  for (let k = 1; k < length; k++) {
    const best = data[start + place * stride] as number;
    const value = data[start + k * stride] as number;
    if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) place = k;
  }
  return place;
}
