/** The byte indices of a shuffle that takes these 32-bit lanes: 0 to 3 of the first vector, 4 to 7 of the second. */
export function lanes(...indices: readonly number[]): number[] {
  return indices.flatMap((index) => [0, 1, 2, 3].map((byte) => index * 4 + byte));
}
