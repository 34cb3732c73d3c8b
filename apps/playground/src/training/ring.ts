/** Where a training stood after so many steps. */
export interface Snapshot<Content> {
  readonly step: number;
  readonly content: Content;
}

/**
 * A bounded number of snapshots over a run of any length: taken every `stride` steps; where there is no room, every second one goes and
 * the stride doubles. So they always cover the whole run evenly.
 */
export class SnapshotRing<Content> {
  readonly #capacity: number;
  #stride: number;
  #kept: Snapshot<Content>[] = [];

  constructor(capacity: number, stride: number) {
    this.#capacity = Math.max(2, capacity);
    this.#stride = stride;
  }

  /** Steps of which there are snapshots, ascending. */
  get steps(): readonly number[] {
    return this.#kept.map(({ step }) => step);
  }

  /** Whether a snapshot of this step is asked for. */
  wants(step: number): boolean {
    return step % this.#stride === 0 && this.#kept.at(-1)?.step !== step;
  }

  add(snapshot: Snapshot<Content>): void {
    this.#kept.push(snapshot);
    while (this.#kept.length > this.#capacity) {
      this.#stride *= 2;
      this.#kept = this.#kept.filter(({ step }) => step % this.#stride === 0);
    }
  }

  /** The last snapshot at or before a step. */
  before(step: number): Snapshot<Content> | undefined {
    return this.#kept.findLast((snapshot) => snapshot.step <= step);
  }

  /** Forgets what came after a step: the run goes another way from there. */
  forget(after: number): void {
    this.#kept = this.#kept.filter(({ step }) => step <= after);
  }
}
