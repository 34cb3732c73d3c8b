import { abs, add, embedding, floor, memory, mul, neg, reference, square, sub, sum, tanh, tensor, uniform, use, type Tensor } from '@unroll/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkGradients, GradientCheckError } from './check.ts';
import { AutogradError, stopGradient } from './index.ts';

let before: ReturnType<typeof use>;
beforeAll(() => { before = use(reference()); });
afterAll(() => { use(before); });

const vector = (...values: number[]): Tensor => tensor(values, { dtype: 'float64' });

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => undefined, (error: unknown) => error);
}

describe('checkGradients', () => {
  test('gives the worst entry of a right gradient', async () => {
    const { entries, worst } = await checkGradients((x: Tensor, { y }: { readonly y: Tensor }) => [tanh(mul(x, y)), { other: add(x, 1) }], [vector(0.1, 2, -30), { y: vector(0.5) }]);
    expect(entries).toBe(4);
    expect(worst?.error).toBeLessThan(1e-8);
    expect(worst?.path).toMatch(/^\[0\]$|^\[1\]\.y$/);
  });

  // A wrong rule: x counts once instead of twice.
  const wrong = (x: Tensor): Tensor => mul(x, stopGradient(x));

  test('throws for a wrong one, with place and both numbers', async () => {
    const error = await failure(checkGradients((p: { readonly m: Tensor }) => sum(wrong(p.m)), [{ m: tensor([[0, 1, 2], [3, 4, 50]], { dtype: 'float64' }) }]));
    expect(error).toBeInstanceOf(GradientCheckError);
    expect(error).toBeInstanceOf(AutogradError);
    const { worst, code, message } = error as GradientCheckError;
    expect([code, worst.path]).toEqual(['gradient', '[0].m']);
    expect(worst.analytic / worst.numeric).toBeCloseTo(0.5, 6);
    expect(message).toContain(`by input [0].m at (${worst.index.join(', ')})`);
  });

  test('the index counts in the shape of the input', async () => {
    const x = tensor([[0, 0, 0], [0, 0, 7]], { dtype: 'float64' });
    const { worst } = await failure(checkGradients((m: Tensor) => wrong(m), [x])) as GradientCheckError;
    expect(worst.index).toEqual([1, 2]);
  });

  test('a missing gradient is a wrong one', async () => {
    expect(await failure(checkGradients((x: Tensor) => sum(square(stopGradient(x))), [vector(1)]))).toMatchObject({ code: 'gradient', worst: { analytic: 0 } });
  });

  test('a gradient that is no number is a wrong one', async () => {
    expect(await failure(checkGradients((x: Tensor) => mul(x, NaN), [vector(1)]))).toMatchObject({ code: 'gradient', worst: { error: NaN } });
  });

  test('a corner is found', async () => {
    expect(await failure(checkGradients((x: Tensor) => abs(x), [vector(1e-6)]))).toMatchObject({ code: 'gradient' });
    await checkGradients((x: Tensor) => abs(neg(x)), [vector(1e-3)]);
  });

  test('the tolerance and the step are the caller\'s', async () => {
    await checkGradients((x: Tensor) => sum(wrong(x)), [vector(1e-3)], { tolerance: 0.01 });
    expect(await failure(checkGradients((x: Tensor) => tanh(x), [vector(0.5)], { step: 0.3 }))).toMatchObject({ code: 'gradient' });
  });

  test('integers stay as they are; steps have derivative 0', async () => {
    const { entries } = await checkGradients((table: Tensor, ids: Tensor) => add(embedding(table, ids), floor(table)), [tensor([[0.5], [1.5]], { dtype: 'float64' }), tensor([1, 1], { dtype: 'int32' })]);
    expect(entries).toBe(2);
    expect(await checkGradients((x: Tensor) => x, [tensor([], { dtype: 'float64' })])).toEqual({ entries: 0, worst: undefined });
  });

  test('float32 is refused', async () => {
    expect(await failure(checkGradients((x: Tensor) => x, [tensor([1])]))).toMatchObject({ code: 'dtype', message: expect.stringContaining('input [0] is float32') as string });
  });

  test('a function that is not repeatable is refused', async () => {
    expect(await failure(checkGradients((x: Tensor) => mul(x, uniform([1], { dtype: 'float64' })), [vector(1)]))).toMatchObject({ code: 'argument', message: expect.stringContaining('seed') as string });
  });

  test('a function without float results is refused', async () => {
    expect(await failure(checkGradients((x: Tensor) => x.size, [vector(1)]))).toMatchObject({ code: 'argument' });
  });

  test('leaves nothing behind, also when it throws', async () => {
    const x = vector(1, 2);
    const start = memory();
    await checkGradients((a: Tensor) => sub(tanh(a), [a].length), [x]);
    await failure(checkGradients((a: Tensor) => wrong(a), [x]));
    await failure(checkGradients((a: Tensor) => { tanh(a); throw new Error('boom'); }, [x]));
    expect(memory()).toEqual(start);
  });
});
