import type { Progress } from '../training/protocol.ts';

/** What is drawn over training steps. */
export type Quantity = 'loss' | 'gradNorm' | 'score' | 'heldOut';
export const quantities: readonly Quantity[] = ['loss', 'gradNorm', 'score', 'heldOut'];

const fields: Readonly<Record<Quantity, 'losses' | 'gradNorms' | 'scores' | 'heldOut'>> = { loss: 'losses', gradNorm: 'gradNorms', score: 'scores', heldOut: 'heldOut' };

/**
 * The course of one run in bounded memory: means over buckets of `width` steps. When there is no room the width doubles, so that bucket k
 * always covers the steps k·width + 1 … (k + 1)·width. What was not measured (NaN) does not count.
 */
export class Curve {
  readonly #capacity: number;
  readonly #sums: Record<Quantity, Float64Array>;
  readonly #counts: Record<Quantity, Int32Array>;
  #width = 1;
  #steps = 0;

  constructor(capacity = 1024) {
    this.#capacity = capacity;
    const each = <T>(make: () => T): Record<Quantity, T> => ({ loss: make(), gradNorm: make(), score: make(), heldOut: make() });
    this.#sums = each(() => new Float64Array(capacity));
    this.#counts = each(() => new Int32Array(capacity));
  }

  /** Steps in a bucket, a power of two. */
  get width(): number { return this.#width; }
  /** Training steps so far. */
  get steps(): number { return this.#steps; }

  /** Takes what a worker reported. */
  add(progress: Progress): void {
    const first = progress.step - progress.losses.length;
    for (let k = 0; k < progress.losses.length; k++) {
      for (const quantity of quantities) this.#count(first + k, quantity, progress[fields[quantity]][k] as number);
    }
    this.#steps = progress.step;
  }

  /** Means over buckets of `width` steps, which is at least the curve's own; null where there is nothing. */
  values(quantity: Quantity, width: number = this.#width): (number | null)[] {
    const [sums, counts, per] = [this.#sums[quantity], this.#counts[quantity], Math.max(1, width / this.#width)];
    return Array.from({ length: Math.ceil(this.#steps / width) }, (_, bucket) => {
      let [sum, count] = [0, 0];
      for (let k = bucket * per; k < Math.min((bucket + 1) * per, this.#capacity); k++) [sum, count] = [sum + (sums[k] as number), count + (counts[k] as number)];
      return count === 0 ? null : sum / count;
    });
  }

  /** The last mean of a quantity. */
  last(quantity: Quantity): number | undefined {
    return this.values(quantity).findLast((value) => value !== null) ?? undefined;
  }

  /** A copy, for a curve that goes on another way. */
  copy(): Curve {
    const made = new Curve(this.#capacity);
    for (const quantity of quantities) {
      made.#sums[quantity].set(this.#sums[quantity]);
      made.#counts[quantity].set(this.#counts[quantity]);
    }
    [made.#width, made.#steps] = [this.#width, this.#steps];
    return made;
  }

  /** Forgets what came after a step. */
  cut(step: number): void {
    this.#steps = Math.min(this.#steps, step);
    const from = Math.ceil(this.#steps / this.#width);
    for (const quantity of quantities) {
      this.#sums[quantity].fill(0, from);
      this.#counts[quantity].fill(0, from);
    }
  }

  #count(index: number, quantity: Quantity, value: number): void {
    while (Math.floor(index / this.#width) >= this.#capacity) this.#double();
    if (Number.isNaN(value)) return;
    const bucket = Math.floor(index / this.#width);
    (this.#sums[quantity][bucket] as number) += value;
    (this.#counts[quantity][bucket] as number) += 1;
  }

  #double(): void {
    this.#width *= 2;
    for (const list of [...Object.values(this.#sums), ...Object.values(this.#counts)]) {
      for (let k = 0; k < this.#capacity; k++) list[k] = 2 * k < this.#capacity ? (list[2 * k] as number) + (list[2 * k + 1] as number) : 0;
    }
  }
}
