/** Median with a measure of spread that single disturbances do not move. */
export interface Summary {
  readonly median: number;
  /** Half of the interquartile range, as a share of the median. */
  readonly spread: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Of at least one number. */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return { median, spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median, low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN, count: sorted.length };
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return below + (above - below) * (at - Math.floor(at));
}
