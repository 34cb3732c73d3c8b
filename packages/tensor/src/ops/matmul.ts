import { check } from '../errors.ts';
import type { Shape } from '../kernel.ts';
import { scope } from '../memory.ts';
import { run } from '../run.ts';
import { broadcastShapes, sameShape, shapeText, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastTo, toType } from './elementwise.ts';
import { commonType, only } from './operand.ts';

/** Operands to be read with their last two axes swapped, at no cost. */
export interface MatMulOptions { readonly transposeA?: boolean; readonly transposeB?: boolean }

/**
 * Matrix product over the last two axes, as torch.matmul: (…, M, K) x (…, K, N) → (…, M, N), where the leading axes broadcast. A
 * vector as `a` is a row, as `b` a column, and its axis of length 1 is gone in the result; two vectors give their dot product.
 */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatMulOptions = {}): Tensor {
  checkOperands('matmul', [a, b]);
  check(a.rank > 0 && b.rank > 0, 'shape', () => `matmul: needs at least 1 axis each, got ${shapeText(a.shape)} x ${shapeText(b.shape)}; use mul for scalars.`);
  const left = matrixOf(a.shape, [1, a.size], transposeA && a.rank > 1);
  const right = matrixOf(b.shape, [b.size, 1], transposeB && b.rank > 1);
  check(left.columns === right.rows, 'shape', () => innerMessage(a.shape, b.shape, left, right));
  const batch = broadcastShapes(`matmul: the batch axes of ${shapeText(a.shape)} x ${shapeText(b.shape)}`, left.batch, right.batch);
  const shape = [...batch, ...(a.rank > 1 ? [left.rows] : []), ...(b.rank > 1 ? [right.columns] : [])];
  return scope(() => {
    const dtype = commonType([a, b]);
    const x = stretched(toType(a, dtype), left.batch, batch);
    const y = stretched(toType(b, dtype), right.batch, batch);
    return product(x, left, y, right, sizeOf(batch), shape);
  });
}

/** `x Wᵀ + b` as nn.Linear: x (…, in), weight (out, in), bias (out) → (…, out). */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  checkOperands('linear', bias === undefined ? [x, weight] : [x, weight, bias]);
  const [out = 0, k = 0] = weight.shape;
  check(weight.rank === 2, 'shape', () => `linear: the weight must be (out, in), got ${shapeText(weight.shape)}.`);
  check(x.rank > 0 && x.shape.at(-1) === k, 'shape', () => `linear: the last axis of x must have the ${k} inputs of weight ${shapeText(weight.shape)}, got x ${shapeText(x.shape)}.`);
  check(bias === undefined || sameShape(bias.shape, [out]), 'shape', () => `linear: the bias must be (${out}) for weight ${shapeText(weight.shape)}, got ${shapeText(bias?.shape ?? [])}.`);
  const tensors = bias === undefined ? [x, weight] : [x, weight, bias];
  const dtype = commonType(tensors);
  const leading = x.shape.slice(0, -1);
  return scope(() => only(run({
    kind: 'matmul', dtype, batch: 1, m: sizeOf(leading), n: out, k, transposeA: false, transposeB: true, sharedA: false, sharedB: false, bias: bias !== undefined,
  }, tensors.map((tensor) => toType(tensor, dtype)), [[...leading, out]])));
}

// Private.

/** An operand as a batch of matrices; rows and columns are those of the product, after transposing. */
interface Matrices { readonly batch: Shape; readonly rows: number; readonly columns: number; readonly transposed: boolean }

function matrixOf(shape: Shape, vector: readonly [number, number], transposed: boolean): Matrices {
  const [first, second] = shape.length === 1 ? vector : [shape.at(-2) as number, shape.at(-1) as number];
  return { batch: shape.slice(0, -2), rows: transposed ? second : first, columns: transposed ? first : second, transposed };
}

function checkOperands(operation: string, tensors: readonly Tensor[]): void {
  const wrong = tensors.find(({ dtype }) => dtype === 'int32');
  check(wrong === undefined, 'dtype', () => `${operation}: needs float32 or float64, got int32 ${shapeText(wrong?.shape ?? [])}; cast(x, 'float32') first.`);
}

function innerMessage(a: Shape, b: Shape, left: Matrices, right: Matrices): string {
  const swap = (name: string, { transposed }: Matrices): string => (transposed ? `; did you mean it without transpose${name.toUpperCase()}?` : `; did you mean transpose(${name})?`);
  const hint = left.columns === right.columns ? swap('b', right) : left.rows === right.rows ? swap('a', left) : '; reshape or transpose one of them.';
  const flags = [left.transposed ? 'a transposed' : '', right.transposed ? 'b transposed' : ''].filter((flag) => flag !== '').join(' and ');
  return `matmul: inner dimensions must agree, got ${shapeText(a)} x ${shapeText(b)}${flags === '' ? '' : ` with ${flags}`}${hint}`;
}

// Where both operands have batches of their own and they differ, the smaller one is copied out; one without serves every batch.
function stretched(x: Tensor, own: Shape, batch: Shape): Tensor {
  return sizeOf(own) === 1 || sizeOf(own) === sizeOf(batch) ? x : broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
}

function product(a: Tensor, left: Matrices, b: Tensor, right: Matrices, batch: number, shape: Shape): Tensor {
  const single = { a: batch !== 1 && sizeOf(left.batch) === 1, b: batch !== 1 && sizeOf(right.batch) === 1 };
  // One right operand for all: the rows of the whole batch are one tall matrix.
  const folded = single.b && !left.transposed;
  return only(run({
    kind: 'matmul', dtype: a.dtype, batch: folded ? 1 : batch, m: folded ? batch * left.rows : left.rows, n: right.columns, k: left.columns,
    transposeA: left.transposed, transposeB: right.transposed, sharedA: single.a, sharedB: single.b && !folded, bias: false,
  }, [a, b], [shape]));
}
