import { describe, expect, test } from 'vitest';
import { add, div, exp, log, mul, relu, sigmoid, sqrt, sub, tanh, abs, max, min, select, less } from './build.ts';
import { evaluator } from './evaluate.ts';
import { adjoints, derivatives, gradient } from './grad.ts';
import { apply, constant, dot, input, mean, transposedDot, type Expr } from './node.ts';
import { ops, type ScalarOp } from './ops.ts';
import { text } from './text.ts';

const [x, y, z, dy] = [input('x'), input('y'), input('z'), input('dy')];
const names = ['x', 'y', 'z', 'dy'];

function evaluate(outputs: readonly Expr[], values: readonly number[]): number[] {
  const evaluation = evaluator(outputs, names);
  evaluation.inputs.set(values);
  return [...evaluation.run()];
}

// Central differences: (f(v + ε) − f(v − ε)) / 2ε, times the adjoint.
function numerical(output: Expr, values: readonly number[], k: number): number {
  const step = 1e-5;
  const at = (shift: number): number => evaluate([output], values.map((value, j) => (j === k ? value + shift : value)))[0] as number;
  return ((at(step) - at(-step)) / (2 * step)) * (values[3] as number);
}

const points = [[0.3, -0.7, 1.2, 1], [1.4, 0.6, -0.4, -2], [2.2, 3.1, 0.9, 0.5]];

function expectGradient(output: Expr, values: readonly number[]): void {
  const inputs = [x, y, z];
  const found = evaluate(gradient(output, inputs, dy), values);
  inputs.forEach((_, k) => expect(found[k]).toBeCloseTo(numerical(output, values, k), 7));
}

describe('derivatives', () => {
  const args = [x, y, z];
  test.each(Object.keys(derivatives) as ScalarOp[])('of %s agree with central differences', (name) => {
    const positive = name === 'log' || name === 'sqrt';
    const output = apply(name, ...args.slice(0, ops[name].arity));
    for (const values of points) expectGradient(output, positive ? [Math.abs(values[0] as number), ...values.slice(1)] : values);
  });

  test('of whole functions agree with central differences', () => {
    const shared = tanh(add(mul(x, y), z));
    const functions = [
      mul(shared, sigmoid(sub(shared, x))), div(exp(shared), add(2, mul(z, z))), log(add(sqrt(add(mul(x, x), 1)), abs(y))), max(min(mul(x, z), y), mul(shared, 2)),
      select(less(x, y), mul(shared, x), div(y, add(3, shared))), add(relu(sub(x, y)), mul(constant(3), shared)),
    ];
    for (const output of functions) for (const values of points) expectGradient(output, values);
  });

  test('at corners: half to each equal argument of max and min, nothing at 0 of abs and relu', () => {
    const at = (output: Expr): number[] => evaluate(gradient(output, [x, y], dy), [0, 0, 0, 1]);
    expect([at(max(x, y)), at(min(x, y)), at(abs(x)), at(relu(x))]).toEqual([[0.5, 0.5], [0.5, 0.5], [0, 0], [0, 0]]);
  });

  test('what does not matter has the gradient 0', () => {
    expect(gradient(tanh(x), [y], dy)).toEqual([constant(0)]);
    expect(gradient(less(x, y), [x, y], dy)).toEqual([constant(0), constant(0)]);
    expect(gradient(x, [x], dy)).toEqual([dy]);
  });
});

describe('adjoints', () => {
  test('several seeds add up', () => {
    const square = mul(x, x);
    const found = adjoints([{ node: square, adjoint: dy }, { node: x, adjoint: y }]).of(x);
    expect(evaluate([found as Expr], [3, 10, 0, 2])[0]).toBe(10 + 2 * 3 * 2);
    expect(adjoints([{ node: square, adjoint: dy }]).of(y)).toBeUndefined();
  });

  test('products: Wᵀ dy for the operand, all blocks of a weight stacked, and dy ⊗ e for the weight', () => {
    const [a, b] = [dot('W', 0, x), dot('W', 1, x)];
    const found = adjoints([{ node: a, adjoint: y }, { node: b, adjoint: z }, { node: dot('V', 0, x), adjoint: dy }]);
    expect(text(found.of(x) as Expr)).toBe("add(V'.0(dy), W'.0+1(y, z))");
    const lines = found.products.map(({ weight, block, left, right }) => `${weight} ${block}: ${text(left)} ⊗ ${text(right)}`);
    expect(new Set(lines)).toEqual(new Set(['V 0: dy ⊗ x', 'W 0: y ⊗ x', 'W 1: z ⊗ x']));
    expect(lines).toHaveLength(3);
  });

  test('the mean passes on the mean of what comes', () => {
    expect(text(adjoints([{ node: mean(x), adjoint: dy }]).of(x) as Expr)).toBe('mean(dy)');
  });

  test('a transposed product has no derivative', () => {
    expect(() => adjoints([{ node: transposedDot('W', [{ block: 0, operand: x }]), adjoint: dy }])).toThrow('grad: the transposed product of weight "W" has no derivative');
  });
});
