import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as build from './build.ts';
import { evaluator } from './evaluate.ts';
import { apply, children, constant, dot, input, isConstant, mean, random, transposedDot, withChildren, type Expr } from './node.ts';
import { ops, type ScalarOp } from './ops.ts';
import { text } from './text.ts';

const [x, y] = [input('x'), input('y')];

describe('apply', () => {
  test('folds what is constant', () => {
    expect(apply('add', constant(2), constant(3))).toEqual(constant(5));
    expect(apply('select', constant(0), constant(1), constant(2))).toEqual(constant(2));
    expect(mean(constant(4))).toEqual(constant(4));
  });

  test('drops neutral elements and what zero swallows', () => {
    const zero = constant(0);
    const one = constant(1);
    expect([apply('add', x, zero), apply('add', zero, x), apply('sub', x, zero), apply('mul', x, one), apply('mul', one, x), apply('div', x, one), apply('neg', apply('neg', x))]).toEqual([x, x, x, x, x, x, x]);
    expect([apply('mul', x, zero), apply('mul', zero, x)]).toEqual([zero, zero]);
    expect(apply('sub', zero, x)).toEqual(apply('neg', x));
    expect([apply('select', one, x, y), apply('select', zero, x, y), apply('select', y, x, x)]).toEqual([x, y, x]);
    expect(text(apply('div', one, x))).toBe('div(1, x)');
    // x + −0 is x, yet only +0 is taken for neutral: −0 is not a literal zero.
    expect(apply('add', x, constant(-0)).kind).toBe('apply');
  });

  test('needs the right number of arguments', () => {
    expect(() => apply('add', x)).toThrow('add takes 2 arguments, got 1.');
    expect(() => apply('neg', x, y)).toThrow('neg takes 1 arguments, got 2.');
  });

  test('never changes the value, whatever it folds', () => {
    const leaf = fc.oneof(fc.constantFrom<Expr>(x, y), fc.constantFrom(0, 1, -1, 2, 0.5).map((value) => constant(value)));
    const op = fc.constantFrom(...Object.keys(ops) as ScalarOp[]);
    fc.assert(fc.property(op, fc.tuple(leaf, leaf, leaf), fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true })), (name, args, values) => {
      const used = args.slice(0, ops[name].arity);
      const folded = valueOf(apply(name, ...used), values);
      const plain = valueOf({ kind: 'apply', op: name, args: used }, values);
      // + 0: the sign of a zero may differ.
      expect(folded + 0).toBe(plain + 0);
    }));
  });
});

function valueOf(expr: Expr, values: readonly number[]): number {
  const evaluation = evaluator([expr], ['x', 'y']);
  evaluation.inputs.set(values);
  return evaluation.run()[0] as number;
}

describe('children', () => {
  const nodes: readonly Expr[] = [constant(1), x, random(2, 'step'), apply('select', x, y, input('z')), dot('W', 1, x), transposedDot('W', [{ block: 0, operand: x }, { block: 1, operand: y }]), mean(x)];

  test('are in order, and put back they give the same node', () => {
    expect(nodes.map((node) => children(node).map(text))).toEqual([[], [], [], ['x', 'y', 'z'], ['x'], ['x', 'y'], ['x']]);
    for (const node of nodes) expect(withChildren(node, children(node))).toEqual(node);
  });

  test('other ones take their place, and are folded', () => {
    expect(text(withChildren(dot('W', 1, x), [y]))).toBe('W.1(y)');
    expect(text(withChildren(transposedDot('W', [{ block: 0, operand: x }, { block: 1, operand: y }]), [y, x]))).toBe("W'.0+1(y, x)");
    expect(withChildren(apply('add', x, y), [constant(1), constant(2)])).toEqual(constant(3));
    expect(withChildren(mean(x), [constant(1)])).toEqual(constant(1));
  });
});

describe('build', () => {
  test('every function is its operation; numbers are lifted', () => {
    const { add, sub, mul, div, min, max, less, lessEqual, equal, neg, abs, floor, sqrt, exp, log, tanh, sigmoid, relu, select } = build;
    for (const [name, make] of Object.entries({ neg, abs, floor, sqrt, exp, log, tanh, sigmoid, relu })) expect(text(make(x))).toBe(`${name}(x)`);
    for (const [name, make] of Object.entries({ add, sub, mul, div, min, max, less, lessEqual, equal })) expect(text(make(x, 2))).toBe(`${name}(x, 2)`);
    expect(text(select(x, 1, y))).toBe('select(x, 1, y)');
    expect(text(add(x, y, 3))).toBe('add(add(x, y), 3)');
    expect(text(mul(x, y, 3))).toBe('mul(mul(x, y), 3)');
  });

  test('isConstant tells zeros apart', () => {
    expect([isConstant(constant(0), 0), isConstant(constant(-0), 0), isConstant(x, 0)]).toEqual([true, false, false]);
    expect([text(constant(-0)), text(constant(0))]).toEqual(['-0', '0']);
  });
});
