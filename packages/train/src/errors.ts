/** Every error that this package throws on purpose. `code` is stable; the message is one sentence with the values and the remedy. */
export class TrainError extends Error {
  override readonly name: string = 'TrainError';
  readonly code: TrainErrorCode;

  constructor(code: TrainErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** `shape`: sizes do not fit; `argument`: a value out of its range; `config`: a run description that cannot be run; `state`: a saved state of another optimiser. */
export type TrainErrorCode = 'shape' | 'argument' | 'config' | 'state';

/** Throws a `TrainError` unless `condition` holds; the message is only made when needed. */
export function check(condition: boolean, code: TrainErrorCode, message: () => string): asserts condition {
  if (!condition) throw new TrainError(code, message());
}

/** `(32, 64)`, as messages print it. */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(', ')})`;
}
