import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as u from '../index.ts';
import type { Kernel, Shape, Tensor } from '../index.ts';

const seen: Kernel[] = [];
beforeEach(() => {
  const backend = u.reference();
  u.use({ ...backend, dispatch: (kernel, inputs, outputs) => { seen.push(kernel); backend.dispatch(kernel, inputs, outputs); } });
});
afterEach(() => {
  seen.length = 0;
  u.use(undefined);
});

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];
const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);
const counted = (shape: Shape, from = 1): Tensor => u.tensor(Array.from({ length: sizeOf(shape) }, (_, k) => k + from), { shape, dtype: 'int32' });
const indices = (shape: Shape): number[][] => Array.from({ length: sizeOf(shape) }, (_, flat) => shape.map((length, axis) => Math.floor(flat / sizeOf(shape.slice(axis + 1))) % length));

// A result is checked element by element: `source` says for each index of the result which index of x (counted from 1) is there.
async function check(result: Tensor, x: Shape, shape: Shape, source: (index: number[]) => number[]): Promise<void> {
  expect(result.shape).toEqual(shape);
  const at = (index: number[]): number => (index.every((value, axis) => value >= 0 && value < (x[axis] as number)) ? x.reduce((offset, length, axis) => offset * length + (index[axis] as number), 0) + 1 : 0);
  expect(await values(result)).toEqual(indices(shape).map((index) => at(source(index))));
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
const at = (list: readonly number[], k: number): number => list[k] as number;

describe('new shape, same memory', () => {
  test('reshape', async () => {
    const x = counted([2, 3]);
    const y = u.reshape(x, [3, -1]);
    expect([y.shape, y.storage === x.storage, await values(y)]).toEqual([[3, 2], true, [1, 2, 3, 4, 5, 6]]);
    expect(u.reshape(x, [-1]).shape).toEqual([6]);
    expect(u.reshape(counted([1]), []).shape).toEqual([]);
    expect(u.reshape(counted([0, 3]), [-1, 3]).shape).toEqual([0, 3]);
    expect(() => u.reshape(x, [4, -1])).toThrow('reshape: the 6 elements of (2, 3) do not fill (4, -1) evenly; its other lengths must divide 6.');
    expect(() => u.reshape(x, [-1, -1])).toThrow('only one length may be -1, got (-1, -1)');
    expect(() => u.reshape(x, [4])).toThrow('reshape: (2, 3) has 6 elements, (4) has 4; both must be the same.');
    expect(() => u.reshape(counted([0]), [0, -1])).toThrow('evenly');
    expect(() => u.reshape(x, [-2, -3])).toThrow('(-2, -3)');
  });

  test('flatten, squeeze, unsqueeze', () => {
    const x = counted([2, 1, 3]);
    expect([u.flatten(x).shape, u.flatten(x, 1).shape, u.flatten(x, 0, 1).shape, u.flatten(counted([])).shape]).toEqual([[6], [2, 3], [2, 3], [1]]);
    expect([u.squeeze(x).shape, u.squeeze(x, 1).shape, u.squeeze(counted([1, 1])).shape]).toEqual([[2, 3], [2, 3], []]);
    expect([u.unsqueeze(x, 0).shape, u.unsqueeze(x, -1).shape, u.unsqueeze(counted([]), 0).shape]).toEqual([[1, 2, 1, 3], [2, 1, 3, 1], [1]]);
    expect(() => u.squeeze(x, 0)).toThrow('squeeze: axis 0 of (2, 1, 3) must have length 1, it has 2.');
    expect(() => u.flatten(x, 2, 0)).toThrow('axis 2 comes after axis 0');
    expect(() => u.unsqueeze(x, 4)).toThrow('unsqueeze: axis 4');
    expect(seen).toHaveLength(0);
  });
});

describe('permute and transpose', () => {
  test('agree with the definition for any shape and order', async () => {
    const property = shapes.chain((shape) => fc.record({ shape: fc.constant(shape), axes: fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }) }));
    await fc.assert(fc.asyncProperty(property, async ({ shape, axes }) => {
      await check(u.permute(counted(shape), axes), shape, axes.map((axis) => at(shape, axis)), (index) => shape.map((_, axis) => at(index, axes.indexOf(axis))));
    }));
  });

  test('swap the last two, count from the end, and refuse what is no order', async () => {
    expect(await values(u.transpose(counted([2, 3])))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(u.transpose(counted([4, 2, 3])).shape).toEqual([4, 3, 2]);
    expect(u.transpose(counted([4, 2, 3]), [-1, 0, 1]).shape).toEqual([3, 4, 2]);
    expect(() => u.transpose(counted([3]))).toThrow('transpose: needs at least 2 axes, got (3)');
    expect(() => u.permute(counted([2, 3]), [0, 0])).toThrow('permute: [0, 0] must name each axis of (2, 3) once.');
    expect(() => u.permute(counted([2, 3]), [0])).toThrow('once');
  });

  test('copy nothing where the order in memory stays', () => {
    const x = counted([2, 1, 3]);
    expect(u.permute(x, [1, 0, 2]).storage).toBe(x.storage);
    expect(u.permute(x, [0, 1, 2]).storage).toBe(x.storage);
    expect(seen).toHaveLength(0);
  });
});

describe('slice, narrow, split', () => {
  test('agree with the definition for any block', async () => {
    const property = shapes.chain((shape) => fc.record({ shape: fc.constant(shape), ends: fc.tuple(...shape.map((length) => fc.tuple(fc.nat({ max: length }), fc.nat({ max: length })))) }));
    await fc.assert(fc.asyncProperty(property, async ({ shape, ends }) => {
      const [start, stop] = [ends.map((pair) => Math.min(...pair)), ends.map((pair) => Math.max(...pair))];
      await check(u.slice(counted(shape), start, stop), shape, stop.map((to, axis) => to - at(start, axis)), (index) => index.map((value, axis) => value + at(start, axis)));
    }));
  });

  test('slice counts from the end and leaves the rest whole', async () => {
    const x = counted([3, 2]);
    expect(await values(u.slice(x, [-2]))).toEqual([3, 4, 5, 6]);
    expect(await values(u.slice(x, [0, 1], [-1]))).toEqual([2, 4]);
    expect(u.slice(x, [1], [1]).shape).toEqual([0, 2]);
    for (const [start, stop] of [[[2], [1]], [[0], [4]], [[-4], [3]], [[0.5], [1]]] as const) expect(() => u.slice(x, start, stop)).toThrow('is no block of (3, 2)');
    expect(() => u.slice(x, [0, 0, 0])).toThrow('slice: (3, 2) has 2 axes, got 3 starts and 0 stops.');
  });

  test('narrow and split', async () => {
    const x = counted([2, 5]);
    expect(await values(u.narrow(x, -1, 1, 2))).toEqual([2, 3, 7, 8]);
    expect(await values(u.narrow(x, 1, -1, 1))).toEqual([5, 10]);
    expect(() => u.narrow(x, 1, 4, 2)).toThrow('narrow: 2 positions from 4 on do not lie within axis 1 of (2, 5).');
    const pieces = u.split(x, [1, 0, 4], 1);
    expect(await Promise.all(pieces.map(values))).toEqual([[1, 6], [], [2, 3, 4, 5, 7, 8, 9, 10]]);
    expect(u.split(x, 2, 1).map(({ shape }) => shape)).toEqual([[2, 2], [2, 2], [2, 1]]);
    expect(u.split(counted([0]), 2).map(({ shape }) => shape)).toEqual([[0]]);
    expect(() => u.split(x, [2, 2], 1)).toThrow('split: lengths [2, 2] must be whole and add up to 5, axis 1 of (2, 5).');
    expect(() => u.split(x, [6, -1], 1)).toThrow('add up to 5');
    expect(() => u.split(x, 0)).toThrow('above 0, got 0');
  });

  test('rows in a row are one plain copy', () => {
    u.narrow(counted([4, 2, 3]), 0, 1, 2);
    expect(seen.map((kernel) => (kernel.kind === 'copy' ? kernel.parts.map(({ shape, fromStrides }) => ({ shape, fromStrides })) : []))).toEqual([[{ shape: [12], fromStrides: [1] }]]);
  });
});

describe('concat and stack', () => {
  test('undo split, along any axis', async () => {
    const property = shapes.chain((shape) => fc.record({ shape: fc.constant(shape), axis: fc.nat({ max: shape.length - 1 }), size: fc.integer({ min: 1, max: 3 }) }));
    await fc.assert(fc.asyncProperty(property, async ({ shape, axis, size }) => {
      await check(u.concat(u.split(counted(shape), size, axis), axis - shape.length), shape, shape, (index) => index);
    }));
  });

  test('stack is narrow of the new axis, undone', async () => {
    await fc.assert(fc.asyncProperty(shapes.chain((shape) => fc.record({ shape: fc.constant(shape), axis: fc.nat({ max: shape.length }) })), async ({ shape, axis }) => {
      const list = [counted(shape), counted(shape, 100), counted(shape, 200)];
      const y = u.stack(list, axis);
      expect(y.shape).toEqual([...shape.slice(0, axis), 3, ...shape.slice(axis)]);
      for (const [k, x] of list.entries()) expect(await values(u.squeeze(u.narrow(y, axis, k, 1), axis))).toEqual(await values(x));
    }), { numRuns: 50 });
  });

  test('types meet; one tensor is not copied', async () => {
    const y = u.concat([u.tensor([0.5]), u.tensor([3], { dtype: 'int32' })]);
    expect([y.dtype, await values(y)]).toEqual(['float32', [0.5, 3]]);
    const x = counted([2]);
    expect(u.concat([x]).storage).toBe(x.storage);
    expect(u.stack([counted([]), counted([])], -1).shape).toEqual([2]);
  });

  test('refuse what does not fit', () => {
    expect(() => u.concat([])).toThrow('concat: the list is empty; give at least one tensor.');
    expect(() => u.stack([])).toThrow('stack: the list is empty');
    expect(() => u.concat([counted([2, 3]), counted([2, 4])])).toThrow('concat: shapes (2, 3), (2, 4) must agree in all axes but 0.');
    expect(() => u.concat([counted([2]), counted([2, 1])])).toThrow('must agree');
    expect(() => u.stack([counted([2]), counted([3])])).toThrow('stack: shapes (2), (3) must all be the same; concat joins different lengths.');
  });
});

describe('pad and flip', () => {
  test('pad agrees with the definition', async () => {
    const property = shapes.chain((shape) => fc.record({ shape: fc.constant(shape), amounts: fc.tuple(...shape.map(() => fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })))) }));
    await fc.assert(fc.asyncProperty(property, async ({ shape, amounts }) => {
      const padded = shape.map((length, axis) => length + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0));
      await check(u.pad(counted(shape), amounts), shape, padded, (index) => index.map((value, axis) => value - (amounts[axis]?.[0] ?? 0)));
    }));
    expect(() => u.pad(counted([2, 3]), [[1, 1]])).toThrow('pad: needs [before, after], whole and not negative, for each of the 2 axes of (2, 3), got [[1,1]].');
    expect(() => u.pad(counted([2]), [[-1, 0]])).toThrow('[[-1,0]]');
  });

  test('flip agrees with the definition', async () => {
    const property = shapes.chain((shape) => fc.record({ shape: fc.constant(shape), axes: fc.subarray(shape.map((_, axis) => axis)) }));
    await fc.assert(fc.asyncProperty(property, async ({ shape, axes }) => {
      await check(u.flip(counted(shape), axes.map((axis) => axis - shape.length)), shape, shape, (index) => index.map((value, axis) => (axes.includes(axis) ? at(shape, axis) - 1 - value : value)));
    }));
    expect(await values(u.flip(counted([2, 2]), 0))).toEqual([3, 4, 1, 2]);
  });
});
