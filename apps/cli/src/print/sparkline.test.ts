import { describe, expect, it } from 'vitest';
import { sparkline } from './sparkline.ts';

describe('sparkline', () => {
  it('goes from the lowest to the highest bar', () => {
    expect(sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8)).toBe('█▇▆▅▄▃▂▁');
  });

  it('shows the mean of each stretch of time', () => {
    expect(sparkline([0, 2, 7, 9, 4, 4], 3)).toBe('▁█▄');
    expect(sparkline(Array.from({ length: 1000 }, (_, k) => -k), 24)).toHaveLength(24);
  });

  it('has as many bars as values where there are fewer than cells', () => {
    expect(sparkline([], 24)).toBe('');
    expect(sparkline([3], 24)).toBe('▁');
    expect(sparkline([1, 2], 24)).toBe('▁█');
  });

  it('leaves out what is not finite', () => {
    expect(sparkline([1, NaN, 2], 3)).toBe('▁ █');
    expect(sparkline([NaN, NaN], 2)).toBe('  ');
    expect(sparkline([1, Infinity, 3, 3], 2)).toBe('▁█');
  });
});
