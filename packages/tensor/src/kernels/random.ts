import type { HostData } from '../backend.ts';
import type { Distribution, RandomKernel } from '../kernel.ts';
import { philox } from '../philox.ts';
import type { KernelRule } from './rule.ts';

/** Numbers from a counter. */
export const random: KernelRule<RandomKernel> = {
  inputs: () => [],
  outputs: ({ shape, dtype }) => [{ shape, dtype }],
  reference(kernel, _, [out]) {
    if (out !== undefined) fillRandom(kernel, out);
  },
};

/**
 * Fills host data with the numbers of a kernel: element i comes from word i mod 4 of block ⌊i / 4⌋ of Philox4x32-10 under the
 * kernel's seed. For backends that have no faster way.
 */
export function fillRandom({ distribution, seed, probability }: Pick<RandomKernel, 'distribution' | 'seed' | 'probability'>, out: HostData): void {
  const draw = draws[distribution];
  for (let start = 0; start < out.length; start += 4) {
    const block = start / 4;
    const words = philox([block >>> 0, Math.floor(block / 2 ** 32), 0, 0], seed);
    const values = draw(words, probability);
    const count = Math.min(4, out.length - start);
    for (let k = 0; k < count; k++) out[start + k] = values[k] as number;
  }
}

/** Which random numbers of a recurrence: `time` is the index of the step, or undefined for numbers that serve the whole sequence. */
export interface StepRandom {
  /** The seed of the run: two 32-bit words, signed or not. */
  readonly seed: readonly [number, number];
  readonly stream: number;
  readonly time: number | undefined;
  /** Of the batch. */
  readonly row: number;
}

/**
 * Fills `out` with the numbers that a `random` node has in the channels of one row: channel c is word c mod 4 of block
 * (⌊c / 4⌋, row, time + 1 or 0, stream) of Philox4x32-10 under the seed, as a uniform number.
 */
export function fillStepRandom({ seed: [low, high], stream, time, row }: StepRandom, out: HostData): void {
  for (let start = 0; start < out.length; start += 4) {
    const words = philox([start / 4, row, time === undefined ? 0 : time + 1, stream], [low >>> 0, high >>> 0]);
    const count = Math.min(4, out.length - start);
    for (let k = 0; k < count; k++) out[start + k] = unit(words[k] as number);
  }
}

type Words = readonly [number, number, number, number];

const draws: Readonly<Record<Distribution, (words: Words, probability: number) => Words>> = {
  uniform: ([a, b, c, d]) => [unit(a), unit(b), unit(c), unit(d)],
  normal: ([a, b, c, d]) => [...boxMuller(a, b), ...boxMuller(c, d)],
  bernoulli: ([a, b, c, d], p) => [unit(a) < p ? 1 : 0, unit(b) < p ? 1 : 0, unit(c) < p ? 1 : 0, unit(d) < p ? 1 : 0],
};

// The upper 24 bits: every value is exact in float32, from 0 to 1 − 2⁻²⁴.
function unit(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

// r = √(−2 ln u), z = r cos 2πv, r sin 2πv with u in (0, 1]
function boxMuller(a: number, b: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(unit(a) + 2 ** -24));
  const angle = 2 * Math.PI * unit(b);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
