import { add, input, mul } from '@unroll/expr';
import { map, scope, type Tensor } from '@unroll/tensor';
import { check, checkWhole } from './errors.ts';
import type { NamedTensors } from './optimizer.ts';
import { WeightSnapshot, type Parametrised } from './weights.ts';

/**
 * An exponential moving average of a model's weights, which often does better than the weights themselves. Give it to `fit` as `ema`,
 * and evaluate in `within`.
 *
 * @example
 * const averaged = ema(model, 0.999);
 * for await (const _ of fit(model, batches, { ...options, ema: averaged })) { }
 * const loss = await averaged.within(() => evaluate(model));
 * @param decay from 0 to below 1: what remains of the average at each update
 * @throws TrainError `argument` for another decay
 */
export function ema(model: Parametrised, decay: number): WeightAverage {
  return new WeightAverage(model, decay);
}

/** What `ema` gives. The weights live until `dispose`. */
export class WeightAverage {
  readonly decay: number;
  readonly #model: Parametrised;
  readonly #weights: WeightSnapshot;
  #updates = 0;

  constructor(model: Parametrised, decay: number) {
    check(decay >= 0 && decay < 1, 'argument', () => `ema: decay must be from 0 to below 1, got ${decay}.`);
    this.decay = decay;
    this.#model = model;
    this.#weights = new WeightSnapshot(model);
  }

  /** Weights averaged so far. */
  get updates(): number { return this.#updates; }

  /** Whether the model has the averaged weights at the moment. */
  get swapped(): boolean { return this.#weights.swapped; }

  /**
   * a' = d a + (1 − d) w for each parameter, in one pass; the first weights are taken over as they are, as in
   * torch.optim.swa_utils.AveragedModel. Throws TrainError `state` while swapped.
   */
  update(): void {
    const weights = this.#model.parameters();
    scope(() => this.#weights.loadStateDict(this.#updates === 0 ? weights : this.#next(weights)));
    this.#updates += 1;
  }

  /** Exchanges the model's weights with the averaged ones; a second time brings them back. Throws TrainError `state` before the first update. */
  swap(): void {
    this.#weights.swap();
  }

  /** Runs `body` while the model has the averaged weights; before the first update, it has its own. */
  async within<T>(body: () => T | Promise<T>): Promise<T> {
    if (this.#weights.empty) return body();
    this.swap();
    try {
      return await body();
    } finally {
      this.swap();
    }
  }

  /** For a checkpoint: the number of updates, and the averaged weights themselves, not copies. Throws TrainError `state` while swapped. */
  stateDict(): AverageState {
    return { updates: this.#updates, tensors: this.#weights.stateDict() };
  }

  /** Goes on from a saved state, which stays the caller's. Throws TrainError `state` where it is that of another model. */
  loadStateDict({ updates, tensors }: AverageState): void {
    checkWhole('ema', 0, { updates });
    check((updates === 0) === (Object.keys(tensors).length === 0), 'state', () => `ema: the saved state has ${updates} updates and ${Object.keys(tensors).length} tensors; the file is damaged.`);
    this.#weights.loadStateDict(tensors);
    this.#updates = updates;
  }

  /** Frees the averaged weights; the average starts afresh. */
  dispose(): void {
    this.#weights.dispose();
    this.#updates = 0;
  }

  #next(weights: NamedTensors): NamedTensors {
    const body = add(mul(this.decay, input('x0')), mul(1 - this.decay, input('x1')));
    const averaged = this.#weights.stateDict();
    return Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, map([body], [averaged[name] ?? weight, weight])[0] as Tensor]));
  }
}

/** An average for a checkpoint. */
export interface AverageState {
  readonly updates: number;
  readonly tensors: NamedTensors;
}
