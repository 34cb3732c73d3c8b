import type { HostData } from '../backend.ts';

/**
 * How a number becomes an element: float32 rounds to nearest, float64 takes it as it is, int32 cuts the fraction off (−1.7 → −1),
 * keeps to the ends of its range, and takes 0 for NaN.
 */
export function elementStore(data: HostData): (index: number, value: number) => void {
  if (data instanceof Int32Array) return (index, value) => { data[index] = toInt32(value); };
  return (index, value) => { data[index] = value; };
}

function toInt32(value: number): number {
  return Math.min(Math.max(Math.trunc(value), -0x8000_0000), 0x7fff_ffff);
}
