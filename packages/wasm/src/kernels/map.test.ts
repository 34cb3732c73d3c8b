import { abs, add, constant, div, equal, exp, floor, input, less, lessEqual, log, max, min, mul, neg, ops, relu, select, sigmoid, sqrt, sub, tanh, type Expr, type ScalarOp } from '@unroll/expr';
import type { DType, MapKernel, Shape } from '@unroll/tensor/backend';
import fc from 'fast-check';
import { checkKernel, randomInputs, runKernel } from '@unroll/testing';
import { describe, expect, test } from 'vitest';
import { backends } from '../testing/backends.ts';

const elementTypes = fc.constantFrom<DType[]>('float32', 'int32');

const [x0, x1, x2] = [input('x0'), input('x1'), input('x2')];

function kernelOf(bodies: readonly Expr[], shape: Shape, inputs: MapKernel['inputs'], types: Pick<MapKernel, 'compute' | 'dtype'> = { compute: 'float32', dtype: 'float32' }): MapKernel {
  return { kind: 'map', bodies, shape, inputs, ...types };
}

/** A shape, and one that broadcasts to it: some axes of length 1, leading ones perhaps missing. */
const broadcastable = (shape: readonly number[]): fc.Arbitrary<number[]> =>
  fc.record({ flags: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), cut: fc.nat(shape.length) })
    .map(({ flags, cut }) => shape.map((length, axis) => (flags[axis] === true ? 1 : length)).slice(cut));

describe.each(backends())('map on the $name profile', ({ backend }) => {
  test('broadcasts any shapes, in mixed types', async () => {
    const shapes = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(1, 2, 17)), { maxLength: 4 });
    const cases = shapes.chain((shape) => fc.record({
      shape: fc.constant(shape), shapes: fc.tuple(broadcastable(shape), broadcastable(shape), broadcastable(shape)),
      dtypes: fc.tuple(elementTypes, elementTypes, elementTypes), dtype: elementTypes, seed: fc.nat(),
    }));
    await fc.assert(fc.asyncProperty(cases, async ({ shape, shapes, dtypes, dtype, seed }) => {
      const kernel = kernelOf([add(mul(x0, x1), x2), sub(x1, x0)], shape, shapes.map((own, k) => ({ shape: own, dtype: dtypes[k] ?? 'float32' })), { compute: 'float32', dtype });
      // Small whole numbers: exact in both, so that int32 results are the same.
      const inputs = randomInputs(kernel, seed).map((data) => data.map((value) => Math.round(value)));
      await checkKernel(backend, kernel, inputs);
    }), { numRuns: 150 });
  });

  test('computes integers in 32 bits, around their ends', async () => {
    const bodies = [add(x0, x1), sub(x0, x1), mul(x0, x1), min(x0, x1), max(x0, x1), less(x0, x1), lessEqual(x0, x1), equal(x0, x1), neg(x0), abs(x0), floor(x0), relu(x0), select(x0, x1, constant(7)), select(less(x0, x1), x0, x1)];
    const interesting = [0, 1, -1, 2, -2, 3, 2147483647, -2147483648, 46341, -46341, 65536, 123456789];
    const pairs = interesting.flatMap((a) => interesting.map((b) => [a, b] as const));
    const kernel = kernelOf(bodies, [pairs.length], [{ shape: [pairs.length], dtype: 'int32' }, { shape: [pairs.length], dtype: 'int32' }], { compute: 'int32', dtype: 'int32' });
    await checkKernel(backend, kernel, [Int32Array.from(pairs, ([a]) => a), Int32Array.from(pairs, ([, b]) => b)]);
  });

  test('stores floats as integers by cutting off, with the ends of the range and 0 for NaN', async () => {
    const values = [1.7, -1.7, 0.5, -0.5, 2 ** 31, -(2 ** 31), 3e9, -3e9, Infinity, -Infinity, NaN, 1e-40];
    const kernel = kernelOf([x0], [values.length], [{ shape: [values.length], dtype: 'float32' }], { compute: 'float32', dtype: 'int32' });
    await checkKernel(backend, kernel, [Float32Array.from(values)]);
  });

  test('gives every operation its meaning on special values', async () => {
    const special = [0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, 1e-40, -1e-40, 1e30, -1e30, Infinity, -Infinity, NaN];
    const triples = special.flatMap((a) => special.flatMap((b) => [a, -2].map((c) => [a, b, c] as const)));
    const build: Readonly<Record<ScalarOp, Expr>> = {
      add: add(x0, x1), sub: sub(x0, x1), mul: mul(x0, x1), div: div(x0, x1), min: min(x0, x1), max: max(x0, x1), less: less(x0, x1), lessEqual: lessEqual(x0, x1), equal: equal(x0, x1),
      neg: neg(x0), abs: abs(x0), floor: floor(x0), sqrt: sqrt(x0), exp: exp(x0), log: log(x0), tanh: tanh(x0), sigmoid: sigmoid(x0), relu: relu(x0), select: select(x0, x1, x2),
    };
    const same = { shape: [triples.length], dtype: 'float32' } as const;
    const inputs = [0, 1, 2].map((k) => Float32Array.from(triples, (triple) => triple[k] as number));
    for (const op of Object.keys(ops) as ScalarOp[]) await checkKernel(backend, kernelOf([build[op]], same.shape, [same, same, same]), inputs, 3e-7);
    // A number as one operand takes other paths.
    for (const body of [min(x0, 1), min(1, x0), max(x0, -1), max(-1, x0), select(x0, 2, x1), select(lessEqual(x0, x1), 1, 0), add(less(x0, x1), equal(x0, x2))]) {
      await checkKernel(backend, kernelOf([body], same.shape, [same, same, same]), inputs);
    }
  });

  test('shares what bodies have in common, and gives constants and inputs as they are', async () => {
    const common = exp(sub(x0, x1));
    const kernel = kernelOf([common, mul(common, x0), constant(2.5), x1, mul(common, x0), less(x0, x1)], [3, 5], [{ shape: [3, 5], dtype: 'float32' }, { shape: [3, 1], dtype: 'float32' }]);
    await checkKernel(backend, kernel, randomInputs(kernel, 3), 3e-7);
  });

  test('without inputs and in large sizes', async () => {
    await checkKernel(backend, kernelOf([constant(-3)], [2, 3], []), []);
    const large = kernelOf([sigmoid(mul(x0, x1))], [1000, 37], [{ shape: [1000, 37], dtype: 'float32' }, { shape: [37], dtype: 'float32' }]);
    await checkKernel(backend, large, randomInputs(large, 5), 3e-7);
  });

  test('does not compile again for other sizes', async () => {
    const modules = WebAssembly.Module;
    let compiled = 0;
    const counting = new Proxy(modules, { construct: (target, args) => { compiled += 1; return Reflect.construct(target, args) as object; } });
    WebAssembly.Module = counting;
    try {
      for (const length of [5, 6, 7]) {
        const same = { shape: [length], dtype: 'float32' } as const;
        await runKernel(backend, kernelOf([sub(mul(x0, 1.25), x0)], same.shape, [same]), [new Float32Array(length)]);
      }
    } finally {
      WebAssembly.Module = modules;
    }
    expect(compiled).toBe(1);
  });
});
