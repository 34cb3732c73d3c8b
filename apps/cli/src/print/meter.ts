/** How far a training has come. */
export interface Progress {
  readonly step: number;
  readonly steps: number;
  /** Mean of the recent losses, in nats; NaN before the first. */
  readonly loss: number;
  /** Every loss since the start. */
  readonly losses: readonly number[];
  /** Characters learnt from per second, of late. */
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/** Share of the past in the mean of the losses, per step. */
const memory = 0.95;
/** Seconds after which a measured speed counts half. */
const halfLife = 3;

/** Follows a training and tells its recent loss, its speed and the time that is left. */
export class Meter {
  readonly #steps: number;
  readonly #now: () => number;
  readonly #losses: number[] = [];
  #step: number;
  #time: number;
  #loss = { sum: 0, weight: 0 };
  #pace = { steps: 0, tokens: 0, seconds: 0 };

  /** @param now milliseconds. `from` is the number of steps that were done before, where a training goes on. */
  constructor(steps: number, now: () => number, from = 0) {
    this.#steps = steps;
    this.#now = now;
    this.#step = from;
    this.#time = now();
  }

  /** Takes note of a step that has just ended, or of the last of several. */
  add(loss: number, tokens: number, steps: number = 1): void {
    const time = this.#now();
    const seconds = (time - this.#time) / 1000;
    const kept = 0.5 ** (seconds / halfLife);
    this.#time = time;
    this.#step += steps;
    this.#losses.push(loss);
    this.#loss = { sum: this.#loss.sum * memory + loss, weight: this.#loss.weight * memory + 1 };
    this.#pace = { steps: this.#pace.steps * kept + steps, tokens: this.#pace.tokens * kept + tokens * steps, seconds: this.#pace.seconds * kept + seconds };
  }

  get progress(): Progress {
    const { steps, tokens, seconds } = this.#pace;
    return {
      step: this.#step,
      steps: this.#steps,
      loss: this.#loss.sum / this.#loss.weight,
      losses: this.#losses,
      tokensPerSecond: seconds > 0 ? tokens / seconds : 0,
      secondsLeft: steps > 0 ? ((this.#steps - this.#step) * seconds) / steps : Infinity,
    };
  }
}
