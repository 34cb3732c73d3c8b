import { add, argmax, matmul, memory, mul, reference, scope, sum, tanh, tensor, use, type Tensor } from '@unroll/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopGradient, vjp } from './index.ts';

let before: ReturnType<typeof use>;
beforeAll(() => { before = use(reference()); });
afterAll(() => { use(before); });

const vector = (...values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const read = async (one: Tensor | undefined): Promise<number[]> => [...((await one?.data()) ?? [])];

describe('vjp', () => {
  test('brings a cotangent of any shape back', async () => {
    const a = tensor([[1, 2], [3, 4]], { dtype: 'float64' });
    const { value, pull } = vjp((m: Tensor, x: Tensor) => matmul(m, x), a, vector(5, 6));
    expect(await read(value)).toEqual([17, 39]);
    const [dm, dx] = pull(vector(1, 10));
    expect([await read(dm), await read(dx)]).toEqual([[5, 6, 50, 60], [31, 42]]);
  });

  test('any number of times: a Jacobian, row by row', async () => {
    const { pull } = vjp((x: Tensor) => mul(x, mul(x, x)), vector(1, 2));
    expect([await read(pull(vector(1, 0))[0]), await read(pull(vector(0, 1))[0])]).toEqual([[3, 0], [0, 12]]);
  });

  test('several results; what is left out counts as zero', async () => {
    const { value, pull } = vjp((x: Tensor, y: Tensor) => ({ product: mul(x, y), list: [add(x, 1), x] as const, n: 3 }), vector(2), vector(5));
    expect([value.n, await read(value.list[0])]).toEqual([3, [3]]);
    expect((await Promise.all(pull({ product: vector(1), list: [vector(10), vector(100)] }).map(read)))).toEqual([[115], [2]]);
    expect((await Promise.all(pull({ list: [undefined, vector(100)] }).map(read)))).toEqual([[100], [0]]);
    expect((await Promise.all(pull({}).map(read)))).toEqual([[0], [0]]);
    expect((await Promise.all(pull(undefined).map(read)))).toEqual([[0], [0]]);
  });

  test('a constant has zeros', async () => {
    const { pull } = vjp((x: Tensor) => stopGradient(x), vector(1, 2));
    expect(await read(pull(vector(1, 1))[0])).toEqual([0, 0]);
  });

  test('the cotangent stays the caller\'s', async () => {
    const cotangent = vector(4);
    const { pull } = vjp((x: Tensor) => x, vector(1));
    const [dx] = pull(cotangent);
    dx.dispose();
    expect(await read(cotangent)).toEqual([4]);
  });
});

describe('what pull reads', () => {
  test('is freed by dispose, and by using', () => {
    const x = vector(1, 2);
    const start = memory();
    const { value, held, dispose } = vjp((a: Tensor) => tanh(mul(a, a)), x);
    expect(held.length).toBeGreaterThan(0);
    expect(memory().tensors).toBe(start.tensors + 1 + held.length);
    dispose();
    dispose();
    value.dispose();
    expect(memory()).toEqual(start);
    {
      using back = vjp((a: Tensor) => sum(mul(a, a)), x);
      back.value.dispose();
    }
    expect(memory()).toEqual(start);
  });

  test('is freed by the scope around, and survives it when it is returned', async () => {
    const x = vector(1, 2);
    const start = memory();
    const late = scope(() => vjp((a: Tensor) => mul(a, a), x).pull);
    expect(memory()).toEqual(start);
    expect(() => late(vector(1, 1))).toThrow(expect.objectContaining({ code: 'disposed' }));
    const back = scope(() => vjp((a: Tensor) => mul(a, a), x));
    expect(await read(back.pull(vector(1, 1))[0])).toEqual([2, 4]);
  });

  test('holds no more after each call than before, also when the call throws', () => {
    const { value, pull } = vjp((x: Tensor) => mul(x, x), vector(1, 2));
    const start = memory();
    for (let k = 0; k < 1000; k++) pull(value)[0].dispose();
    expect(memory()).toEqual(start);
    const wrong = vector(1);
    const again = memory();
    for (let k = 0; k < 1000; k++) expect(() => pull(wrong)).toThrow('both must be the same');
    expect(memory()).toEqual(again);
  });

  test('is nothing where the function throws', () => {
    const x = vector(1);
    const start = memory();
    expect(() => vjp((a: Tensor) => { tanh(a); throw new Error('boom'); }, x)).toThrow('boom');
    expect(memory()).toEqual(start);
  });
});

describe('errors', () => {
  const back = (): ReturnType<typeof vjp<[Tensor], readonly [Tensor, Tensor]>> => vjp((x: Tensor) => [mul(x, x), argmax(x)] as const, vector(1, 2));
  const argument: unknown = expect.objectContaining({ name: 'AutogradError', code: 'argument' });

  test('a cotangent of another shape or type', () => {
    expect(() => back().pull([vector(1), undefined])).toThrow('pull: the cotangent at [0] is (1) float64, the value is (2) float64; both must be the same, and int32 has no gradient.');
    expect(() => back().pull([tensor([1, 2]), undefined])).toThrow(argument);
  });
  test('a cotangent of an integer', () => { expect(() => back().pull([undefined, tensor(1, { dtype: 'int32' })])).toThrow(argument); });
  test('a cotangent where there is no value', () => { expect(() => back().pull({ other: vector(1) } as never)).toThrow('there is a cotangent at other, but no tensor in the value; it has [0], [1]'); });
  test('an async function', () => { expect(() => vjp(async (x: Tensor) => { tanh(x); throw new Error('later'); }, vector(1))).toThrow(argument); });
});
