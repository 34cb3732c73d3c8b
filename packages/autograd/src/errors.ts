/**
 * `argument`: not what the function takes; `scalar`: a loss of several elements; `dtype`: a result that has no gradient;
 * `independent`: a loss that depends on nothing it is differentiated by; `second-derivative`: of a recurrence; `disposed`: a
 * pullback after it was freed; `gradient`: one that central differences contradict.
 */
export type AutogradErrorCode = 'argument' | 'scalar' | 'dtype' | 'independent' | 'second-derivative' | 'disposed' | 'gradient';

/** Every error that this package throws on purpose. `code` is stable; the message is one sentence with the values and the remedy. */
export class AutogradError extends Error {
  override readonly name = 'AutogradError';
  readonly code: AutogradErrorCode;

  constructor(code: AutogradErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws an `AutogradError` unless `condition` holds; the message is only made when needed. */
export function check(condition: boolean, code: AutogradErrorCode, message: () => string): asserts condition {
  if (!condition) throw new AutogradError(code, message());
}
