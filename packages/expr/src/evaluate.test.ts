import { describe, expect, test } from 'vitest';
import { add, mul, tanh } from './build.ts';
import { evaluator } from './evaluate.ts';
import { constant, dot, input, mean, random } from './node.ts';

const [x, y] = [input('x'), input('y')];

describe('evaluator', () => {
  test('runs again and again over its inputs', () => {
    const sum = add(x, y);
    const evaluation = evaluator([mul(sum, sum), tanh(x), x, constant(7), x], ['x', 'y', 'unused']);
    evaluation.inputs.set([1, 2, 99]);
    expect([...evaluation.run()]).toEqual([9, Math.tanh(1), 1, 7, 1]);
    evaluation.inputs[0] = -2;
    expect([...evaluation.run()]).toEqual([0, Math.tanh(-2), -2, 7, -2]);
    expect(evaluation.inputs).toHaveLength(3);
  });

  test('computes shared nodes once', () => {
    let calls = 0;
    const shared = tanh(x);
    const evaluation = evaluator([add(shared, shared), shared], ['x'], (op) => (a, b) => { calls += 1; return op === 'add' ? a + b : a; });
    evaluation.inputs[0] = 3;
    expect([...evaluation.run()]).toEqual([6, 3]);
    expect(calls).toBe(2);
  });

  test('takes other meanings of the operations', () => {
    const evaluation = evaluator([mul(x, y)], ['x', 'y'], () => Math.imul);
    evaluation.inputs.set([123456789, 1000]);
    expect(evaluation.run()[0]).toBe(Math.imul(123456789, 1000));
  });

  test('refuses unknown names, products, means and random numbers', () => {
    expect(() => evaluator([add(x, y)], ['x'])).toThrow('evaluate: nothing is named "y"; known are x.');
    expect(() => evaluator([x], [])).toThrow('known are no names');
    for (const [kind, node] of [['dot', dot('W', 0, x)], ['mean', mean(x)], ['random', random(0, 'step')]] as const) {
      expect(() => evaluator([node], ['x'])).toThrow(`evaluate: a ${kind} is not elementwise`);
    }
  });
});
