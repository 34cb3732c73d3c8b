import { describe, expect, test } from 'vitest';
import { collapse } from './collapse.ts';
import { broadcastShapes, checkShape, normalizeAxis, sameShape, shapeText, sizeOf, stridesOf, walkStrided } from './shape.ts';

describe('shapes', () => {
  test('size, text, strides', () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([2, 0, 3])).toBe(0);
    expect(shapeText([32, 64])).toBe('(32, 64)');
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
    expect(sameShape([1, 2], [1, 2])).toBe(true);
    expect(sameShape([1, 2], [1, 2, 1])).toBe(false);
  });

  test('broadcasting aligns at the last axis', () => {
    expect(broadcastShapes('add')).toEqual([]);
    expect(broadcastShapes('add', [2, 1, 4], [3, 1], [])).toEqual([2, 3, 4]);
    expect(broadcastShapes('add', [0, 3], [1, 3])).toEqual([0, 3]);
    expect(broadcastShapes('add', [0], [1])).toEqual([0]);
  });

  test('shapes that do not broadcast are named, with the remedy', () => {
    expect(() => broadcastShapes('add', [32, 64], [32])).toThrow('add: shapes (32, 64) and (32) do not broadcast together: aligned at the last axis, lengths must be equal or 1; reshape or unsqueeze one of them.');
    expect(() => broadcastShapes('add', [0], [2])).toThrow('do not broadcast');
  });

  test('axes count from the end when negative', () => {
    expect(normalizeAxis('sum', -1, 3)).toBe(2);
    expect(normalizeAxis('sum', 0, 3)).toBe(0);
    expect(() => normalizeAxis('sum', 3, 3)).toThrow('sum: axis 3 does not exist in a tensor of 3 axes; use -3 to 2.');
    expect(() => normalizeAxis('sum', 0, 0)).toThrow('axis 0 does not exist');
    expect(() => normalizeAxis('sum', 0.5, 3)).toThrow('axis 0.5');
  });

  test('lengths are whole and not negative', () => {
    expect(() => checkShape('zeros', [2, -1])).toThrow('zeros: shape (2, -1)');
    expect(() => checkShape('zeros', [1.5])).toThrow('(1.5)');
    checkShape('zeros', [0, 3]);
  });

  test('walkStrided visits every index in order', () => {
    const visited: number[][] = [];
    walkStrided([2, 3], [[3, 1], [1, 2]], (offsets) => visited.push([...offsets]));
    expect(visited).toEqual([[0, 0], [1, 2], [2, 4], [3, 1], [4, 3], [5, 5]]);
    walkStrided([2, 0], [[0, 1]], () => { throw new Error('nothing to visit'); });
    let scalars = 0;
    walkStrided([], [[], []], () => { scalars += 1; });
    expect(scalars).toBe(1);
  });
});

describe('collapse', () => {
  test('finds the simple cases', () => {
    expect(collapse([2, 3, 4], [[2, 3, 4], [2, 3, 4]])).toEqual({ shape: [24], inputs: [[24], [24]] });
    expect(collapse([2, 3, 4], [[2, 3, 4], []])).toEqual({ shape: [24], inputs: [[24], []] });
    expect(collapse([2, 3, 4], [[2, 3, 4], [4]])).toEqual({ shape: [6, 4], inputs: [[6, 4], [4]] });
    expect(collapse([2, 3, 4], [[2, 3, 4], [2, 3, 1]])).toEqual({ shape: [6, 4], inputs: [[6, 4], [6, 1]] });
    expect(collapse([5, 1, 4], [[5, 1, 4], [1, 4]])).toEqual({ shape: [5, 4], inputs: [[5, 4], [4]] });
    expect(collapse([], [[], []])).toEqual({ shape: [], inputs: [[], []] });
    expect(collapse([1, 1], [[1, 1], [1]])).toEqual({ shape: [], inputs: [[], []] });
  });

  test('keeps what cannot be merged', () => {
    expect(collapse([2, 3, 4], [[2, 1, 4], [3, 1]])).toEqual({ shape: [2, 3, 4], inputs: [[2, 1, 4], [3, 1]] });
    expect(collapse([0, 3], [[0, 3], [3]])).toEqual({ shape: [0, 3], inputs: [[0, 3], [3]] });
  });
});
