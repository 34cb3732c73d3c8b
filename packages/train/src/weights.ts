import { alias, keep, type Tensor } from '@unroll/tensor';
import { releaseState, retainState } from './carry.ts';
import { check, shapeText } from './errors.ts';
import type { NamedTensors } from './optimizer.ts';

/** A model, as far as its parameters go. */
export interface Parametrised { parameters(): Record<string, Tensor> }

/**
 * Weights beside those of a model: the best ones so far, for instance. Nothing is copied: until the model's weights change, both share
 * memory. They live until `dispose`.
 *
 * @example
 * const best = new WeightSnapshot(model);
 * if (stopping.step(await evaluate())) best.take();
 * best.restore();                                      // when the training is over
 */
export class WeightSnapshot {
  readonly #model: Parametrised;
  #kept: NamedTensors = {};
  #swapped = false;

  /** Empty at first. */
  constructor(model: Parametrised) {
    this.#model = model;
  }

  /** Whether there are no weights yet. */
  get empty(): boolean { return Object.keys(this.#kept).length === 0; }

  /** Whether the model has these weights at the moment, and this object the model's. */
  get swapped(): boolean { return this.#swapped; }

  /** Remembers the model's weights, instead of those before. Throws TrainError `state` while swapped. */
  take(): void {
    this.#replace(this.#model.parameters());
  }

  /** Exchanges the model's weights with these; a second time brings them back. Throws TrainError `state` where there are none. */
  swap(): void {
    for (const [own, kept] of this.#pairs()) exchange(own, kept);
    this.#swapped = !this.#swapped;
  }

  /** Gives the model these weights for good. Throws TrainError `state` while swapped, and where there are none. */
  restore(): void {
    this.#checkInPlace();
    for (const [own, kept] of this.#pairs()) own.assign(kept);
  }

  /** The weights themselves, not copies. Throws TrainError `state` while swapped. */
  stateDict(): NamedTensors {
    this.#checkInPlace();
    return this.#kept;
  }

  /** Takes saved weights over, or none; the tensors stay the caller's. Throws TrainError `state` where they are not those of the model. */
  loadStateDict(tensors: NamedTensors): void {
    if (Object.keys(tensors).length > 0) paired(this.#model.parameters(), tensors);
    this.#replace(tensors);
  }

  /** Frees the weights; the model keeps its own, also while swapped. */
  dispose(): void {
    if (this.#swapped) this.swap();
    this.#replace({});
  }

  #replace(tensors: NamedTensors): void {
    this.#checkInPlace();
    const before = this.#kept;
    this.#kept = retainState({ ...tensors });
    releaseState(before);
  }

  #pairs(): Pair[] {
    check(!this.empty, 'state', () => 'WeightSnapshot: there are no weights yet; take() them first.');
    return paired(this.#model.parameters(), this.#kept);
  }

  #checkInPlace(): void {
    check(!this.#swapped, 'state', () => 'WeightSnapshot: the model has these weights at the moment; swap() them back first.');
  }
}

type Pair = readonly [own: Tensor, kept: Tensor];

/** The model's parameters, each with the one that was kept. Nothing is changed where they do not fit. */
function paired(own: NamedTensors, kept: NamedTensors): Pair[] {
  const foreign = Object.keys(kept).find((name) => !Object.hasOwn(own, name));
  check(foreign === undefined, 'state', () => `WeightSnapshot: the model has no parameter ${foreign}; the weights are those of another model.`);
  return Object.entries(own).map(([name, parameter]) => {
    const other = Object.hasOwn(kept, name) ? kept[name] : undefined;
    check(other !== undefined && shapeText(other.shape) === shapeText(parameter.shape) && other.dtype === parameter.dtype, 'state',
      () => `WeightSnapshot: ${name} must be ${shapeText(parameter.shape)} ${parameter.dtype}, got ${other === undefined ? 'nothing' : `${shapeText(other.shape)} ${other.dtype}`}; the weights are those of another model.`);
    return [parameter, other];
  });
}

function exchange(a: Tensor, b: Tensor): void {
  const before = keep(alias(a, a.shape));
  a.assign(b);
  b.assign(before);
  before.dispose();
}
