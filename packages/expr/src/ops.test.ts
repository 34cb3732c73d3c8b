import { describe, expect, test } from 'vitest';
import { ops, type ScalarOp } from './ops.ts';

const names = Object.keys(ops) as ScalarOp[];

describe('ops', () => {
  test.each([
    ['add', [2, 3], 5], ['sub', [2, 3], -1], ['mul', [2, 3], 6], ['div', [3, 2], 1.5], ['min', [2, -3], -3], ['max', [2, -3], 2],
    ['less', [1, 2], 1], ['less', [2, 2], 0], ['lessEqual', [2, 2], 1], ['lessEqual', [3, 2], 0], ['equal', [2, 2], 1], ['equal', [2, 3], 0],
    ['neg', [2], -2], ['abs', [-2], 2], ['floor', [-1.5], -2], ['sqrt', [9], 3], ['exp', [1], Math.E], ['log', [Math.E], 1], ['tanh', [0.5], Math.tanh(0.5)],
    ['sigmoid', [0], 0.5], ['sigmoid', [-800], 0], ['sigmoid', [800], 1], ['relu', [-2], 0], ['relu', [2], 2], ['select', [1, 5, 6], 5], ['select', [0, 5, 6], 6], ['select', [-0.5, 5, 6], 5],
  ] as const)('%s of %j is %d', (name, args, expected) => {
    const [a, b = 0, c = 0] = args as readonly [number, number?, number?];
    expect(args).toHaveLength(ops[name].arity);
    expect(ops[name].apply(a, b, c)).toBe(expected);
  });

  test('NaN goes through all but comparisons and choices', () => {
    const passing = names.filter((name) => Number.isNaN(ops[name].apply(NaN, 1, 2)));
    expect(names.filter((name) => !passing.includes(name))).toEqual(['less', 'lessEqual', 'equal', 'select']);
    expect([ops.min.apply(1, NaN, 0), ops.max.apply(1, NaN, 0)]).toEqual([NaN, NaN]);
    // NaN is not 0
    expect(ops.select.apply(NaN, 1, 2)).toBe(1);
  });
});
