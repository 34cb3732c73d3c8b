import { quote, SafetensorsError, type SafetensorsErrorCode } from './error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Reads JSON token by token, as the caller expects them.
 *
 * `JSON.parse` keeps the last of two equal keys, rounds integers beyond 2^53, takes `16.0` for `16`, lets lone
 * surrogates pass and knows `__proto__`; here all of that is refused or harmless. Nothing recurses, so nesting
 * cannot exhaust the stack: a bracket where none is expected is an error at once.
 */
export class Scanner {
  /** Where we are, for messages: `the header`, `tensor "x"`. */
  context: string = 'the header';
  readonly #text: string;
  #position: number = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `{ "key": value, ... }`: calls `member` once per key, with the scanner in front of the value. */
  object(member: (key: string) => void): void {
    const seen = new Set<string>();
    this.expect('{');
    if (this.accept('}')) return;
    do {
      const key = this.string();
      if (seen.has(key)) throw this.fail('DuplicateKey', `${quote(key)} is there twice`);
      seen.add(key);
      this.expect(':');
      member(key);
    } while (this.accept(','));
    this.expect('}');
  }

  /** `[1, 2, 3]` */
  wholeNumbers(): number[] {
    const numbers: number[] = [];
    this.expect('[');
    if (this.accept(']')) return numbers;
    do numbers.push(this.#wholeNumber());
    while (this.accept(','));
    this.expect(']');
    return numbers;
  }

  string(): string {
    this.#skipSpace();
    const start = this.#position;
    if (this.#code() !== QUOTE) throw this.#unexpected('a string in double quotes');
    const escaped = this.#skipString();
    const literal = this.#text.slice(start, this.#position);
    return escaped ? this.#unescape(literal) : literal.slice(1, -1);
  }

  expect(token: string): void {
    if (!this.accept(token)) throw this.#unexpected(quote(token));
  }

  accept(token: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#position] !== token) return false;
    this.#position += 1;
    return true;
  }

  /** Only white space may follow. */
  end(): void {
    this.#skipSpace();
    if (this.#position < this.#text.length) throw this.#unexpected('the end of the header');
  }

  fail(code: SafetensorsErrorCode, problem: string): SafetensorsError {
    return new SafetensorsError(code, `${this.context}, character ${this.#position} of the header: ${problem}`);
  }

  #code(): number {
    return this.#text.charCodeAt(this.#position);
  }

  #skipSpace(): void {
    for (;;) {
      const c = this.#code();
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.#position += 1;
    }
  }

  /** Moves behind the closing quote; true where the string has escapes. */
  #skipString(): boolean {
    let escaped = false;
    for (this.#position += 1; ; this.#position += 1) {
      const c = this.#code();
      if (c === QUOTE) break;
      if (c === BACKSLASH) {
        escaped = true;
        this.#position += 1;
      }
      // The comparison is false for NaN too, which is what charCodeAt gives past the end.
      if (!(this.#code() >= FIRST_PRINTABLE)) throw this.#unexpected('a closing quote');
    }
    this.#position += 1;
    return escaped;
  }

  #unescape(literal: string): string {
    const text = parseLiteral(literal);
    if (text === undefined) throw this.fail('InvalidHeaderDeserialization', `${quote(literal)} has an escape that JSON does not know`);
    if (!isWellFormed(text)) throw this.fail('InvalidHeaderDeserialization', `${quote(literal)} has half of a surrogate pair`);
    return text;
  }

  #wholeNumber(): number {
    this.#skipSpace();
    const start = this.#position;
    while (this.#code() >= ZERO && this.#code() <= NINE) this.#position += 1;
    const digits = this.#text.slice(start, this.#position);
    const next = this.#text[this.#position];
    if (digits === '' || next === '.' || next === 'e' || next === 'E') throw this.#unexpected('a whole number without sign, point or exponent');
    if (digits.length > 1 && digits.startsWith('0')) throw this.fail('InvalidHeaderDeserialization', `${quote(digits)} starts with a zero`);
    const value = Number(digits);
    if (value > Number.MAX_SAFE_INTEGER) throw this.fail('ValidationOverflow', `the number ${quote(digits)} is beyond 2^53 - 1`);
    return value;
  }

  #unexpected(wanted: string): SafetensorsError {
    const point = this.#text.codePointAt(this.#position);
    const found = point === undefined ? 'the end of the header' : quote(String.fromCodePoint(point));
    return this.fail('InvalidHeaderDeserialization', `expected ${wanted}, found ${found}`);
  }
}

/** True where every surrogate has its other half. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function parseLiteral(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}
