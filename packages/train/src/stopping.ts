import { check, checkFromZero, checkWhole } from './errors.ts';
import type { Mode } from './plateau.ts';
import { savedNumbers } from './saved.ts';

/** Options of `EarlyStopping`. */
export interface StoppingOptions {
  /** Default 'min'. */
  readonly mode?: Mode;
  /** So many metrics in a row without improvement end the training. Default: never. */
  readonly patience?: number;
  /** Smaller differences to the best metric are no improvement. Default 0. */
  readonly minDelta?: number;
  /** A metric that is as good as this ends the training. Default: none does. */
  readonly target?: number;
}

/** Where early stopping stands. Plain JSON. */
export interface StoppingState {
  /** null before the first metric. */
  readonly best: number | null;
  /** The metric heard last. */
  readonly last: number | null;
  /** Metrics since the best one. */
  readonly wait: number;
}

/** Says which metric was the best, and when to stop. What it remembers is plain JSON, to be saved with a training. */
export class EarlyStopping {
  readonly #options: Required<Omit<StoppingOptions, 'target'>> & Pick<StoppingOptions, 'target'>;
  #best: number | undefined;
  #last: number | undefined;
  #wait = 0;

  /** Throws TrainError `argument` for numbers out of range. */
  constructor(options: StoppingOptions = {}) {
    this.#options = { mode: 'min', patience: Infinity, minDelta: 0, ...options };
    const { patience, minDelta, target } = this.#options;
    if (patience !== Infinity) checkWhole('EarlyStopping', 1, { patience });
    checkFromZero('EarlyStopping', { minDelta });
    check(!Number.isNaN(target ?? 0), 'argument', () => 'EarlyStopping: target must be a number, got NaN.');
  }

  /** The best metric so far. */
  get best(): number | undefined { return this.#best; }
  /** Metrics since the best one. */
  get wait(): number { return this.#wait; }

  /** Why to stop; undefined: go on. */
  get stopped(): 'target' | 'patience' | undefined {
    const { patience, target, mode } = this.#options;
    if (target !== undefined && this.#last !== undefined && (mode === 'min' ? this.#last <= target : this.#last >= target)) return 'target';
    return this.#wait >= patience ? 'patience' : undefined;
  }

  /** Takes a metric in; returns whether it is the best one so far. NaN and infinity never are. */
  step(metric: number): boolean {
    const { mode, minDelta } = this.#options;
    const gain = mode === 'min' ? (this.#best ?? Infinity) - metric : metric - (this.#best ?? -Infinity);
    const improved = Number.isFinite(metric) && gain > minDelta;
    if (improved) this.#best = metric;
    this.#wait = improved ? 0 : this.#wait + 1;
    this.#last = metric;
    return improved;
  }

  state(): StoppingState {
    return { best: this.#best ?? null, last: this.#last ?? null, wait: this.#wait };
  }

  /** Goes on from what `state` gave. Throws TrainError `state` for anything else, and stays as it was. */
  restore(state: unknown): void {
    const { best, last, wait } = savedNumbers('EarlyStopping', state, ['wait'], ['best', 'last']);
    [this.#best, this.#last, this.#wait] = [best ?? undefined, last ?? undefined, wait];
  }
}
