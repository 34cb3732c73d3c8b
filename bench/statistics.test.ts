import { expect, it } from 'vitest';
import { summarise } from './statistics.ts';

it('takes the median, the interquartile range and the ends', () => {
  expect(summarise([5, 1, 100, 3, 2])).toEqual({ median: 3, spread: 0.5, low: 1, high: 100, count: 5 });
  expect(summarise([4, 2])).toEqual({ median: 3, spread: 1 / 6, low: 2, high: 4, count: 2 });
  expect(summarise([7])).toEqual({ median: 7, spread: 0, low: 7, high: 7, count: 1 });
});
