import { describe, expect, it } from 'vitest';
import { bits, bytes, count, duration, loss, rate, tiny } from './format.ts';

describe('format', () => {
  it('groups digits', () => {
    expect([0, 999, 1000, 1234567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
  });

  it('gives rates three digits', () => {
    expect([0, 7.4, 873, 999, 1000, 9994, 9996, 12_345, 99_960, 999_499, 999_500, 12_300_000].map(rate)).toEqual(
      ['0', '7', '873', '999', '1.00k', '9.99k', '10.0k', '12.3k', '100k', '999k', '1.00M', '12.3M'],
    );
  });

  it('says durations as a clock does', () => {
    expect([0, 7.4, 59.6, 200, 3723, 187_500].map(duration)).toEqual(['0:00', '0:07', '1:00', '3:20', '1:02:03', '2d 04h']);
    expect([Infinity, NaN, -5].map(duration)).toEqual(['-:--', '-:--', '0:00']);
  });

  it('shows losses and errors', () => {
    expect([1.23456, 12_345.6, NaN, Infinity].map(loss)).toEqual(['1.235', '1.23e+4', 'NaN', 'Infinity']);
    expect([0, 1.234e-9].map(tiny)).toEqual(['0', '1.2e-9']);
  });

  it('shows sizes', () => {
    expect([0, 999, 3400, 999_949, 999_950, 5_600_000].map(bytes)).toEqual(['0 B', '999 B', '3.4 KB', '999.9 KB', '1.0 MB', '5.6 MB']);
  });

  it('turns nats into bits', () => {
    expect(bits(Math.LN2 * 3)).toBeCloseTo(3, 12);
  });
});
