import { sum, type Tensor } from '@unroll/tensor';
import { alias, run, type MatMulKernel } from '@unroll/tensor/backend';
import type { Pull, Rule } from './rule.ts';

/** C[b] = A[b] B[b] + bias, where A and B are what the transpose flags make of the operands. */
export const matmul: Rule<MatMulKernel> = {
  saves: (_, [a, b]) => ({ inputs: [...(b === true ? [0] : []), ...(a === true ? [1] : [])], outputs: [] }),
  pull(kernel, pull) {
    const [dc] = pull.cotangents;
    const [a, b, bias] = pull.wanted;
    if (dc === undefined) return [];
    return [a === true ? left(kernel, dc, pull) : undefined, b === true ? right(kernel, dc, pull) : undefined, bias === true ? biasSum(kernel, dc) : undefined];
  },
};

// dA = dC Bᵀ, or its transpose B dCᵀ where A lies transposed in memory.
function left({ dtype, batch, m, n, k, transposeA, transposeB, sharedA, sharedB }: MatMulKernel, dc: Tensor, { input }: Pull): Tensor {
  const b: Side = { tensor: input(1), shared: sharedB, transpose: transposeB };
  const c: Side = { tensor: dc, shared: false, transpose: false };
  const sizes = { dtype, batch };
  return sharedOver(sharedA ? batch : 1, transposeA
    ? product({ ...sizes, m: k, k: n, n: m }, b, { ...c, transpose: true })
    : product({ ...sizes, m, k: n, n: k }, c, { ...b, transpose: !transposeB }));
}

// dB = Aᵀ dC, or its transpose dCᵀ A where B lies transposed in memory.
function right({ dtype, batch, m, n, k, transposeA, transposeB, sharedA, sharedB }: MatMulKernel, dc: Tensor, { input }: Pull): Tensor {
  // Where one B serves all of the batch, the sum over the batch is part of the product, if the rows of A are next to each other.
  const stacked = sharedB && !sharedA && !transposeA;
  const a: Side = { tensor: input(0), shared: sharedA, transpose: transposeA };
  const c: Side = { tensor: dc, shared: false, transpose: false };
  const sizes = { dtype, batch: stacked ? 1 : batch };
  const rows = stacked ? batch * m : m;
  return sharedOver(sharedB && !stacked ? batch : 1, transposeB
    ? product({ ...sizes, m: n, k: rows, n: k }, { ...c, transpose: true }, a)
    : product({ ...sizes, m: k, k: rows, n }, { ...a, transpose: !transposeA }, c));
}

// d bias = Σ dC over all rows of all of the batch.
function biasSum({ batch, m, n }: MatMulKernel, dc: Tensor): Tensor {
  return sum(alias(dc, [batch * m, n]), { axis: 0 });
}

interface Side { readonly tensor: Tensor; readonly shared: boolean; readonly transpose: boolean }

function product(sizes: Pick<MatMulKernel, 'dtype' | 'batch' | 'm' | 'n' | 'k'>, a: Side, b: Side): Tensor {
  const kernel: MatMulKernel = { kind: 'matmul', ...sizes, transposeA: a.transpose, transposeB: b.transpose, sharedA: a.shared, sharedB: b.shared, bias: false };
  return run(kernel, [a.tensor, b.tensor])[0] as Tensor;
}

// An operand that serves all of the batch gets the sum over it.
function sharedOver(batch: number, gradient: Tensor): Tensor {
  return batch === 1 ? gradient : sum(gradient, { axis: 0 });
}
