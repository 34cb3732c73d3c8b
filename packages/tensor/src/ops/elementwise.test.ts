import { add as addOf, dot, input, mul as mulOf, ops, random } from '@unroll/expr';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as u from '../index.ts';
import type { DType, Operand, Shape, Tensor } from '../index.ts';

beforeEach(() => { u.use(u.reference()); });
afterEach(() => { u.use(undefined); });

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];
const float64 = (data: u.TensorData, shape?: Shape): Tensor => u.tensor(data, { dtype: 'float64', ...(shape === undefined ? {} : { shape }) });
const int32 = (data: u.TensorData): Tensor => u.tensor(data, { dtype: 'int32' });

const special = [0, -0, 1, -1, 0.5, -2.75, 3.999, 20, -40, 1e-8, NaN, Infinity, -Infinity];

describe('functions of one operand', () => {
  const table: readonly (readonly [string, (x: Operand) => Tensor, (x: number) => number])[] = [
    ['neg', u.neg, (x) => -x], ['abs', u.abs, Math.abs], ['floor', u.floor, Math.floor], ['sqrt', u.sqrt, Math.sqrt], ['square', u.square, (x) => x * x], ['exp', u.exp, Math.exp],
    ['log', u.log, Math.log], ['tanh', u.tanh, Math.tanh], ['sigmoid', u.sigmoid, (x) => 1 / (1 + Math.exp(-x))], ['relu', u.relu, (x) => (x < 0 ? 0 : x)],
  ];
  test.each(table)('%s', async (_, operation, meaning) => {
    expect(await values(operation(float64(special)))).toEqual(special.map(meaning));
    expect(await values(operation(u.tensor([0.3])))).toEqual([Math.fround(meaning(Math.fround(0.3)))]);
    expect(operation(u.zeros([2, 0, 3])).shape).toEqual([2, 0, 3]);
    expect(operation(0.25).shape).toEqual([]);
  });

  test('softplus does not overflow and keeps small values', async () => {
    const found = await values(u.softplus(float64([-800, -30, 0, 1, 30, 800])));
    [0, Math.exp(-30), Math.log(2), Math.log(1 + Math.E), 30 + Math.exp(-30), 800].forEach((expected, k) => expect(found[k]).toBeCloseTo(expected, 13));
    expect((await values(u.softplus(float64([NaN]))))[0]).toBeNaN();
  });
});

describe('functions of two operands', () => {
  const table: readonly (readonly [string, (a: Operand, b: Operand) => Tensor, (a: number, b: number) => number, DType])[] = [
    ['add', u.add, (a, b) => a + b, 'float64'], ['sub', u.sub, (a, b) => a - b, 'float64'], ['mul', u.mul, (a, b) => a * b, 'float64'], ['div', u.div, (a, b) => a / b, 'float64'],
    ['minimum', u.minimum, (a, b) => Math.min(a, b) + 0, 'float64'], ['maximum', u.maximum, (a, b) => Math.max(a, b) + 0, 'float64'],
    ['less', u.less, (a, b) => Number(a < b), 'int32'], ['lessEqual', u.lessEqual, (a, b) => Number(a <= b), 'int32'], ['greater', u.greater, (a, b) => Number(a > b), 'int32'],
    ['greaterEqual', u.greaterEqual, (a, b) => Number(a >= b), 'int32'], ['equal', u.equal, (a, b) => Number(a === b), 'int32'], ['notEqual', u.notEqual, (a, b) => Number(a !== b), 'int32'],
  ];
  test.each(table)('%s on every pair of special values', async (name, operation, meaning, dtype) => {
    const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
    const result = operation(float64(pairs.map(([a]) => a)), float64(pairs.map(([, b]) => b)));
    expect(result.dtype).toBe(dtype);
    // The sign of a zero is nobody's promise in minimum and maximum.
    const same = name === 'minimum' || name === 'maximum' ? (x: number): number => x + 0 : (x: number): number => x;
    expect((await values(result)).map(same)).toEqual(pairs.map(([a, b]) => same(meaning(a, b))));
  });

  test('multiplying by the number 0 keeps NaN', async () => {
    expect(await values(u.mul(float64([NaN, Infinity, 2]), 0))).toEqual([NaN, NaN, 0]);
  });

  test.each(table)('%s broadcasts', async (_, operation, meaning) => {
    const [a, b] = [float64([[1], [2], [3]]), float64([1, 2])];
    const expected = [1, 2, 3].flatMap((x) => [1, 2].map((y) => meaning(x, y)));
    const result = operation(a, b);
    expect([result.shape, await values(result)]).toEqual([[3, 2], expected]);
    expect(await values(operation(a, 2))).toEqual([1, 2, 3].map((x) => meaning(x, 2)));
    expect(await values(operation(2, a))).toEqual([1, 2, 3].map((x) => meaning(2, x)));
    expect(await values(operation(2, 3))).toEqual([Math.fround(meaning(2, 3))]);
    expect(operation(a, u.zeros([3, 0])).shape).toEqual([3, 0]);
  });
});

describe('broadcasting', () => {
  // Output element at an index, by NumPy's rule, without any of our code.
  function expectedSum(shape: Shape, inputs: readonly { readonly shape: Shape; readonly data: readonly number[] }[]): number[] {
    const total = shape.reduce((product, length) => product * length, 1);
    return Array.from({ length: total }, (_, flat) => {
      const index = shape.map((length, axis) => Math.floor(flat / shape.slice(axis + 1).reduce((product, other) => product * other, 1)) % length);
      return inputs.reduce((sum, { shape: own, data }) => {
        const place = own.reduce((offset, length, axis) => offset * length + (length === 1 ? 0 : (index[axis + shape.length - own.length] as number)), 0);
        return sum * 3 + (data[place] as number);
      }, 0);
    });
  }

  test('of any shapes agrees with the rule', async () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }).chain((shape) => fc.record({
      shape: fc.constant(shape),
      inputs: fc.array(fc.record({ skip: fc.nat({ max: shape.length }), ones: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }) }), { minLength: 1, maxLength: 3 }),
    }));
    await fc.assert(fc.asyncProperty(shapes, async ({ shape, inputs }) => {
      const own = inputs.map(({ skip, ones }) => shape.map((length, axis) => (ones[axis] === true ? 1 : length)).slice(skip));
      const joint = u.add(u.zeros(own[0] ?? []), own.slice(1).reduce((sum, other) => u.add(sum, u.zeros(other)), u.zeros([]))).shape;
      const data = own.map((one, k) => Array.from({ length: one.reduce((product, length) => product * length, 1) }, (_, i) => i + 100 * k));
      const tensors = own.map((one, k) => float64(data[k] as number[], one));
      const body = own.map((_, k) => input(`x${k}`)).reduce<u.MapKernel['bodies'][number]>((sum, x) => addOf(mulOf(sum, 3), x), { kind: 'constant', value: 0 });
      const [result] = u.map([body], tensors);
      expect(result?.shape).toEqual(joint);
      expect(await values(result as Tensor)).toEqual(expectedSum(joint, own.map((one, k) => ({ shape: one, data: data[k] as number[] }))));
    }), { numRuns: 200 });
  });

  test('backends see few axes', () => {
    const seen: u.Kernel[] = [];
    const backend = u.reference();
    u.use({ ...backend, dispatch: (kernel, inputs, outputs) => { seen.push(kernel); backend.dispatch(kernel, inputs, outputs); } });
    u.add(u.ones([2, 3, 4]), u.ones([3, 4]));
    u.add(u.ones([2, 1, 3]), 1);
    expect(seen.map((kernel) => (kernel.kind === 'map' ? [kernel.shape, ...kernel.inputs.map(({ shape }) => shape)] : []))).toEqual([[[2, 12], [2, 12], [12]], [[6], [6]]]);
  });

  test('broadcastTo', async () => {
    const x = int32([[1], [2]]);
    expect(await values(u.broadcastTo(x, [2, 2, 3]))).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
    expect([u.broadcastTo(x, [2, 1]).shape, u.broadcastTo(x, [1, 2, 1]).shape, u.broadcastTo(x, [2, 0]).shape]).toEqual([[2, 1], [1, 2, 1], [2, 0]]);
    expect(u.broadcastTo(x, [1, 2, 1]).storage).toBe(x.storage);
    expect(() => u.broadcastTo(x, [3, 3])).toThrow('broadcastTo: (2, 1) does not stretch to (3, 3): lengths must be equal, or 1 in the tensor.');
    expect(() => u.broadcastTo(x, [2])).toThrow('does not stretch');
    expect(() => u.broadcastTo(x, [-1, 2, 1])).toThrow('broadcastTo: shape (-1, 2, 1)');
  });
});

describe('types', () => {
  test('float64 over float32 over int32', () => {
    const types: readonly DType[] = ['float64', 'float32', 'int32'];
    for (const a of types) for (const b of types) expect(u.add(u.ones([1], { dtype: a }), u.ones([1], { dtype: b })).dtype).toBe(types[Math.min(types.indexOf(a), types.indexOf(b))]);
  });

  test('a number follows the other operand', () => {
    expect(u.add(u.tensor([1]), 0.1).dtype).toBe('float32');
    expect(u.mul(int32([1]), 2).dtype).toBe('int32');
    expect(u.mul(int32([1]), 0.5).dtype).toBe('float32');
    expect(u.add(1, 2).dtype).toBe('float32');
  });

  test('what int32 cannot express gives float32', async () => {
    for (const operation of [u.exp, u.sqrt, u.log, u.tanh, u.sigmoid, u.softplus]) expect(operation(int32([1])).dtype).toBe('float32');
    expect(await values(u.div(int32([1]), int32([4])))).toEqual([0.25]);
    for (const operation of [u.neg, u.abs, u.floor, u.relu, u.square]) expect(operation(int32([-1])).dtype).toBe('int32');
  });

  test('int32 arithmetic is exact and wraps around', async () => {
    expect(await values(u.mul(int32([123456789]), int32([1000])))).toEqual([Math.imul(123456789, 1000)]);
    expect(await values(u.add(int32([2147483647]), 1))).toEqual([-2147483648]);
    expect(await values(u.sub(int32([16777217]), int32([16777216])))).toEqual([1]);
    expect(await values(u.equal(int32([16777217]), int32([16777216])))).toEqual([0]);
    expect(await values(u.abs(int32([-2147483648])))).toEqual([-2147483648]);
  });

  test('cast', async () => {
    expect(await values(u.cast(float64([-1.7, 1.7, NaN, 3e9, -3e9]), 'int32'))).toEqual([-1, 1, 0, 2147483647, -2147483648]);
    expect(await values(u.cast(float64([0.1]), 'float32'))).toEqual([Math.fround(0.1)]);
    expect(await values(u.cast(int32([16777217]), 'float64'))).toEqual([16777217]);
    const x = u.tensor([1]);
    const same = u.cast(x, 'float32');
    expect([same === x, same.storage === x.storage]).toEqual([false, true]);
  });
});

describe('where', () => {
  test('chooses, broadcasting all three', async () => {
    const y = u.where(int32([[1], [0]]), u.tensor([1, 2]), 9);
    expect([y.shape, y.dtype, await values(y)]).toEqual([[2, 2], 'float32', [1, 2, 9, 9]]);
    expect(await values(u.where(u.tensor([0, NaN, 0.5]), 1, 2))).toEqual([2, 1, 1]);
  });

  test('has the type of its values, not of the condition', async () => {
    expect(u.where(int32([1]), 1, 0).dtype).toBe('float32');
    expect(u.where(u.ones([1], { dtype: 'float64' }), u.tensor([1]), 2).dtype).toBe('float32');
    expect(u.where(int32([1]), int32([1]), 0.5).dtype).toBe('float32');
    const big = u.where(u.tensor([0.5, 0]), int32([16777217, 1]), int32([1, 16777219]));
    expect([big.dtype, await values(big)]).toEqual(['int32', [16777217, 16777219]]);
  });
});

describe('clip', () => {
  test('keeps between the limits', async () => {
    const x = float64([-2, 0.5, 3, NaN]);
    expect(await values(u.clip(x, { min: -1, max: 1 }))).toEqual([-1, 0.5, 1, NaN]);
    expect(await values(u.clip(x, { min: 0 }))).toEqual([0, 0.5, 3, NaN]);
    expect(await values(u.clip(x, { max: 0 }))).toEqual([-2, 0, 0, NaN]);
    expect(await values(u.clip(x, { min: 2, max: 1 }))).toEqual([1, 1, 1, NaN]);
    expect(await values(u.clip(float64([1, 5]), { max: float64([0, 9]) }))).toEqual([0, 5]);
    expect(() => u.clip(x, {})).toThrow('clip: give min, max or both.');
  });
});

describe('map', () => {
  test('computes several results in one pass', async () => {
    const [x0, x1] = [input('x0'), input('x1')];
    const [sum, product] = u.map([addOf(x0, x1), mulOf(x0, x1)], [float64([1, 2]), float64([[3], [4]])]);
    expect([sum?.shape, await values(sum as Tensor)]).toEqual([[2, 2], [4, 5, 5, 6]]);
    expect(await values(product as Tensor)).toEqual([3, 6, 4, 8]);
    const [stored] = u.map([x0], [float64([1.5])], { dtype: 'int32' });
    expect([stored?.dtype, await values(stored as Tensor)]).toEqual(['int32', [1]]);
  });

  test('refuses unknown names and products', () => {
    expect(() => u.map([input('x1')], [float64([1])])).toThrow('map: a body names "x1", but there are 1 inputs, x0 to x0.');
    expect(() => u.map([dot('W', 0, input('x0'))], [float64([1])])).toThrow('belong into scan()');
    expect(() => u.map([random(0, 'step')], [float64([1])])).toThrow('belong into scan()');
  });

  test.each(Object.entries(ops))('%s of the language means what its table says', async (name, { arity, apply }) => {
    const names = ['x0', 'x1', 'x2'];
    const samples = [[0.3, -1.2, 2.5], [-0.7, 0.7, 0], [0, 0, -1], [2, 2, 5]];
    const body = { kind: 'apply', op: name as keyof typeof ops, args: names.slice(0, arity).map((own) => input(own)) } as const;
    const [result] = u.map([body], names.map((_, k) => float64(samples.map((row) => row[k] as number))));
    expect(await values(result as Tensor)).toEqual(samples.map(([a = 0, b = 0, c = 0]) => apply(a, b, c)));
  });
});
