import { check } from './errors.ts';
import type { Shape } from './kernel.ts';

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis] as number;
  return size;
}

/** `(32, 64)`, as messages print it. */
export function shapeText(shape: Shape): string {
  return `(${shape.join(', ')})`;
}

/** Elements between neighbours along each axis of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  return strides;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** The shape that these shapes broadcast to, as in NumPy: aligned at the last axis, 1 stretches. Throws naming all of them. */
export function broadcastShapes(operation: string, ...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const length = lengths.find((other) => other !== 1) ?? 1;
    check(lengths.every((other) => other === 1 || other === length), 'shape',
      () => `${operation}: shapes ${shapes.map(shapeText).join(' and ')} do not broadcast together: aligned at the last axis, lengths must be equal or 1; reshape or unsqueeze one of them.`);
    return length;
  });
}

/** An axis counted from the front; −1 is the last one. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  check(Number.isInteger(axis) && axis >= -rank && axis < rank, 'argument',
    () => `${operation}: axis ${axis} does not exist in a tensor of ${rank} axes; use ${-rank} to ${rank - 1}.`);
  return axis < 0 ? axis + rank : axis;
}

/** Throws unless every length is a whole number, 0 or more. */
export function checkShape(operation: string, shape: Shape): void {
  check(shape.every((length) => Number.isSafeInteger(length) && length >= 0), 'shape',
    () => `${operation}: shape ${shapeText(shape)} must consist of whole numbers, 0 or more.`);
}

/** Calls `visit` for every index of `shape`, the last axis fastest; `offsets[k]` is `Σ indexₐ strides[k][a]`. */
export function walkStrided(shape: Shape, strides: readonly (readonly number[])[], visit: (offsets: readonly number[]) => void): void {
  const index = shape.map(() => 0);
  const offsets = strides.map(() => 0);
  const move = (axis: number, by: number): void => {
    index[axis] = (index[axis] as number) + by;
    strides.forEach((stride, k) => { offsets[k] = (offsets[k] as number) + by * (stride[axis] as number); });
  };
  for (let count = sizeOf(shape); count > 0; count--) {
    visit(offsets);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      move(axis, 1);
      if ((index[axis] as number) < (shape[axis] as number)) break;
      move(axis, -(shape[axis] as number));
    }
  }
}
