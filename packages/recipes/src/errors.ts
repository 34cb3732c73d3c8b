/** Every error that this package throws on purpose. `code` is stable; the message is one sentence with the values and the remedy. */
export class RecipeError extends Error {
  override readonly name: string = 'RecipeError';
  readonly code: RecipeErrorCode;

  constructor(code: RecipeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** `argument`: a value out of its range; `checkpoint`: a saved model that cannot be what it says. */
export type RecipeErrorCode = 'argument' | 'checkpoint';

/** Throws a `RecipeError` unless `condition` holds; the message is only made when needed. */
export function check(condition: boolean, code: RecipeErrorCode, message: () => string): asserts condition {
  if (!condition) throw new RecipeError(code, message());
}
