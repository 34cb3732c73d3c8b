/** Probabilities of classes from their scores. */
export function softmaxOf(scores: Float32Array): Float32Array {
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map((score) => Math.exp(score - most));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** The place of the largest number; the first of equal ones. */
export function largest(values: ArrayLike<number>): number {
  let place = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[place] as number)) place = k;
  return place;
}
