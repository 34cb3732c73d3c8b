import { add, equal, input, less, mul, select, type Expr } from '@unroll/expr';
import type { DType } from '../dtype.ts';
import { check } from '../errors.ts';
import type { Shape } from '../kernel.ts';
import { inputName } from '../kernels/map.ts';
import { scope } from '../memory.ts';
import { recording, run } from '../run.ts';
import { normalizeAxis, shapeText, sizeOf, stridesOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { arangeOn } from './create.ts';
import { map } from './elementwise.ts';
import { reshape, unsqueeze } from './move.ts';
import { checkIndices, only } from './operand.ts';

// Index values live on the backend, where nobody can throw: an index out of range picks zeros. Check indices where they are made.

/**
 * One element for each index, as torch.gather: `out[i][j][k] = x[i][index[i][j][k]][k]` for axis 1. `index` (int32) has the rank of `x`
 * and is nowhere longer, except along the axis; the result has its shape.
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  const k = normalizeAxis('gather', axis, x.rank);
  checkIndices('gather', index);
  const fits = index.rank === x.rank && index.shape.every((length, other) => other === k || length <= (x.shape[other] as number));
  check(fits, 'shape', () => `gather: the index ${shapeText(index.shape)} must have the axes of ${shapeText(x.shape)} and be at most as long in all but axis ${axis}.`);
  return scope(() => {
    const strides = stridesOf(x.shape);
    const starts = index.shape.map((length, other) => ({ length, stride: other === k ? 0 : (strides[other] as number), behind: x.rank - 1 - other }));
    const places = linear(index, x.shape[k] as number, strides[k] as number, starts);
    return rows(x, x.size, 1, places, index.shape);
  });
}

/** Whole slices along an axis: `index` (N, int32) picks positions of axis `axis`, which gets length N. */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  const k = normalizeAxis('indexSelect', axis, x.rank);
  checkIndices('indexSelect', index);
  check(index.rank === 1, 'shape', () => `indexSelect: the index must be (N), got ${shapeText(index.shape)}; flatten it, or use gather.`);
  const [before, length, width] = [sizeOf(x.shape.slice(0, k)), x.shape[k] as number, sizeOf(x.shape.slice(k + 1))];
  const shape = [...x.shape.slice(0, k), index.size, ...x.shape.slice(k + 1)];
  if (before === 1) return rows(x, length, width, index, shape);
  return scope(() => rows(x, before * length, width, linear(index, length, 1, [{ length: before, stride: length, behind: 1 }]), shape));
}

/** Rows of a table (V, E) for ids (int32, any shape (…)): (…, E). An id outside 0 … V−1 gives a row of zeros. */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  checkIndices('embedding', ids);
  const [count = 0, width = 0] = table.shape;
  check(table.rank === 2, 'shape', () => `embedding: the table must be (V, E), got ${shapeText(table.shape)}.`);
  return rows(table, count, width, ids, [...ids.shape, width]);
}

/** 1 at the id and 0 elsewhere: ids (int32, …) → (…, classes). An id outside 0 … classes−1 gives zeros alone. */
export function oneHot(ids: Tensor, classes: number, { dtype = 'float32' }: { readonly dtype?: DType } = {}): Tensor {
  checkIndices('oneHot', ids);
  check(Number.isSafeInteger(classes) && classes >= 0, 'argument', () => `oneHot: classes must be a whole number, 0 or more, got ${classes}.`);
  return scope(() => only(map([equal(name(0), name(1))], [unsqueeze(ids, -1), arangeOn(ids.backend, classes)], { dtype })));
}

// Private.

function name(k: number): Expr {
  return input(inputName(k));
}

function rows(table: Tensor, count: number, width: number, indices: Tensor, shape: Shape): Tensor {
  return only(run({ kind: 'gather', dtype: table.dtype, rows: count, width, count: indices.size }, [table, indices], [shape]));
}

/** The share of one axis in the place of an element: position times stride. `behind` is the number of axes after it. */
interface Start { readonly length: number; readonly stride: number; readonly behind: number }

// place = index · stride + Σ positionₐ · strideₐ, and −1 where the index is out of range, so that it does not hit a neighbour.
function linear(index: Tensor, length: number, stride: number, starts: readonly Start[]): Tensor {
  return recording(undefined, () => {
    const axes = starts.filter((start) => start.length > 1 && start.stride > 0);
    const positions = axes.map((axis) => reshape(arangeOn(index.backend, axis.length), [axis.length, ...Array.from({ length: axis.behind }, () => 1)]));
    const place = axes.reduce((sum, axis, k) => add(sum, mul(name(k + 1), axis.stride)), mul(name(0), stride));
    return only(map([select(less(name(0), 0), -1, select(less(name(0), length), place, -1))], [index, ...positions]));
  });
}
