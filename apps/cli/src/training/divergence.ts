import type { DivergenceError } from '@unroll/train';

/** A loss that many times that of the first update, for so many updates in a row, is no spike any more. */
const farAbove = 10;
const inARow = 3;

/** What is known of the update at which a training went wrong. */
export type Fault = Pick<DivergenceError, 'step' | 'loss' | 'gradNorm'>;

/** Follows the losses of a training. */
export class Watch {
  readonly #first: number | undefined;
  #own: number | undefined;
  #high = 0;
  #before: Fault | undefined;

  /** @param first the loss of the very first update, where that was made in an earlier process */
  constructor(first?: number) {
    this.#first = first;
  }

  /** The update before the last one. */
  get before(): Fault | undefined { return this.#before; }
  /** Whether the weights are still good enough to be kept. */
  get isSound(): boolean { return this.#high === 0; }

  /** Takes an update in; returns whether the training diverged with it. */
  hasDiverged(update: Fault): boolean {
    this.#own ??= update.loss;
    this.#high = update.loss > farAbove * Math.abs(this.#first ?? this.#own) ? this.#high + 1 : 0;
    if (this.#high >= inARow) return true;
    this.#before = update;
    return false;
  }
}

/** What happened, in a sentence, and what to do. */
export function divergenceMessage({ step, loss, gradNorm = NaN }: Fault, before: Fault | undefined, advice: string): string {
  const number = (value: number): string => value.toPrecision(4);
  const last = before === undefined ? '' : `, after ${number(before.loss)} and ${number(before.gradNorm ?? NaN)} at step ${before.step}`;
  return `the training diverged: at step ${step} the loss is ${number(loss)} and the gradient norm ${number(gradNorm)}${last}; ${advice}`;
}
