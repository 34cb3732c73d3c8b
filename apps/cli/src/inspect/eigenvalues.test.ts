import { Rng } from '@unroll/datasets';
import { describe, expect, it } from 'vitest';
import { eigenvalueSizes, spectralRadius } from './eigenvalues.ts';

/** ‖A^(2^k)‖^(1/2^k), which tends to the spectral radius (Gelfand 1941): another way to the same number. */
function byPowers(matrix: readonly number[], n: number): number {
  let [power, logarithm, weight] = [matrix, 0, 1];
  for (let k = 0; k < 40; k += 1) {
    const norm = Math.sqrt(power.reduce((sum, value) => sum + value * value, 0));
    logarithm += weight * Math.log(norm);
    const scaled = power.map((value) => value / norm);
    power = scaled.map((_, at) => scaled.slice(0, n).reduce((sum, _, j) => sum + (scaled[Math.floor(at / n) * n + j] as number) * (scaled[j * n + (at % n)] as number), 0));
    weight /= 2;
  }
  return Math.exp(logarithm);
}

describe('eigenvalues', () => {
  it.each<[string, number[], number[]]>([
    ['one number', [-3], [3]],
    ['a diagonal', [1, 0, 0, 0, -5, 0, 0, 0, 2], [5, 2, 1]],
    ['a rotation, doubled', [0, -2, 2, 0], [2, 2]],
    ['a triangle', [1, 9, 9, 0, 2, 9, 0, 0, 3], [3, 2, 1]],
    ['a permutation', [0, 0, 1, 1, 0, 0, 0, 1, 0], [1, 1, 1]],
    ['nothing', [0, 0, 0, 0], [0, 0]],
    ['companion of (x−1)(x−2)(x−3)(x−4)', [10, -35, 50, -24, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], [4, 3, 2, 1]],
  ])('%s', (_, matrix, sizes) => {
    const found = eigenvalueSizes(matrix, sizes.length);
    sizes.forEach((size, k) => expect(found[k]).toBeCloseTo(size, 9));
  });

  it.each([2, 3, 5, 16, 40])('of a random matrix of %d rows agree with its powers, its trace and its transpose', (n) => {
    const rng = new Rng(n);
    const matrix = Array.from({ length: n * n }, () => rng.normal());
    const radius = spectralRadius(matrix, n);
    expect(radius / byPowers(matrix, n)).toBeCloseTo(1, 6);
    const transposed = matrix.map((_, at) => matrix[(at % n) * n + Math.floor(at / n)] as number);
    expect(eigenvalueSizes(transposed, n).map((size) => size.toFixed(6))).toEqual(eigenvalueSizes(matrix, n).map((size) => size.toFixed(6)));
  });

  it('are told for what is not finite', () => {
    expect(spectralRadius([1, NaN, 0, 1], 2)).toBeNaN();
  });
});
