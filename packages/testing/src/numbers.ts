/** Numbers between −scale and scale, the same for the same seed on every machine (a linear congruential generator). */
export function randomNumbers(count: number, seed: number, scale = 1): Float32Array {
  let state = (seed * 747796405 + 2891336453) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** The largest difference, relative where the expected value is above 1; NaN where only one side is NaN. */
export function worstError(expected: ArrayLike<number>, got: ArrayLike<number>): number {
  if (expected.length !== got.length) return Infinity;
  let worst = 0;
  for (let k = 0; k < expected.length; k++) {
    const [want, have] = [expected[k] as number, got[k] as number];
    const error = Object.is(want, have) ? 0 : Math.abs(want - have) / Math.max(1, Math.abs(want));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}
