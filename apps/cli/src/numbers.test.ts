import { describe, expect, it } from 'vitest';
import { real, whole } from './numbers.ts';

describe('whole', () => {
  it('takes whole numbers within the bounds', () => {
    expect(whole({ least: 1 })('12')).toBe(12);
    expect(whole({})('-3')).toBe(-3);
    expect(whole({ least: 0 })('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['', ' ', '1.5', '1e3', '0x10', 'NaN', 'Infinity', 'ten', '1 2', '9007199254740992', '0'])('refuses %j', (text) => {
    expect(() => whole({ least: 1 })(text)).toThrow('It must be a whole number of at least 1.');
  });
});

describe('real', () => {
  it('takes decimal and scientific notation', () => {
    expect([real({})('0.002'), real({})('2e-3'), real({})('.5'), real({})('-1.')]).toEqual([0.002, 0.002, 0.5, -1]);
  });

  it('keeps to open and closed bounds', () => {
    const share = real({ least: 0, below: 1 });
    expect(share('0')).toBe(0);
    expect(() => share('1')).toThrow('It must be a number of at least 0 and below 1.');
    expect(() => real({ above: 0, most: 2 })('0')).toThrow('It must be a number above 0 and of at most 2.');
    expect(real({ above: 0, most: 2 })('2')).toBe(2);
  });

  it.each(['', 'e5', 'NaN', 'Infinity', '1e999', '1,5', '0x1'])('refuses %j', (text) => {
    expect(() => real({})(text)).toThrow('It must be a number.');
  });
});
