/** What went wrong with the data; stable, for programs that tell cases apart. */
export type DataErrorCode =
  | 'empty-text'
  | 'invalid-option'
  | 'invalid-state'
  | 'invalid-utf8'
  | 'invalid-vocabulary'
  | 'lone-surrogate'
  | 'text-too-short'
  | 'unknown-character'
  | 'unknown-id';

/** Where in a text. `position` counts from 0 (bytes for UTF-8 errors, code points otherwise), `line` and `column` from 1. */
export interface DataErrorPlace {
  readonly position: number;
  readonly line?: number;
  readonly column?: number;
}

/** The one error class of this package: a sentence with the values and the remedy, a code, and a place where there is one. */
export class DataError extends Error {
  override readonly name: string = 'DataError';
  readonly code: DataErrorCode;
  readonly place: DataErrorPlace | undefined;

  constructor(code: DataErrorCode, message: string, place?: DataErrorPlace) {
    super(message);
    this.code = code;
    this.place = place;
  }
}

/** `value`, if it is an integer of at least `least`; otherwise a DataError `invalid-option` that names the option. */
export function integerOption(where: string, option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new DataError('invalid-option', `${where}: ${option} must be an integer of at least ${least}, got ${value}`);
}
