/** How often the slower way is tried again, in runs: twice as seldom each time that it is slower still. */
const firstTrial = 32;
const lastTrial = 4096;
/** Runs of each way before times count: engines optimise meanwhile. */
const warmRuns = 3;
/** Threads have to be as much faster as this: they take a processor that others may need. */
const worth = 0.9;

/**
 * Whether a kernel runs on one thread or on several: whichever was faster. Where processors are busy, threads that wait for each other are
 * far slower than one alone, and that changes with what else runs; so the other way is tried now and then.
 */
export class Choice {
  readonly #times = { alone: 0, together: 0 };
  #runs = 0;
  #interval = firstTrial;
  #next = 2 * warmRuns + firstTrial;

  /** Which way the next run goes. */
  together(): boolean {
    if (this.#runs < 2 * warmRuns) return this.#runs % 2 === 1;
    return this.#runs === this.#next ? !this.#usual() : this.#usual();
  }

  /** Notes how long it took. */
  took(together: boolean, time: number): void {
    const [run, usual] = [this.#runs, this.#usual()];
    const way = together ? 'together' : 'alone';
    const before = this.#times[way];
    this.#runs += 1;
    // Of a trial, and of the last warm run, the time itself; else its share in an average, in which one slow run counts for little.
    if (run === this.#next || run < 2 * warmRuns) this.#times[way] = time;
    else this.#times[way] = before + (Math.min(time, 2 * before) - before) / 4;
    if (run !== this.#next) return;
    this.#interval = this.#usual() === usual ? Math.min(2 * this.#interval, lastTrial) : firstTrial;
    this.#next = this.#runs + this.#interval;
  }

  #usual(): boolean {
    return this.#times.together < worth * this.#times.alone;
  }
}
