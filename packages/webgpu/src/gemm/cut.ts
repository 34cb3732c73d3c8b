import type { CopyKernel, CopyPart, MatMulKernel } from '@unroll/tensor/backend';
import { startsOf, unitOf, type Piece, type Pieces } from '../pieces.ts';
import type { Slot, Target } from '../program.ts';

/** A product cut along the rows of its result, which are columns of A: those are copied to where they can be bound. */
export function byRows(kernel: MatMulKernel, target: Target): Pieces | undefined {
  const { m, n, k, transposeA } = kernel;
  const step = stepOf(kernel, m, Math.max(k, n), target);
  if (step === undefined || !transposeA) return undefined;
  const pieces = startsOf(m, step).flatMap((first): Piece[] => {
    const rows = Math.min(step, m - first);
    const own: Piece = { kernel: { ...kernel, m: rows }, inputs: [part(0, k * rows), ...others(kernel)], outputs: [{ kind: 'output', index: 0, offset: first * n * 4, bytes: rows * n * 4 }] };
    return [{ kernel: columnsOf(kernel, k, m, first, rows), inputs: [{ kind: 'input', index: 0 }], outputs: [part(0, k * rows)] }, own];
  });
  return { scratch: [k * step * 4], pieces };
}

/** A product cut along the columns of its result: they are put side by side in the end. */
export function byColumns(kernel: MatMulKernel, target: Target): Pieces | undefined {
  const { m, n, k, transposeB, bias } = kernel;
  const step = stepOf(kernel, n, Math.max(k, m), target);
  if (step === undefined) return undefined;
  const starts = startsOf(n, step);
  const widthAt = (first: number): number => Math.min(step, n - first);
  const pieces = starts.flatMap((first, index): Piece[] => {
    const columns = widthAt(first);
    const right: Slot = transposeB ? { kind: 'input', index: 1, offset: first * k * 4, bytes: columns * k * 4 } : part(0, k * columns);
    const shift: Slot[] = bias ? [{ kind: 'input', index: 2, offset: first * 4, bytes: columns * 4 }] : [];
    const own: Piece = { kernel: { ...kernel, n: columns }, inputs: [{ kind: 'input', index: 0 }, right, ...shift], outputs: [part(1 + index, m * columns)] };
    return transposeB ? [own] : [{ kernel: columnsOf(kernel, k, n, first, columns), inputs: [{ kind: 'input', index: 1 }], outputs: [right] }, own];
  });
  const together: CopyKernel = {
    kind: 'copy', dtype: kernel.dtype, shape: [m, n], inputs: starts.map((first) => [m, widthAt(first)]),
    parts: starts.map((first, input): CopyPart => ({ input, shape: [m, widthAt(first)], from: 0, fromStrides: [widthAt(first), 1], to: first, toStrides: [n, 1] })),
  };
  const joined: Piece = { kernel: together, inputs: starts.map((first, index) => part(1 + index, m * widthAt(first))), outputs: [{ kind: 'output', index: 0 }] };
  return { scratch: [transposeB ? 4 : k * step * 4, ...starts.map((first) => m * widthAt(first) * 4)], pieces: [...pieces, joined] };
}

// Private.

/** Of `count` rows or columns that reach over `length` elements of some matrix, how many can be bound together. Undefined where that is all of them. */
function stepOf({ batch }: MatMulKernel, count: number, length: number, { limits }: Target): number | undefined {
  const most = limits.maxStorageBufferBindingSize / 4;
  if (batch !== 1 || count * length <= most) return undefined;
  const unit = unitOf([1]);
  const step = Math.max(unit, Math.floor(most / length / unit) * unit);
  return step < count ? step : undefined;
}

/** Some columns of a matrix. */
function columnsOf({ dtype }: MatMulKernel, rows: number, columns: number, first: number, count: number): CopyKernel {
  return { kind: 'copy', dtype, shape: [rows, count], inputs: [[rows, columns]], parts: [{ input: 0, shape: [rows, count], from: first, fromStrides: [columns, 1], to: 0, toStrides: [count, 1] }] };
}

function part(index: number, elements: number): Slot {
  return { kind: 'scratch', index, bytes: elements * 4 };
}

/** B, and the bias if any. */
function others({ bias }: MatMulKernel): Slot[] {
  return (bias ? [1, 2] : [1]).map((index): Slot => ({ kind: 'input', index }));
}
