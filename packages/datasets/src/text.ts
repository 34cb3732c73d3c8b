import { DataError, type DataErrorPlace } from './errors.ts';

/** A vocabulary as plain JSON; `characters` lists them in the order of their ids. */
export type VocabularyJson =
  | { readonly kind: 'characters'; readonly characters: string }
  | { readonly kind: 'bytes' };

/** The symbols of a text model: a bijection between symbols and the ids 0 ... size - 1. */
export interface Vocabulary {
  readonly kind: VocabularyJson['kind'];
  /** Number of symbols. */
  readonly size: number;
  /** Ids of a text, one per symbol. Throws DataError `unknown-character` for a character outside the vocabulary. */
  encode(text: string): Int32Array;
  /** Text of some ids. Throws DataError `unknown-id` for anything but an integer in [0, size). */
  decode(ids: ArrayLike<number>): string;
  /** Plain JSON that `vocabularyFromJson` takes back. */
  toJSON(): VocabularyJson;
}

/**
 * The distinct characters (Unicode code points) of a text, numbered in code-point order: `sorted(set(text))` in Python.
 *
 * @throws DataError `empty-text`, or `lone-surrogate` where the string is not well-formed Unicode
 */
export function characterVocabulary(text: string): Vocabulary {
  if (text.length === 0) throw new DataError('empty-text', 'characterVocabulary: the text is empty; give at least one character');
  const codePoints = new Set<number>();
  let position = 0;
  for (const character of text) {
    codePoints.add(checkedCodePoint('characterVocabulary', text, character, position++));
  }
  return fromCodePoints([...codePoints].sort((a, b) => a - b));
}

/** The 256 byte values: a text is its UTF-8 bytes, so that no text is foreign. Bytes that are not UTF-8 decode to U+FFFD. */
export function byteVocabulary(): Vocabulary {
  const size = 256;
  return Object.freeze<Vocabulary>({
    kind: 'bytes',
    size,
    encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
    decode: (ids) => {
      const bytes = Uint8Array.from(ids, (id, index) => checkedId(id, index, size));
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    },
    toJSON: () => ({ kind: 'bytes' }),
  });
}

/** The vocabulary that `toJSON` wrote. Throws DataError `invalid-vocabulary` on anything else. */
export function vocabularyFromJson(json: unknown): Vocabulary {
  const { kind, characters } = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (kind === 'bytes') return byteVocabulary();
  if (kind !== 'characters' || typeof characters !== 'string') {
    throw badVocabulary('it is neither {"kind":"bytes"} nor {"kind":"characters","characters":"..."}');
  }
  const codePoints = Array.from(characters, (character) => character.codePointAt(0) as number);
  if (codePoints.length === 0) throw badVocabulary('it has no characters');
  if (codePoints.some(isSurrogate)) throw badVocabulary('it holds a lone surrogate');
  if (new Set(codePoints).size !== codePoints.length) throw badVocabulary('it lists a character twice');
  return fromCodePoints(codePoints);
}

/** A text's ids, divided into what is trained on and what is only measured. Both are views of the same memory. */
export interface Holdout {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * Holds out the last `fraction` of the ids, rounded up: the first floor(n (1 - fraction)) are trained on.
 *
 * @param fraction from 0 (nothing held out) to below 1
 * @throws DataError `text-too-short` where a side would have fewer than two ids, one to read and one to predict
 */
export function splitHoldout(ids: Int32Array, fraction: number): Holdout {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new DataError('invalid-option', `splitHoldout: fraction must be at least 0 and below 1, got ${fraction}`);
  }
  // The small addition undoes binary rounding: 10 * (1 - 0.9) is 0.9999999999999998.
  const boundary = Math.floor(ids.length * (1 - fraction) + 1e-9);
  const heldOut = ids.length - boundary;
  if (boundary < 2 || (fraction > 0 && heldOut < 2)) {
    throw new DataError(
      'text-too-short',
      `splitHoldout: ${ids.length} symbols split into ${boundary} to train on and ${heldOut} held out, but each part needs two; give a longer text`,
    );
  }
  return { train: ids.subarray(0, boundary), heldOut: ids.subarray(boundary) };
}

function fromCodePoints(codePoints: readonly number[]): Vocabulary {
  const ids = new Map(codePoints.map((codePoint, id) => [codePoint, id]));
  const characters = codePoints.map((codePoint) => String.fromCodePoint(codePoint));
  return Object.freeze<Vocabulary>({
    kind: 'characters',
    size: characters.length,
    encode: (text) => encodeCharacters(text, ids),
    decode: (encoded) => {
      let text = '';
      for (let i = 0; i < encoded.length; i++) text += characters[checkedId(encoded[i] as number, i, characters.length)] as string;
      return text;
    },
    toJSON: () => ({ kind: 'characters', characters: characters.join('') }),
  });
}

function encodeCharacters(text: string, ids: ReadonlyMap<number, number>): Int32Array {
  const encoded = new Int32Array(text.length);
  let count = 0;
  for (const character of text) {
    const id = ids.get(character.codePointAt(0) as number);
    if (id === undefined) throw unknownCharacter(text, character, count, ids.size);
    encoded[count++] = id;
  }
  return count === text.length ? encoded : encoded.slice(0, count);
}

function unknownCharacter(text: string, character: string, position: number, size: number): DataError {
  const place = placeOf(text, position);
  return new DataError(
    'unknown-character',
    `encode: ${show(character)} at ${describe(place)} is not among the ${size} characters of the vocabulary; ` +
      'leave it out, or use a vocabulary made from a text that has it',
    place,
  );
}

function checkedCodePoint(where: string, text: string, character: string, position: number): number {
  const codePoint = character.codePointAt(0) as number;
  if (!isSurrogate(codePoint)) return codePoint;
  const place = placeOf(text, position);
  throw new DataError(
    'lone-surrogate',
    `${where}: ${show(character)} at ${describe(place)} is half of a surrogate pair, not a character; decode the text from UTF-8 again`,
    place,
  );
}

function checkedId(id: number, index: number, size: number): number {
  if (Number.isInteger(id) && id >= 0 && id < size) return id;
  throw new DataError('unknown-id', `decode: id ${id} at index ${index} is outside the vocabulary; ids go from 0 to ${size - 1}`, {
    position: index,
  });
}

function badVocabulary(reason: string): DataError {
  return new DataError('invalid-vocabulary', `vocabularyFromJson: ${reason}; pass what a vocabulary's toJSON() gave`);
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}

type TextPlace = Required<Pick<DataErrorPlace, 'position' | 'line' | 'column'>>;

function placeOf(text: string, position: number): TextPlace {
  let line = 1;
  let column = 1;
  let index = 0;
  for (const character of text) {
    if (index++ === position) break;
    column = character === '\n' ? 1 : column + 1;
    if (character === '\n') line++;
  }
  return { position, line, column };
}

function describe(place: TextPlace): string {
  return `position ${place.position} (line ${place.line}, column ${place.column})`;
}

// U+000A is told by its number, since the character itself would break the sentence in two lines.
function show(character: string): string {
  const number = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  return `${JSON.stringify(character)} (U+${number})`;
}
