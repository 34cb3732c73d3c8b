import { check } from '../errors.ts';
import type { CopyPart, Shape } from '../kernel.ts';
import { scope } from '../memory.ts';
import { alias, run } from '../run.ts';
import { checkShape, normalizeAxis, sameShape, shapeText, sizeOf, stridesOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { toType } from './elementwise.ts';
import { commonType, only } from './operand.ts';

/** The same elements in another shape, in the same memory. One length may be −1: what is left over. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.filter((length) => length === -1).length;
  check(open <= 1, 'argument', () => `reshape: only one length may be -1, got ${shapeText(shape)}.`);
  const known = sizeOf(shape.filter((length) => length !== -1));
  const full = shape.map((length) => (length === -1 ? x.size / (known === 0 ? NaN : known) : length));
  check(full.every(Number.isInteger), 'shape', () => `reshape: the ${x.size} elements of ${shapeText(x.shape)} do not fill ${shapeText(shape)} evenly; its other lengths must divide ${x.size}.`);
  checkShape('reshape', full);
  return alias(x, full);
}

/** All axes from `from` to `to` as one. */
export function flatten(x: Tensor, from = 0, to = -1): Tensor {
  if (x.rank === 0) return alias(x, [1]);
  const first = normalizeAxis('flatten', from, x.rank);
  const last = normalizeAxis('flatten', to, x.rank);
  check(first <= last, 'argument', () => `flatten: axis ${from} comes after axis ${to} in ${shapeText(x.shape)}; swap them.`);
  return alias(x, [...x.shape.slice(0, first), sizeOf(x.shape.slice(first, last + 1)), ...x.shape.slice(last + 1)]);
}

/** Without an axis of length 1, or without all of them where none is named. */
export function squeeze(x: Tensor, axis?: number): Tensor {
  if (axis === undefined) return alias(x, x.shape.filter((length) => length !== 1));
  const k = normalizeAxis('squeeze', axis, x.rank);
  check(x.shape[k] === 1, 'shape', () => `squeeze: axis ${axis} of ${shapeText(x.shape)} must have length 1, it has ${x.shape[k]}.`);
  return alias(x, x.shape.filter((_, other) => other !== k));
}

/** With a new axis of length 1 in front of axis `axis`; −1 puts it last. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  return alias(x, inserted(x.shape, normalizeAxis('unsqueeze', axis, x.rank + 1), 1));
}

/** Axes in another order; the last two swap where no order is given. */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  if (axes !== undefined) return permute(x, axes);
  check(x.rank >= 2, 'shape', () => `transpose: needs at least 2 axes, got ${shapeText(x.shape)}; reshape it to a row or a column.`);
  const order = x.shape.map((_, axis) => axis);
  return permute(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/** Axis k of the result is axis `axes[k]` of `x`. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const order = axes.map((axis) => normalizeAxis('permute', axis, x.rank));
  check(order.length === x.rank && new Set(order).size === x.rank, 'argument', () => `permute: [${axes.join(', ')}] must name each axis of ${shapeText(x.shape)} once.`);
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis] as number);
  return copied([x], shape, [{ input: 0, shape, from: 0, fromStrides: order.map((axis) => strides[axis] as number), to: 0, toStrides: stridesOf(shape) }]);
}

/**
 * The block from `start` to before `stop` along each axis. Negative positions count from the end; axes that are not mentioned stay
 * whole. Positions outside of the tensor are refused.
 */
export function slice(x: Tensor, start: readonly number[], stop: readonly number[] = []): Tensor {
  check(start.length <= x.rank && stop.length <= x.rank, 'argument', () => `slice: ${shapeText(x.shape)} has ${x.rank} axes, got ${start.length} starts and ${stop.length} stops.`);
  const from = x.shape.map((length, axis) => position(start[axis] ?? 0, length));
  const to = x.shape.map((length, axis) => position(stop[axis] ?? length, length));
  const fits = x.shape.every((length, axis) => isBetween(from[axis], 0, to[axis]) && isBetween(to[axis], 0, length));
  check(fits, 'argument', () => `slice: from [${start.join(', ')}] to [${stop.join(', ')}] is no block of ${shapeText(x.shape)}; each start must be at most its stop, and each stop at most the length.`);
  return block(x, from, x.shape.map((_, axis) => (to[axis] as number) - (from[axis] as number)));
}

/** `length` positions of one axis, from `start` on. */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const k = normalizeAxis('narrow', axis, x.rank);
  const size = x.shape[k] as number;
  const first = position(start, size);
  check(isBetween(first, 0, size) && isBetween(length, 0, size - first), 'argument', () => `narrow: ${length} positions from ${start} on do not lie within axis ${axis} of ${shapeText(x.shape)}.`);
  return block(x, x.shape.map((_, other) => (other === k ? first : 0)), x.shape.map((own, other) => (other === k ? length : own)));
}

/** The pieces of `x` along an axis: of the given lengths, or of one length each, where the last piece may be shorter. */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const k = normalizeAxis('split', axis, x.rank);
  const length = x.shape[k] as number;
  const list = typeof sizes === 'number' ? chunks(length, sizes) : sizes;
  check(list.every((size) => isBetween(size, 0, length)) && list.reduce((sum, size) => sum + size, 0) === length, 'shape',
    () => `split: lengths [${list.join(', ')}] must be whole and add up to ${length}, axis ${axis} of ${shapeText(x.shape)}.`);
  let start = 0;
  return list.map((size) => narrow(x, k, (start += size) - size, size));
}

/** Tensors one after the other along an axis; the other axes must agree. They meet in one type. */
export function concat(list: readonly Tensor[], axis = 0): Tensor {
  const [first] = list;
  check(first !== undefined, 'argument', () => 'concat: the list is empty; give at least one tensor.');
  const k = normalizeAxis('concat', axis, first.rank);
  const fits = list.every(({ shape }) => shape.length === first.rank && shape.every((length, other) => other === k || length === first.shape[other]));
  check(fits, 'shape', () => `concat: shapes ${list.map(({ shape }) => shapeText(shape)).join(', ')} must agree in all axes but ${axis}.`);
  return joined(list, list.map(({ shape }) => shape), k);
}

/** Tensors of one shape side by side along a new axis. They meet in one type. */
export function stack(list: readonly Tensor[], axis = 0): Tensor {
  const [first] = list;
  check(first !== undefined, 'argument', () => 'stack: the list is empty; give at least one tensor.');
  const k = normalizeAxis('stack', axis, first.rank + 1);
  check(list.every(({ shape }) => sameShape(shape, first.shape)), 'shape', () => `stack: shapes ${list.map(({ shape }) => shapeText(shape)).join(', ')} must all be the same; concat joins different lengths.`);
  return joined(list, list.map(({ shape }) => inserted(shape, k, 1)), k);
}

/** Zeros around `x`: for each axis how many before and after. */
export function pad(x: Tensor, amounts: readonly (readonly [number, number])[]): Tensor {
  check(amounts.length === x.rank && amounts.flat().every((amount) => Number.isSafeInteger(amount) && amount >= 0), 'argument',
    () => `pad: needs [before, after], whole and not negative, for each of the ${x.rank} axes of ${shapeText(x.shape)}, got ${JSON.stringify(amounts)}.`);
  const shape = x.shape.map((length, axis) => length + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0));
  const strides = stridesOf(shape);
  return copied([x], shape, [{ input: 0, shape: x.shape, from: 0, fromStrides: stridesOf(x.shape), to: offsetOf(amounts.map(([before]) => before), strides), toStrides: strides }]);
}

/** Axes in reverse order of their elements. */
export function flip(x: Tensor, axis: number | readonly number[]): Tensor {
  const axes = new Set((typeof axis === 'number' ? [axis] : axis).map((k) => normalizeAxis('flip', k, x.rank)));
  const strides = stridesOf(x.shape);
  const last = x.shape.map((length, k) => (axes.has(k) ? length - 1 : 0));
  return copied([x], x.shape, [{
    input: 0, shape: x.shape, from: offsetOf(last, strides), fromStrides: strides.map((stride, k) => (axes.has(k) ? -stride : stride)), to: 0, toStrides: strides,
  }]);
}

// Private.

function copied(inputs: readonly Tensor[], shape: Shape, parts: readonly CopyPart[]): Tensor {
  const simple = parts.filter((part) => sizeOf(part.shape) > 0).map(merged);
  const [input] = inputs;
  const [part] = simple;
  if (input !== undefined && inputs.length === 1 && part !== undefined && isWhole(part, input.size, sizeOf(shape))) return alias(input, shape);
  return only(run({ kind: 'copy', dtype: (input as Tensor).dtype, shape, inputs: inputs.map((tensor) => tensor.shape), parts: simple }, inputs));
}

// A copy of everything in the same order.
function isWhole({ shape, fromStrides, toStrides }: CopyPart, from: number, to: number): boolean {
  return from === to && sizeOf(shape) === to && (shape.length === 0 || (shape.length === 1 && fromStrides[0] === 1 && toStrides[0] === 1));
}

// Without axes of length 1, and with neighbours that run on into each other as one.
function merged(part: CopyPart): CopyPart {
  const axes: { length: number; from: number; to: number }[] = [];
  part.shape.forEach((length, axis) => {
    if (length === 1) return;
    const from = part.fromStrides[axis] as number;
    const to = part.toStrides[axis] as number;
    const last = axes.at(-1);
    if (last !== undefined && last.from === from * length && last.to === to * length) Object.assign(last, { length: last.length * length, from, to });
    else axes.push({ length, from, to });
  });
  return { ...part, shape: axes.map(({ length }) => length), fromStrides: axes.map(({ from }) => from), toStrides: axes.map(({ to }) => to) };
}

function block(x: Tensor, start: readonly number[], shape: Shape): Tensor {
  const strides = stridesOf(x.shape);
  return copied([x], shape, [{ input: 0, shape, from: offsetOf(start, strides), fromStrides: strides, to: 0, toStrides: stridesOf(shape) }]);
}

function joined(list: readonly Tensor[], shapes: readonly Shape[], axis: number): Tensor {
  const shape = (shapes[0] as Shape).map((length, k) => (k === axis ? shapes.reduce((sum, own) => sum + (own[axis] as number), 0) : length));
  const strides = stridesOf(shape);
  let start = 0;
  const parts = shapes.map((own, input): CopyPart => {
    const to = start * (strides[axis] as number);
    start += own[axis] as number;
    return { input, shape: own, from: 0, fromStrides: stridesOf(own), to, toStrides: strides };
  });
  const dtype = commonType(list);
  return scope(() => copied(list.map((tensor) => toType(tensor, dtype)), shape, parts));
}

function offsetOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, value, axis) => sum + value * (strides[axis] as number), 0);
}

function inserted(shape: Shape, axis: number, length: number): Shape {
  return [...shape.slice(0, axis), length, ...shape.slice(axis)];
}

function position(index: number, length: number): number {
  return index < 0 ? index + length : index;
}

function isBetween(value: number | undefined, low: number, high: number | undefined): boolean {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= (high as number);
}

function chunks(length: number, size: number): number[] {
  check(Number.isSafeInteger(size) && size > 0, 'argument', () => `split: the length of a piece must be a whole number above 0, got ${size}.`);
  return Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, k) => Math.min(size, length - k * size));
}
