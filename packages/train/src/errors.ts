/** Every error that this package throws on purpose. `code` is stable; the message is one sentence with the values and the remedy. */
export class TrainError extends Error {
  override readonly name: string = 'TrainError';
  readonly code: TrainErrorCode;

  constructor(code: TrainErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * `shape`: sizes do not fit; `argument`: a value out of its range; `config`: a run description that cannot be run; `state`: a saved
 * state of another training, or one that is damaged; `diverged`: a loss or gradient that is no number any more.
 */
export type TrainErrorCode = 'shape' | 'argument' | 'config' | 'state' | 'diverged';

/** What was measured where a training diverged. */
export interface Divergence {
  /** The update that was not made, counted from 1. */
  readonly step: number;
  /** Its loss. */
  readonly loss: number;
  /** Norm of its gradient before clipping; undefined where it was not measured. */
  readonly gradNorm: number | undefined;
}

/** A loss or a gradient norm was NaN or infinite. The update was not made: parameters and optimiser are those of the step before. */
export class DivergenceError extends TrainError implements Divergence {
  override readonly name: string = 'DivergenceError';
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number | undefined;

  constructor({ step, loss, gradNorm }: Divergence) {
    const norm = gradNorm === undefined ? '' : ` and the gradient norm ${gradNorm.toPrecision(4)}`;
    super('diverged', `fit: at step ${step} the loss is ${loss.toPrecision(4)}${norm}; the step was not made, so go on from here with a smaller learning rate or clipNorm.`);
    this.step = step;
    this.loss = loss;
    this.gradNorm = gradNorm;
  }
}

/** Throws a `TrainError` unless `condition` holds; the message is only made when needed. */
export function check(condition: boolean, code: TrainErrorCode, message: () => string): asserts condition {
  if (!condition) throw new TrainError(code, message());
}

/** Throws unless all of these options are finite numbers from 0. */
export function checkFromZero(name: string, values: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(values)) {
    check(value >= 0 && Number.isFinite(value), 'argument', () => `${name}: ${option} must be a number from 0, got ${value}.`);
  }
}

/** Throws unless all of these options are whole numbers from `least`. */
export function checkWhole(name: string, least: number, values: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(values)) {
    check(Number.isSafeInteger(value) && value >= least, 'argument', () => `${name}: ${option} must be a whole number from ${least}, got ${value}.`);
  }
}

/** `(32, 64)`, as messages print it. */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(', ')})`;
}
