const levels = '▁▂▃▄▅▆▇█';

/**
 * A row of at most `cells` bars: the values cut into equal stretches of time, one bar for the mean of each, from the lowest
 * (▁) to the highest (█). Values that are not finite are left out; a stretch that has no other is a blank.
 */
export function sparkline(values: readonly number[], cells: number): string {
  const means = stretchMeans(values, Math.min(cells, values.length));
  const finite = means.filter((mean) => Number.isFinite(mean));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return means.map((mean) => bar(mean, low, high)).join('');
}

function bar(mean: number, low: number, high: number): string {
  if (!Number.isFinite(mean)) return ' ';
  const level = high > low ? Math.round(((mean - low) / (high - low)) * (levels.length - 1)) : 0;
  return levels[level] as string;
}

function stretchMeans(values: readonly number[], cells: number): number[] {
  return Array.from({ length: cells }, (_, cell) => {
    const stretch = values.slice(Math.floor((cell * values.length) / cells), Math.floor(((cell + 1) * values.length) / cells));
    const finite = stretch.filter((value) => Number.isFinite(value));
    return finite.reduce((sum, value) => sum + value, 0) / finite.length;
  });
}
