import { check } from './errors.ts';
import { philox } from './philox.ts';

/** Where a generator stands. Plain data, to be saved with a model. */
export interface GeneratorState { readonly seed: number; readonly counter: number }

/** A source of seeds for random kernels: the same seed gives the same numbers, on every backend. */
export class Generator {
  #seed: number;
  #counter = 0;

  /** `seed`: a whole number from 0 to 2⁵³ − 1. */
  constructor(seed: number) {
    this.#seed = checkWhole('seed', seed);
  }

  get seed(): number { return this.#seed; }

  /** Where it stands; `restore` goes back there. */
  state(): GeneratorState {
    return { seed: this.#seed, counter: this.#counter };
  }

  restore({ seed, counter }: GeneratorState): void {
    checkWhole('counter', counter);
    this.#seed = checkWhole('seed', seed);
    this.#counter = counter;
  }

  /** Two fresh 32-bit words: the seed of one kernel. */
  next(): [number, number] {
    const [low, high] = philox([...halves(this.#counter), 0, 0], halves(this.#seed));
    this.#counter += 1;
    return [low, high];
  }
}

let shared: Generator | undefined;

/** The generator that is used where none is given. Starts from seed 0: numbers repeat from run to run unless seeded otherwise. */
export function defaultGenerator(): Generator {
  shared ??= new Generator(0);
  return shared;
}

/** Starts the default generator anew from a seed; returns it. */
export function manualSeed(seed: number): Generator {
  defaultGenerator().restore({ seed, counter: 0 });
  return defaultGenerator();
}

function checkWhole(what: string, value: number): number {
  check(Number.isSafeInteger(value) && value >= 0, 'argument', () => `Generator: the ${what} must be a whole number from 0 to 2^53 - 1, got ${value}.`);
  return value;
}

function halves(value: number): [number, number] {
  return [value >>> 0, Math.floor(value / 2 ** 32)];
}
