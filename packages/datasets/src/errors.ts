/** What went wrong with the data; stable, for programs that tell cases apart. */
export type DataErrorCode =
  | 'checksum'
  | 'download'
  | 'empty-text'
  | 'invalid-cell'
  | 'invalid-file'
  | 'invalid-option'
  | 'invalid-state'
  | 'invalid-utf8'
  | 'invalid-vocabulary'
  | 'lone-surrogate'
  | 'missing-column'
  | 'missing-file'
  | 'missing-package'
  | 'missing-value'
  | 'offline'
  | 'series-too-short'
  | 'text-too-short'
  | 'unknown-character'
  | 'unknown-id';

/**
 * Where in a text or table. `position` counts from 0 (bytes for UTF-8 errors, rows below the header in tables, code points
 * otherwise), `line` and `column` from 1.
 */
export interface DataErrorPlace {
  readonly position: number;
  readonly line?: number;
  readonly column?: number;
  /** The file, as its reader named it. */
  readonly file?: string;
  /** Name of the column of a table. */
  readonly field?: string;
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

/** `value`, if it is a number from `least` to `most`; otherwise a DataError `invalid-option` that names the option. */
export function numberOption(where: string, option: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new DataError('invalid-option', `${where}: ${option} must be a number from ${least} to ${most}, got ${value}`);
}

/** Of `names` the one nearest to a name that is not among them, for "did you mean"; all of them where none is near. */
export function suggestion(given: string, names: readonly string[]): string {
  const wanted = given.toLowerCase();
  const near = names.find((name) => name.toLowerCase() === wanted || distance(name.toLowerCase(), wanted) <= 2);
  return near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"?`;
}

// Levenshtein 1966, one row at a time.
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
