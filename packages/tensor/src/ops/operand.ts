import type { DType } from '../dtype.ts';
import { promote } from '../dtype.ts';
import { check } from '../errors.ts';
import { Tensor } from '../tensor.ts';

/** What operations take: a tensor, or a plain number, which has no element type of its own and follows the other operand. */
export type Operand = Tensor | number;

/** The only output of a kernel that has one. */
export function only(tensors: readonly Tensor[]): Tensor {
  return tensors[0] as Tensor;
}

/** Throws unless the tensor holds int32, as indices must. */
export function checkIndices(operation: string, indices: Tensor): void {
  check(indices.dtype === 'int32', 'dtype', () => `${operation}: indices must be int32, got ${indices.dtype}; cast(indices, 'int32') first.`);
}

/** The type in which tensors meet. */
export function commonType(tensors: readonly Tensor[]): DType {
  return promote(...tensors.map(({ dtype }) => dtype));
}

/** Tells the two kinds of operands apart. */
export function isTensor(operand: Operand): operand is Tensor {
  return operand instanceof Tensor;
}
