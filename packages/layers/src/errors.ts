/** Every error that this package throws on purpose. `code` is stable; the message is one sentence with the values and the remedy. */
export class LayerError extends Error {
  override readonly name: string = 'LayerError';
  readonly code: LayerErrorCode;

  constructor(code: LayerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `shape`: sizes do not fit; `dtype`: element types do not; `argument`: a value out of its range, or an option that does not exist; `state-dict`: names or shapes differ. */
export type LayerErrorCode = 'shape' | 'dtype' | 'argument' | 'state-dict';

/** A parameter whose shape is not the one that the module has. */
export interface ShapeMismatch {
  readonly name: string;
  readonly expected: readonly number[];
  readonly got: readonly number[];
}

/** What a state dict and a module do not agree on. */
export interface StateDictFaults {
  /** Parameters of the module that the state dict lacks. */
  readonly missing: readonly string[];
  /** Names in the state dict that the module does not have. */
  readonly unexpected: readonly string[];
  readonly mismatched: readonly ShapeMismatch[];
}

/** `loadStateDict` was given other names or shapes than the module has; nothing was changed. */
export class StateDictError extends LayerError implements StateDictFaults {
  override readonly name: string = 'StateDictError';
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly mismatched: readonly ShapeMismatch[];

  constructor(faults: StateDictFaults) {
    super('state-dict', `loadStateDict: ${sentence(faults)}.`);
    ({ missing: this.missing, unexpected: this.unexpected, mismatched: this.mismatched } = faults);
  }
}

/** Throws a `LayerError` unless `condition` holds; the message is only made when needed. */
export function check(condition: boolean, code: LayerErrorCode, message: () => string): asserts condition {
  if (!condition) throw new LayerError(code, message());
}

/** `value`, if it is a whole number of at least 1. */
export function size(layer: string, option: string, value: number): number {
  check(Number.isSafeInteger(value) && value >= 1, 'argument', () => `${layer}: ${option} must be a whole number from 1, got ${value}.`);
  return value;
}

/** `value`, if it is a probability. */
export function probability(layer: string, option: string, value: number): number {
  check(value >= 0 && value <= 1, 'argument', () => `${layer}: ${option} must be a probability from 0 to 1, got ${value}.`);
  return value;
}

/** `value`, if it is one of `choices`. */
export function oneOf<Value extends string>(layer: string, option: string, value: Value, choices: readonly Value[]): Value {
  check(choices.includes(value), 'argument', () => `${layer}: ${option} must be one of ${choices.join(', ')}, got ${value}.`);
  return value;
}

/** A shape as it is written in errors and documentation: (T, B, 3). */
export function shapeText(shape: readonly (number | string)[]): string {
  return `(${shape.join(', ')})`;
}

function sentence({ missing, unexpected, mismatched }: StateDictFaults): string {
  const parts: string[] = [];
  if (missing.length > 0) parts.push(`missing ${missing.join(', ')}`);
  if (unexpected.length > 0) parts.push(`unexpected ${unexpected.join(', ')}`);
  for (const { name, expected, got } of mismatched) parts.push(`${name} must be (${expected.join(', ')}), got (${got.join(', ')})`);
  const remedy = mismatched.length === 0 ? '; give every parameter of the module and no other, or pass { strict: false }' : '; build the module with the sizes it was saved with';
  return parts.join('; ') + remedy;
}
