import type { Progress } from './protocol.ts';

/** What one training step gave. */
export interface Measured {
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly score: number;
  readonly heldOut: number;
}

const reportEvery = 100;

/** Gathers what training steps gave and reports it at most ten times a second. */
export class Meter {
  readonly #report: (progress: Progress) => void;
  #gathered: Measured[] = [];
  #lastReport: number;
  #rate = 0;

  constructor(report: (progress: Progress) => void) {
    this.#report = report;
    this.#lastReport = performance.now();
  }

  add(measured: Measured): void {
    if (this.#gathered.length === 0 && performance.now() - this.#lastReport > 4 * reportEvery) this.#lastReport = performance.now() - reportEvery / 4;
    this.#gathered.push(measured);
    if (performance.now() - this.#lastReport >= reportEvery) this.flush(measured.step);
  }

  flush(step: number): void {
    if (this.#gathered.length === 0) return;
    const now = performance.now();
    const current = (1000 * this.#gathered.length) / Math.max(1, now - this.#lastReport);
    this.#rate = this.#rate === 0 ? current : 0.7 * this.#rate + 0.3 * current;
    this.#lastReport = now;
    const field = (name: keyof Measured): Float32Array => Float32Array.from(this.#gathered, (one) => one[name]);
    const progress = { step, losses: field('loss'), gradNorms: field('gradNorm'), scores: field('score'), heldOut: field('heldOut'), stepsPerSecond: this.#rate };
    this.#gathered = [];
    this.#report(progress);
  }
}
