import { DataError, integerOption } from './errors.ts';

/** The four 32-bit words of a generator, as plain JSON. */
export type RngState = readonly [number, number, number, number];

/**
 * Seeded generator of pseudo-random numbers: the same seed gives the same numbers on every machine.
 *
 * xoshiro128** (Blackman and Vigna 2018, "Scrambled linear pseudorandom number generators"): 128 bits of state,
 * period 2^128 - 1, 32-bit arithmetic only. The state is filled from the seed by splitmix32. Not for secrets.
 *
 * @example
 * const rng = new Rng(7);
 * const saved = rng.state;              // JSON; Rng.fromState(saved) goes on where this one stood
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed a non-negative safe integer; all its 53 bits count. */
  constructor(seed: number) {
    integerOption('Rng', 'seed', seed, 0);
    const next = splitmix32((seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** A generator that continues from a saved `state`. Throws DataError `invalid-state` on anything else. */
  static fromState(state: RngState): Rng {
    const words: readonly unknown[] = Array.isArray(state) ? state : [];
    if (words.length !== 4 || !words.every(isWord) || words.every((word) => word === 0)) {
      throw new DataError('invalid-state', 'Rng.fromState: a state is four 32-bit words, not all zero; pass what `rng.state` gave');
    }
    const rng = new Rng(0);
    [rng.#a, rng.#b, rng.#c, rng.#d] = state;
    return rng;
  }

  /** The present state, as plain JSON. Reading it draws nothing. */
  get state(): RngState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** The next 32 random bits, an integer in [0, 2^32). */
  bits(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b = (this.#b ^ this.#c) >>> 0;
    this.#a = (this.#a ^ this.#d) >>> 0;
    this.#c = (this.#c ^ shifted) >>> 0;
    this.#d = rotateLeft(this.#d, 11) >>> 0;
    return result;
  }

  /** A float64 drawn uniformly from [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** An integer drawn uniformly, without bias, from [0, bound); `bound` is from 1 to 2^32. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new DataError('invalid-option', `Rng.integer: bound must be an integer from 1 to 4294967296, got ${bound}`);
    }
    // Numbers from `fair` on would favour small remainders, so they are drawn again.
    const fair = 2 ** 32 - (2 ** 32 % bound);
    let drawn = this.bits();
    while (drawn >= fair) drawn = this.bits();
    return drawn % bound;
  }

  /**
   * A float64 drawn from the standard normal distribution (Box and Muller 1958, "A note on the generation of random normal
   * deviates"). Always takes two draws of `uniform`, so that the state says everything.
   */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. Every order is equally likely. */
  shuffle<Items extends Shuffled>(items: Items): Items {
    const list: Shuffled = items;
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const kept = list[last];
      list[last] = list[other];
      list[other] = kept;
    }
    return items;
  }
}

/** What `shuffle` takes: an array or a typed array. */
export interface Shuffled {
  readonly length: number;
  [index: number]: unknown;
}

// Steele, Lea, Flood 2014 ("Fast splittable pseudorandom number generators") in 32 bits, with the finaliser of MurmurHash3:
// scatters nearby seeds. A bijection of a counter, so its four words are distinct and never all zero.
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return (word ^ (word >>> 16)) >>> 0;
  };
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function isWord(word: unknown): boolean {
  return typeof word === 'number' && Number.isInteger(word) && word >= 0 && word < 2 ** 32;
}
