import { describe, expect, test } from 'vitest';
import { add, mul, tanh } from './build.ts';
import { constant, dot, input, mean, random, transposedDot, type Expr } from './node.ts';
import { text } from './text.ts';
import { dependents, freeNames, rewrite, sharing, substitute, topological } from './walk.ts';

const [x, y, z] = [input('x'), input('y'), input('z')];

describe('topological', () => {
  test('lists each node once, operands first', () => {
    const shared = add(x, y);
    const root = mul(shared, tanh(shared));
    const order = topological([root, shared]);
    expect(order.map(text)).toEqual(['x', 'y', 'add(x, y)', 'tanh(add(x, y))', 'mul(add(x, y), tanh(add(x, y)))']);
    expect(new Set(order).size).toBe(order.length);
  });

  test('takes a chain of 1,000 nodes', () => {
    const root = Array.from({ length: 1000 }).reduce<Expr>((sum) => add(sum, y), x);
    expect(topological([root])).toHaveLength(1002);
  });
});

describe('rewrite and substitute', () => {
  test('rewrite works from the leaves up and keeps what does not change', () => {
    const untouched = tanh(x);
    const seen: string[] = [];
    const change = rewrite((node, original) => { seen.push(text(original)); return node.kind === 'input' && node.name === 'y' ? z : node; });
    const result = change(add(untouched, mul(y, 2)));
    expect(text(result)).toBe('add(tanh(x), mul(z, 2))');
    expect(result.kind === 'apply' && result.args[0] === untouched).toBe(true);
    expect(seen).toEqual(['x', 'tanh(x)', 'y', '2', 'mul(y, 2)', 'add(tanh(x), mul(y, 2))']);
    expect(change(untouched)).toBe(untouched);
  });

  test('rewrite folds on the way', () => {
    expect(rewrite((node) => (node === y ? constant(0) : node))(add(x, mul(y, z)))).toBe(x);
  });

  test('substitute works from the roots down and looks at nothing below a replaced node', () => {
    const inner = tanh(x);
    const seen: Expr[] = [];
    const result = substitute((node) => { seen.push(node); return node === inner ? z : undefined; })(dot('W', 0, add(inner, y)));
    expect(text(result)).toBe('W.0(add(z, y))');
    expect(seen).not.toContain(x);
    const same = add(x, y);
    expect(substitute(() => undefined)(same)).toBe(same);
  });
});

describe('sharing', () => {
  test('makes equal expressions one object, over all roots', () => {
    const share = sharing();
    const build = (): Expr => mul(tanh(add(x, input('y'))), mean(dot('W', 1, input('x'))));
    expect(build()).not.toBe(build());
    expect(share(build())).toBe(share(build()));
    expect(topological([share(build()), share(tanh(add(input('x'), y)))])).toHaveLength(7);
  });

  test('keeps apart what differs in anything', () => {
    const share = sharing();
    const different: readonly Expr[] = [
      constant(0), constant(-0), constant(1), x, y, input('1'), add(x, y), add(y, x), mul(x, y), mean(x), random(0, 'step'), random(1, 'step'), random(0, 'sequence'),
      dot('W', 0, x), dot('W', 1, x), dot('V', 0, x), dot('W', 0, y), transposedDot('W', [{ block: 0, operand: x }]), transposedDot('W', [{ block: 0, operand: x }, { block: 1, operand: x }]),
    ];
    expect(new Set(different.map(share)).size).toBe(different.length);
    expect(new Set(different.map(text)).size).toBe(different.length - 1);
  });
});

describe('names and dependents', () => {
  test('freeNames are those of inputs, not of weights', () => {
    expect(freeNames([add(x, dot('W', 0, y)), z])).toEqual(new Set(['x', 'y', 'z']));
  });

  test('dependents are the start and all above it', () => {
    const [left, right] = [tanh(x), tanh(y)];
    const root = add(left, right);
    expect(dependents([root], (node) => node === x)).toEqual(new Set<Expr>([x, left, root]));
  });
});
