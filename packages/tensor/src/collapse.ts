import type { Shape } from './kernel.ts';

/** Shapes that say the same with fewer axes. */
export interface Collapsed { readonly shape: Shape; readonly inputs: readonly Shape[] }

/**
 * Drops axes of length 1 and merges neighbours along which the same inputs stretch, so that backends mostly meet four cases: the
 * output's own shape, a scalar, a row `(n)` and a column `(m, 1)`.
 */
export function collapse(shape: Shape, inputs: readonly Shape[]): Collapsed {
  const merged: { length: number; stretched: readonly boolean[] }[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const stretched = inputs.map((input) => (input[axis - shape.length + input.length] ?? 1) !== length);
    const last = merged.at(-1);
    if (last !== undefined && last.stretched.every((flag, k) => flag === stretched[k])) last.length *= length;
    else merged.push({ length, stretched });
  });
  return {
    shape: merged.map(({ length }) => length),
    inputs: inputs.map((_, k) => withoutLeadingOnes(merged.map(({ length, stretched }) => (stretched[k] === true ? 1 : length)))),
  };
}

function withoutLeadingOnes(shape: Shape): Shape {
  const first = shape.findIndex((length) => length !== 1);
  return first < 0 ? [] : shape.slice(first);
}
