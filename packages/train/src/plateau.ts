import { check, checkFromZero, checkWhole } from './errors.ts';
import { savedNumbers } from './saved.ts';
import type { Schedule } from './schedules.ts';

/** Which metrics are better: smaller or larger ones. */
export type Mode = 'min' | 'max';

/** Options of `ReduceLROnPlateau`; names, meanings and defaults of torch.optim.lr_scheduler.ReduceLROnPlateau. */
export interface PlateauOptions {
  /** Default 'min'. */
  readonly mode?: Mode;
  /** What the rate is multiplied with. Default 0.1. */
  readonly factor?: number;
  /** Metrics without improvement that are tolerated. Default 10. */
  readonly patience?: number;
  /** Smaller changes are no improvement. Default 1e-4. */
  readonly threshold?: number;
  /** Whether `threshold` is a share of the best metric, or a difference to it. Default 'rel'. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Metrics after a reduction that do not count. Default 0. */
  readonly cooldown?: number;
  /** Default 0. */
  readonly minLr?: number;
  /** A reduction by less is not made. Default 1e-8. */
  readonly eps?: number;
}

/** Where a plateau schedule stands. Plain JSON. */
export interface PlateauState {
  readonly lr: number;
  /** null before the first metric. */
  readonly best: number | null;
  readonly numBadEpochs: number;
  readonly cooldownCounter: number;
}

/**
 * A learning rate that falls where a metric has stopped to improve. What it remembers is plain JSON, to be saved with a training.
 *
 * @example
 * const plateau = new ReduceLROnPlateau(1e-3, { factor: 0.5, patience: 3 });
 * for await (const { step } of fit(model, batches, { ...options, schedule: plateau.schedule })) if (step % 500 === 0) plateau.step(await evaluate());
 */
export class ReduceLROnPlateau {
  readonly #options: Required<PlateauOptions>;
  #lr: number;
  #best: number | undefined;
  #bad = 0;
  #cooldown = 0;

  /** Throws TrainError `argument` for numbers out of range. */
  constructor(lr: number, options: PlateauOptions = {}) {
    this.#options = { mode: 'min', factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: 'rel', cooldown: 0, minLr: 0, eps: 1e-8, ...options };
    const { factor, patience, cooldown, minLr, eps } = this.#options;
    checkFromZero('ReduceLROnPlateau', { lr, factor, minLr, eps });
    checkWhole('ReduceLROnPlateau', 0, { patience, cooldown });
    check(factor < 1, 'argument', () => `ReduceLROnPlateau: factor must be below 1, got ${factor}.`);
    this.#lr = lr;
  }

  /** Learning rate of the next update. */
  get lr(): number { return this.#lr; }

  /** For `fit`, or as a part of `sequentialLR`. */
  readonly schedule: Schedule = () => this.#lr;

  /** Takes a metric in; returns the learning rate that follows from it. NaN and infinity are no improvement. */
  step(metric: number): number {
    const improved = Number.isFinite(metric) && (this.#best === undefined || this.#isBetter(metric, this.#best));
    if (improved) this.#best = metric;
    this.#bad = improved ? 0 : this.#bad + 1;
    if (this.#cooldown > 0) {
      this.#cooldown -= 1;
      this.#bad = 0;
    }
    if (this.#bad > this.#options.patience) this.#reduce();
    return this.#lr;
  }

  state(): PlateauState {
    return { lr: this.#lr, best: this.#best ?? null, numBadEpochs: this.#bad, cooldownCounter: this.#cooldown };
  }

  /** Goes on from what `state` gave. Throws TrainError `state` for anything else, and stays as it was. */
  restore(state: unknown): void {
    const { lr, best, numBadEpochs, cooldownCounter } = savedNumbers('ReduceLROnPlateau', state, ['lr', 'numBadEpochs', 'cooldownCounter'], ['best']);
    [this.#lr, this.#best, this.#bad, this.#cooldown] = [lr, best ?? undefined, numBadEpochs, cooldownCounter];
  }

  #isBetter(metric: number, best: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === 'min' ? -1 : 1;
    const mark = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? metric < mark : metric > mark;
  }

  #reduce(): void {
    const { factor, minLr, eps, cooldown } = this.#options;
    const next = Math.max(this.#lr * factor, minLr);
    if (this.#lr - next > eps) this.#lr = next;
    this.#cooldown = cooldown;
    this.#bad = 0;
  }
}
