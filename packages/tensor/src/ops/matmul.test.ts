import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linear, matmul, reference, tensor, use, zeros, type Kernel, type MatMulKernel, type Shape, type Tensor } from '../index.ts';

const seen: Kernel[] = [];
beforeEach(() => {
  const backend = reference();
  use({ ...backend, dispatch: (kernel, inputs, outputs) => { seen.push(kernel); backend.dispatch(kernel, inputs, outputs); } });
});
afterEach(() => {
  seen.length = 0;
  use(undefined);
});

const values = async (x: Tensor): Promise<number[]> => [...await x.data()];
const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);
const data = (shape: Shape, seed = 0): number[] => Array.from({ length: sizeOf(shape) }, (_, k) => ((k * 7 + seed * 5) % 11) - 5);
const filled = (shape: Shape, seed = 0): Tensor => tensor(data(shape, seed), { shape, dtype: 'float64' });

// C[…, i, j] = Σ A[…, i, k] B[…, k, j] with indices of the batch wrapped where an operand has length 1.
function expected(a: Shape, b: Shape, batch: Shape, transposeA = false, transposeB = false): number[] {
  const [x, y] = [data(a, 1), data(b, 2)];
  const [m, inner] = transposeA ? [a.at(-1) as number, a.at(-2) as number] : [a.at(-2) as number, a.at(-1) as number];
  const n = (transposeB ? b.at(-2) : b.at(-1)) as number;
  const start = (own: Shape, index: readonly number[]): number =>
    own.slice(0, -2).reduce((offset, length, axis) => offset * length + (length === 1 ? 0 : (index[axis + batch.length - own.length + 2] as number)), 0) * sizeOf(own.slice(-2));
  return Array.from({ length: sizeOf(batch) }, (_, flat) => batch.map((length, axis) => Math.floor(flat / sizeOf(batch.slice(axis + 1))) % length)).flatMap((index) =>
    Array.from({ length: m * n }, (_, place) => {
      const [i, j] = [Math.floor(place / n), place % n];
      let total = 0;
      for (let k = 0; k < inner; k++) {
        total += (x[start(a, index) + (transposeA ? k * m + i : i * inner + k)] as number) * (y[start(b, index) + (transposeB ? j * inner + k : k * n + j)] as number);
      }
      return total;
    }));
}

describe('matmul', () => {
  test.each([[false, false], [true, false], [false, true], [true, true]])('of two matrices, transposeA %s, transposeB %s', async (transposeA, transposeB) => {
    const [a, b]: [Shape, Shape] = [transposeA ? [3, 2] : [2, 3], transposeB ? [4, 3] : [3, 4]];
    const c = matmul(filled(a, 1), filled(b, 2), { transposeA, transposeB });
    expect([c.shape, await values(c)]).toEqual([[2, 4], expected(a, b, [], transposeA, transposeB)]);
  });

  test('of vectors', async () => {
    const [v, m] = [tensor([1, 2, 3]), tensor([[1, 0], [0, 1], [1, 1]])];
    expect([matmul(v, v).shape, await values(matmul(v, v))]).toEqual([[], [14]]);
    expect([matmul(v, m).shape, await values(matmul(v, m))]).toEqual([[2], [4, 5]]);
    expect([matmul(m, tensor([1, 2])).shape, await values(matmul(m, tensor([1, 2])))]).toEqual([[3], [1, 2, 3]]);
    expect(matmul(zeros([5, 2, 3]), v).shape).toEqual([5, 2]);
    expect(matmul(v, zeros([5, 3, 2])).shape).toEqual([5, 2]);
  });

  test('of batches that broadcast, with every transpose', async () => {
    const lengths = fc.constantFrom(1, 2, 3);
    const property = fc.record({
      batch: fc.array(lengths, { maxLength: 3 }), onesA: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), onesB: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      skipA: fc.nat({ max: 3 }), skipB: fc.nat({ max: 3 }), m: lengths, n: lengths, k: lengths, transposeA: fc.boolean(), transposeB: fc.boolean(),
    });
    await fc.assert(fc.asyncProperty(property, async ({ batch, onesA, onesB, skipA, skipB, m, n, k, transposeA, transposeB }) => {
      const own = (ones: readonly boolean[], skip: number): Shape => batch.map((length, axis) => (ones[axis] === true ? 1 : length)).slice(skip);
      const [batchA, batchB] = [own(onesA, skipA), own(onesB, skipB)];
      const rank = Math.max(batchA.length, batchB.length);
      const joint = Array.from({ length: rank }, (_, axis) => Math.max(batchA[axis - rank + batchA.length] ?? 1, batchB[axis - rank + batchB.length] ?? 1));
      const a = [...batchA, ...(transposeA ? [k, m] : [m, k])];
      const b = [...batchB, ...(transposeB ? [n, k] : [k, n])];
      const c = matmul(filled(a, 1), filled(b, 2), { transposeA, transposeB });
      expect(c.shape).toEqual([...joint, m, n]);
      expect(await values(c)).toEqual(expected(a, b, joint, transposeA, transposeB));
    }), { numRuns: 300 });
  });

  test('one right matrix for a whole batch is one tall product', () => {
    matmul(zeros([4, 5, 2, 3]), zeros([3, 7]));
    matmul(zeros([4, 3, 2]), zeros([3, 7]), { transposeA: true });
    matmul(zeros([2, 3]), zeros([4, 3, 7]));
    const kernels = seen as MatMulKernel[];
    expect(kernels.map(({ batch, m, sharedA, sharedB }) => ({ batch, m, sharedA, sharedB }))).toEqual([
      { batch: 1, m: 40, sharedA: false, sharedB: false }, { batch: 4, m: 2, sharedA: false, sharedB: true }, { batch: 4, m: 2, sharedA: true, sharedB: false },
    ]);
  });

  test('empty operands', async () => {
    expect(await values(matmul(zeros([2, 0]), zeros([0, 3])))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(matmul(zeros([0, 2]), zeros([2, 3])).shape).toEqual([0, 3]);
    expect(matmul(zeros([0, 2, 3]), zeros([3, 4])).shape).toEqual([0, 2, 4]);
    expect(matmul(zeros([2, 3]), zeros([0, 3, 4])).shape).toEqual([0, 2, 4]);
    expect(matmul(zeros([0, 2, 3]), zeros([1, 3, 4])).shape).toEqual([0, 2, 4]);
  });

  test('types meet; int32 is refused', () => {
    expect(matmul(zeros([1, 1]), zeros([1, 1], { dtype: 'float64' })).dtype).toBe('float64');
    expect(() => matmul(zeros([2, 2], { dtype: 'int32' }), zeros([2, 2]))).toThrow("matmul: needs float32 or float64, got int32 (2, 2); cast(x, 'float32') first.");
  });

  test('shapes that do not fit are named, with a remedy that helps', () => {
    expect(() => matmul(zeros([32, 64]), zeros([16, 64]))).toThrow('matmul: inner dimensions must agree, got (32, 64) x (16, 64); did you mean transpose(b)?');
    expect(() => matmul(zeros([64, 32]), zeros([64, 16]))).toThrow('did you mean transpose(a)?');
    expect(() => matmul(zeros([32, 64]), zeros([128, 16]))).toThrow('got (32, 64) x (128, 16); reshape or transpose one of them.');
    expect(() => matmul(zeros([2, 3]), zeros([3, 2]), { transposeB: true })).toThrow('got (2, 3) x (3, 2) with b transposed; did you mean it without transposeB?');
    expect(() => matmul(zeros([2, 1, 3]), zeros([4, 3, 1]))).toThrow('matmul: the batch axes of (2, 1, 3) x (4, 3, 1): shapes (2) and (4) do not broadcast');
    expect(() => matmul(zeros([]), zeros([2]))).toThrow('use mul for scalars');
  });
});

describe('linear', () => {
  test('is x Wᵀ + b for any leading axes, one kernel', async () => {
    const [x, w, b] = [filled([2, 3, 4], 1), filled([5, 4], 2), filled([5], 3)];
    const y = linear(x, w, b);
    const product = expected([6, 4], [5, 4], [], false, true);
    expect([y.shape, await values(y)]).toEqual([[2, 3, 5], product.map((value, k) => value + (data([5], 3)[k % 5] as number))]);
    expect(seen).toHaveLength(1);
    expect(await values(linear(x, w))).toEqual(product);
    expect(linear(filled([4]), w, b).shape).toEqual([5]);
    expect(linear(zeros([0, 4]), zeros([5, 4])).shape).toEqual([0, 5]);
    expect(await values(linear(zeros([2, 0]), zeros([1, 0]), tensor([3])))).toEqual([3, 3]);
  });

  test('refuses what does not fit', () => {
    expect(() => linear(zeros([2, 3]), zeros([5, 4]))).toThrow('linear: the last axis of x must have the 4 inputs of weight (5, 4), got x (2, 3).');
    expect(() => linear(zeros([]), zeros([5, 4]))).toThrow('got x ()');
    expect(() => linear(zeros([4]), zeros([4]))).toThrow('linear: the weight must be (out, in), got (4).');
    expect(() => linear(zeros([4]), zeros([5, 4]), zeros([4]))).toThrow('linear: the bias must be (5) for weight (5, 4), got (4).');
    expect(() => linear(zeros([4], { dtype: 'int32' }), zeros([5, 4]))).toThrow('linear: needs float32 or float64');
  });
});
