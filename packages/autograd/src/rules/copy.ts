import { run, type CopyKernel } from '@unroll/tensor/backend';
import { nothing, type Rule } from './rule.ts';

/** No element is read or covered twice, so each gradient goes back where its element came from: the same blocks with both sides exchanged. */
export const copy: Rule<CopyKernel> = {
  saves: () => nothing,
  pull(kernel, { cotangents: [dy], wanted }) {
    return kernel.inputs.map((_, k) => (dy === undefined || wanted[k] !== true ? undefined : run(backTo(kernel, k), [dy])[0]));
  },
};

function backTo({ kind, dtype, shape, inputs, parts }: CopyKernel, place: number): CopyKernel {
  const back = parts.filter(({ input }) => input === place).map((part) => ({
    input: 0, shape: part.shape, from: part.to, fromStrides: part.toStrides, to: part.from, toStrides: part.fromStrides,
  }));
  return { kind, dtype, shape: inputs[place] ?? [], inputs: [shape], parts: back };
}
