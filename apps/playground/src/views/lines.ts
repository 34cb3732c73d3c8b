/** The path of a line through values; where one is not finite it breaks off. */
export function lineThrough(values: ArrayLike<number>, x: (step: number) => number, y: (value: number) => number): string {
  let path = '';
  let pen = 'M';
  for (let t = 0; t < values.length; t++) {
    const value = values[t] as number;
    if (!Number.isFinite(value)) {
      pen = 'M';
      continue;
    }
    path += `${pen}${x(t).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = 'L';
  }
  return path;
}

/** The area between two lines. */
export function bandBetween(low: ArrayLike<number>, high: ArrayLike<number>, x: (step: number) => number, y: (value: number) => number): string {
  if (low.length === 0) return '';
  const back = Array.from(low, (value, t) => `L${x(t).toFixed(1)} ${y(value).toFixed(1)}`).reverse();
  return `${lineThrough(high, x, y)}${back.join('')}Z`;
}

/** The range of some values, with a little room above and below. */
export function spanOf(lists: readonly ArrayLike<number>[]): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists) {
    for (let k = 0; k < list.length; k++) {
      const value = list[k] as number;
      if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  }
  if (low > high) return { low: 0, high: 1 };
  const room = (high - low || 1) * 0.08;
  return { low: low - room, high: high + room };
}
