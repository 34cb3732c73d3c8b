import { check } from './errors.ts';

/** Nats as bits: of a loss per character, bits per character. */
export function bitsPerCharacter(nats: number): number {
  return nats / Math.LN2;
}

/** e to the loss: among how many equally likely symbols the model is undecided. */
export function perplexity(nats: number): number {
  return Math.exp(nats);
}

/** The mean of the last values. */
export class MovingMean {
  readonly window: number;
  readonly #values: number[] = [];

  /** `window`: how many values count, a whole number from 1. */
  constructor(window = 100) {
    check(Number.isSafeInteger(window) && window >= 1, 'argument', () => `MovingMean: window must be a whole number from 1, got ${window}.`);
    this.window = window;
  }

  /** NaN before the first value. */
  get value(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length;
  }

  /** Takes one more value in; returns the mean with it. */
  add(value: number): number {
    this.#values.push(value);
    if (this.#values.length > this.window) this.#values.shift();
    return this.value;
  }
}
