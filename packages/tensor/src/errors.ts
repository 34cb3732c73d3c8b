/** Every error that this package throws on purpose. `code` is stable; the message is one sentence with the values and the remedy. */
export class TensorError extends Error {
  override readonly name = 'TensorError';
  readonly code: TensorErrorCode;

  constructor(code: TensorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** `shape`: sizes do not fit; `dtype`: element types do not; `argument`: a value out of its range; `disposed`: used after being freed; `backend`: none in use, or two mixed; `memory`: no more of it. */
export type TensorErrorCode = 'shape' | 'dtype' | 'argument' | 'disposed' | 'backend' | 'memory';

/** Throws a `TensorError` unless `condition` holds; the message is only made when needed. */
export function check(condition: boolean, code: TensorErrorCode, message: () => string): asserts condition {
  if (!condition) throw new TensorError(code, message());
}
