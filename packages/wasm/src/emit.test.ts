import { add, constant, dot, equal, exp, input, less, mean, mul, select, sub, tanh, type Expr } from '@unroll/expr';
import { expect, test } from 'vitest';
import { ModuleBuilder } from './assembler.ts';
import { emitExpressions } from './emit.ts';
import { Heap } from './memory.ts';
import { profiles } from './profile.ts';

const heap = new Heap({ shared: true });
const [source, target] = [heap.allocate(4096), heap.allocate(4096)];
const [a, b] = [input('a'), input('b')];

interface Emitted { readonly loads: string[]; readonly bytes: number; run(inputs: Readonly<Record<string, number>>): number[] }

/** Code for some expressions over leaves that are the same in all lanes; with `late`, results are stored behind all code, over the leaves. */
function emitted(exprs: readonly Expr[], names: readonly string[], { vectors = 1, late = false } = {}): Emitted {
  const loads: string[] = [];
  const module = new ModuleBuilder(heap.limits);
  module.function({ params: [], results: [] }, (f) => {
    const stores: (() => void)[] = [];
    emitExpressions(f, exprs, {
      constants: heap.constants, profile: profiles.deterministic, vectors,
      load: (name, vector) => {
        loads.push(`${name}${vector}`);
        f.i32(source.address).memory('v128.load32_splat', 4 * names.indexOf(name));
      },
      store: (index, value, vector) => {
        const store = (): void => void f.i32(late ? source.address : target.address).get(value).memory('v128.store', 16 * (index * vectors + vector));
        if (late) stores.push(store);
        else store();
      },
    });
    stores.forEach((store) => store());
  }, 'run');
  const bytes = module.bytes();
  const run = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: heap.memory } }).exports['run'] as () => void;
  return {
    loads, bytes: bytes.length,
    run(inputs) {
      heap.views.float32.set(names.map((name) => inputs[name] ?? NaN), source.address / 4);
      run();
      const at = (late ? source : target).address / 4;
      return exprs.map((_, index) => heap.views.float32[at + 4 * index * vectors] as number);
    },
  };
}

test('loads each leaf once for each vector, just before its use', () => {
  const code = emitted([add(mul(a, a), b), sub(b, a)], ['a', 'b'], { vectors: 2 });
  expect(code.loads).toEqual(['a0', 'a1', 'b0', 'b1']);
  expect(code.run({ a: 3, b: 5 })).toEqual([14, 2]);
});

test('computes what expressions share once, also where it is written twice', () => {
  const shared = emitted([mul(tanh(add(a, b)), 2), tanh(add(a, b)), tanh(add(a, b))], ['a', 'b']);
  const one = emitted([tanh(add(a, b))], ['a', 'b']);
  expect(shared.bytes - one.bytes).toBeLessThan(60);
  expect(shared.run({ a: 0, b: 0.5 })).toEqual([2, 1, 1].map((factor) => factor * (one.run({ a: 0, b: 0.5 })[0] as number)));
});

test('keeps results until they are stored, however much follows', () => {
  // The first result's local must not be used again by what comes behind it.
  const chain = Array.from({ length: 30 }, (_, k) => k).reduce<Expr>((sum, k) => add(mul(sum, b), k), a);
  expect(emitted([add(a, b), chain, a, constant(9)], ['a', 'b'], { late: true }).run({ a: 1, b: 1 })).toEqual([2, 1 + (29 * 30) / 2, 1, 9]);
});

test('reads comparisons as numbers and as conditions', () => {
  const lower = less(a, b);
  const code = emitted([lower, select(lower, 10, 20), add(lower, lower), select(sub(a, a), 1, 2), select(a, 1, 2), equal(lower, 1)], ['a', 'b']);
  expect(code.run({ a: 1, b: 2 })).toEqual([1, 10, 2, 2, 1, 1]);
  expect(code.run({ a: 2, b: 2 })).toEqual([0, 20, 0, 2, 1, 0]);
  // NaN is not 0.
  expect(code.run({ a: NaN, b: 2 })).toEqual([0, 20, 0, 1, 1, 0]);
});

test('uses few locals for long chains', () => {
  const chain = (length: number): Expr => Array.from({ length }, (_, k) => k).reduce<Expr>((sum, k) => exp(mul(sum, (k % 4) + 0.5)), a);
  const locals = (expr: Expr): number => {
    let count = 0;
    const module = new ModuleBuilder(heap.limits);
    module.function({ params: [], results: [] }, (f) => {
      emitExpressions(f, [expr], { constants: heap.constants, profile: profiles.deterministic, load: () => f.f32x4(1), store: () => undefined });
      count = f.local('v128').index;
    });
    return count;
  };
  expect(locals(chain(40))).toBe(locals(chain(4)));
});

test('refuses what is not elementwise', () => {
  expect(() => emitted([dot('w', 0, a)], ['a'])).toThrow(/a dot is not elementwise/u);
  expect(() => emitted([mean(a)], ['a'])).toThrow(/a mean is not elementwise/u);
});
