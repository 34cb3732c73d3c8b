import { add, constant, exp as expOf, input, select, less, abs, sub as subOf, type Expr } from '@unroll/expr';
import { check } from '../errors.ts';
import type { ReduceOp, Shape } from '../kernel.ts';
import { inputName } from '../kernels/map.ts';
import { scope } from '../memory.ts';
import { alias, recording, run } from '../run.ts';
import { normalizeAxis, shapeText, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { cast, div, exp, log, map, sub } from './elementwise.ts';
import { only } from './operand.ts';

/** Which axes go (all where none is named), and whether they stay with length 1. */
export interface ReduceOptions { readonly axis?: number | readonly number[]; readonly keepdims?: boolean }
/** One axis, the last one where none is named. */
export interface AxisOptions { readonly axis?: number }

/** Sum over axes, over all of them where none is named; 0 over an empty axis. int32 stays int32 and wraps around. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduced('sum', 'sum', x, options);
}

/** Mean over axes; NaN over an empty axis. int32 gives float32. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { gone } = plan('mean', x.shape, options);
  return scope(() => div(sum(x.dtype === 'int32' ? cast(x, 'float32') : x, options), gone));
}

/** Largest value over axes; NaN where there is one. An empty axis has none and is refused. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduced('max', 'max', x, options);
}

/** Smallest value over axes; NaN where there is one. An empty axis has none and is refused. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduced('min', 'min', x, options);
}

/** Index of the first largest value along an axis, as int32; over the flattened tensor where none is named. NaN counts as largest. */
export function argmax(x: Tensor, options: { readonly axis?: number; readonly keepdims?: boolean } = {}): Tensor {
  return reduced('argmax', 'argmax', x, options);
}

/** `log Σ eˣ` over axes, without overflow. */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  return scope(() => {
    const peak = peakOf(x, options.axis);
    const total = log(sum(exp(sub(x, peak)), { ...options, keepdims: true }));
    return alias(only(map([add(X0, X1)], [total, peak])), plan('logSumExp', x.shape, options).shape);
  });
}

/** `eˣ / Σ eˣ` along an axis. Rows of −∞ alone give NaN. */
export function softmax(x: Tensor, { axis = -1 }: AxisOptions = {}): Tensor {
  normalizeAxis('softmax', axis, x.rank);
  return scope(() => {
    const powers = only(map([expOf(subOf(X0, X1))], [x, peakOf(x, axis)]));
    return div(powers, sum(powers, { axis, keepdims: true }));
  });
}

/** `x − log Σ eˣ` along an axis: exact where `log(softmax(x))` is −∞. */
export function logSoftmax(x: Tensor, { axis = -1 }: AxisOptions = {}): Tensor {
  normalizeAxis('logSoftmax', axis, x.rank);
  return scope(() => {
    const shifted = sub(x, peakOf(x, axis));
    return sub(shifted, log(sum(exp(shifted), { axis, keepdims: true })));
  });
}

// Private.

const X0: Expr = input(inputName(0));
const X1: Expr = input(inputName(1));

// A number to subtract before exp: the largest one, or 0 where that is not finite. The result does not depend on it, so neither does
// the gradient: nobody has to record where it came from.
function peakOf(x: Tensor, axis: number | readonly number[] | undefined): Tensor {
  return recording(undefined, () => {
    const largest = max(x, { ...(axis === undefined ? {} : { axis }), keepdims: true });
    return only(map([select(less(abs(X0), Infinity), X0, constant(0))], [largest]));
  });
}

function reduced(operation: string, op: ReduceOp, x: Tensor, options: ReduceOptions): Tensor {
  const { shape, gone, runs } = plan(operation, x.shape, options);
  check(op === 'sum' || gone > 0 || sizeOf(shape) === 0, 'shape', () => `${operation}: the axes to reduce of ${shapeText(x.shape)} are empty, and nothing has no ${operation}.`);
  const last = runs.findLastIndex((part) => part.reduced);
  if (last < 0) return op === 'argmax' ? reduceRun(op, x, { before: x.size, length: 1, after: 1 }, shape) : alias(x, shape);
  if (runs.filter((part) => part.reduced).length === 1) return reduceRun(op, x, around(runs, last), shape);
  return scope(() => {
    let result = x;
    for (let k = runs.length - 1; k >= 0; k--) {
      if (runs[k]?.reduced === true) result = reduceRun(op, result, around(runs, k), undefined);
    }
    return alias(result, shape);
  });
}

interface Around { readonly before: number; readonly length: number; readonly after: number }

function reduceRun(op: ReduceOp, x: Tensor, { before, length, after }: Around, shape: Shape | undefined): Tensor {
  return only(run({ kind: 'reduce', op, dtype: x.dtype, outer: before, length, inner: after }, [x], shape === undefined ? [] : [shape]));
}

// The runs behind `index` that are reduced have been reduced already.
function around(runs: readonly Run[], index: number): Around {
  const before = sizeOf(runs.slice(0, index).map(({ length }) => length));
  const after = sizeOf(runs.slice(index + 1).map(({ length, reduced }) => (reduced ? 1 : length)));
  return { before, length: runs[index]?.length ?? 1, after };
}

/** Neighbouring axes that share their fate. */
interface Run { length: number; readonly reduced: boolean }

interface Plan {
  /** Of the result. */
  readonly shape: Shape;
  /** Elements that one element of the result is made from. */
  readonly gone: number;
  readonly runs: readonly Run[];
}

function plan(operation: string, shape: Shape, { axis, keepdims = false }: ReduceOptions): Plan {
  const list = axis === undefined ? shape.map((_, k) => k) : typeof axis === 'number' ? [axis] : axis;
  const axes = new Set(list.map((k) => normalizeAxis(operation, k, shape.length)));
  check(axes.size === list.length, 'argument', () => `${operation}: axis list [${list.join(', ')}] names an axis twice.`);
  const runs: Run[] = [];
  shape.forEach((length, k) => {
    if (length === 1) return;
    const last = runs.at(-1);
    if (last !== undefined && last.reduced === axes.has(k)) last.length *= length;
    else runs.push({ length, reduced: axes.has(k) });
  });
  return {
    shape: keepdims ? shape.map((length, k) => (axes.has(k) ? 1 : length)) : shape.filter((_, k) => !axes.has(k)),
    gone: sizeOf(shape.filter((_, k) => axes.has(k))),
    runs,
  };
}
