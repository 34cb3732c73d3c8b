import type { HostData } from '../backend.ts';
import type { MatMulKernel, Shape, Signature } from '../kernel.ts';
import type { KernelRule } from './rule.ts';

/** A matrix inside a tensor: element (r, c) is at `start + r · row + c · column`. */
interface Matrix { readonly data: HostData; readonly start: number; readonly row: number; readonly column: number }

/** Batched products. */
export const matmul: KernelRule<MatMulKernel> = {
  inputs(kernel) {
    const { dtype, m, n, k, transposeA, transposeB, sharedA, sharedB, bias } = kernel;
    const operand = (shared: boolean, rows: number, columns: number): Signature => ({ shape: batched(kernel.batch, shared, [rows, columns]), dtype });
    const a = transposeA ? operand(sharedA, k, m) : operand(sharedA, m, k);
    const b = transposeB ? operand(sharedB, n, k) : operand(sharedB, k, n);
    return bias ? [a, b, { shape: [n], dtype }] : [a, b];
  },
  outputs: ({ dtype, batch, m, n }) => [{ shape: [batch, m, n], dtype }],
  reference(kernel, [a, b, bias], [c]) {
    if (a === undefined || b === undefined || c === undefined) return;
    const { batch, m, n, k } = kernel;
    for (let index = 0; index < batch; index++) {
      const left = matrix(a, kernel.sharedA ? 0 : index * m * k, kernel.transposeA, m, k);
      const right = matrix(b, kernel.sharedB ? 0 : index * k * n, kernel.transposeB, k, n);
      for (let row = 0; row < m; row++) c.set(productRow(left, right, row, k, n, bias), (index * m + row) * n);
    }
  },
};

function batched(batch: number, shared: boolean, shape: Shape): Shape {
  return shared ? shape : [batch, ...shape];
}

function matrix(data: HostData, start: number, transposed: boolean, rows: number, columns: number): Matrix {
  return transposed ? { data, start, row: 1, column: rows } : { data, start, row: columns, column: 1 };
}

// cⱼ = biasⱼ + Σₖ aₖ bₖⱼ
function productRow(a: Matrix, b: Matrix, row: number, inner: number, columns: number, bias: HostData | undefined): Float64Array {
  const sums = bias === undefined ? new Float64Array(columns) : Float64Array.from(bias);
  for (let k = 0; k < inner; k++) {
    const factor = a.data[a.start + row * a.row + k * a.column] as number;
    const start = b.start + k * b.row;
    for (let j = 0; j < columns; j++) sums[j] = (sums[j] as number) + factor * (b.data[start + j * b.column] as number);
  }
  return sums;
}
