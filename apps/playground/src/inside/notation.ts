/** What a part of the equations is, for colours and explanations. */
export type TokenKind = 'comment' | 'number' | 'keyword' | 'target' | 'function' | 'weight' | 'bias' | 'vector' | 'input' | 'value';

/** A part of a text, in characters from its beginning. */
export interface Token { readonly from: number; readonly to: number; readonly kind: TokenKind; readonly text: string }

/** A name that could stand where somebody types. */
export interface Suggestion {
  readonly label: string;
  readonly kind: TokenKind;
  /** What is put there, where that is more than the name. */
  readonly apply?: string;
  /** Larger ones first. */
  readonly rank: number;
}

/** Functions of the notation with what they take; `TokenKind` and words of them are elsewhere. */
export const functions = {
  sigmoid: 'a', tanh: 'a', relu: 'a', exp: 'a', log: 'a', sqrt: 'a', abs: 'a', min: 'a, b', max: 'a, b', softplus: 'a', softsign: 'a', logsigmoid: 'a',
  hardsigmoid: 'a, 0.2, 0.5', leakyrelu: 'a, 0.01', elu: 'a, 1', clip: 'a, low, high', select: 'condition, a, b', less: 'a, b', lessequal: 'a, b', equal: 'a, b', mean: 'a', layernorm: 'a',
} as const;
export type FunctionName = keyof typeof functions;

const keywords: ReadonlySet<string> = new Set(['name', 'source', 'state', 'states', 'vector', 'vectors', 'gate', 'gates']);
const pattern = /(?<comment>#.*)|(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)/gu;

/** The parts of equations that mean something by themselves, in order. */
export function tokensOf(text: string): Token[] {
  const made: Token[] = [];
  let from = 0;
  for (const line of text.split('\n')) {
    for (const { index, groups = {}, 0: found } of line.matchAll(pattern)) {
      const kind = groups['comment'] !== undefined ? 'comment' : groups['number'] !== undefined ? 'number' : kindOf(found, line, index);
      made.push({ from: from + index, to: from + index + found.length, kind, text: found });
    }
    from += line.length + 1;
  }
  return made;
}

/** The names that the equations assign, in order. */
export function targetsOf(text: string): string[] {
  return [...new Set(tokensOf(text).filter(({ kind }) => kind === 'target').map((token) => token.text))];
}

/** What could stand at a place, the likeliest first: the weights of the line's own gate, then values, then functions. */
export function suggestionsAt(text: string, place: number): Suggestion[] {
  const line = text.slice(text.lastIndexOf('\n', place - 1) + 1, place);
  const own = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*=/u.exec(line)?.[1];
  if (own === undefined) return [];
  const targets = targetsOf(text);
  const state = targets.includes('h') ? 'h' : (targets.at(-1) ?? 'h');
  const weights = [own, ...targets.filter((name) => name !== own)].flatMap((name): Suggestion[] => {
    const rank = name === own ? 5 : 1;
    return [{ label: `W_${name}`, apply: `W_${name} x`, kind: 'weight', rank }, { label: `R_${name}`, apply: `R_${name} ${state}`, kind: 'weight', rank }, { label: `b_${name}`, kind: 'bias', rank }, { label: `p_${name}`, kind: 'vector', rank: 0 }];
  });
  const values = targets.map((label): Suggestion => ({ label, kind: 'value', rank: 4 }));
  const calls = (Object.keys(functions) as FunctionName[]).map((label): Suggestion => ({ label, apply: `${label}(`, kind: 'function', rank: 3 }));
  return [...weights, { label: 'x', kind: 'input' as const, rank: 4 }, ...values, ...calls].toSorted((a, b) => b.rank - a.rank);
}

/** The function whose parentheses enclose a place, and which of its numbers stands there; undefined outside of any. */
export function callAt(text: string, place: number): { readonly name: FunctionName; readonly argument: number; readonly from: number } | undefined {
  let [depth, argument] = [0, 0];
  for (let k = place - 1; k >= 0 && text[k] !== '\n'; k--) {
    if (text[k] === ')') depth += 1;
    else if (text[k] === ',' && depth === 0) argument += 1;
    else if (text[k] === '(' && depth > 0) depth -= 1;
    else if (text[k] === '(') {
      const name = /[\p{L}_][\p{L}\p{N}_]*$/u.exec(text.slice(0, k))?.[0] ?? '';
      if (isFunction(name)) return { name: name.toLowerCase() as FunctionName, argument, from: k - name.length };
      argument = 0;
    }
  }
  return undefined;
}

/** Whether a name is one of the functions, however it is written. */
export function isFunction(name: string): boolean {
  return Object.hasOwn(functions, name.toLowerCase());
}

// Private.

function kindOf(name: string, line: string, index: number): TokenKind {
  const first = line.slice(0, index).trim() === '';
  if (first && /^\s*(?:\{[^}]*\}|\[[^\]]*\])?\s*=/u.test(line.slice(index + name.length))) return 'target';
  if (first && keywords.has(name)) return 'keyword';
  if (isFunction(name) || name === 'σ') return 'function';
  if (/^[WRU](?:_|$)/u.test(name)) return 'weight';
  if (/^b(?:_|$)/u.test(name)) return 'bias';
  if (/^[pv]_./u.test(name)) return 'vector';
  return name === 'x' ? 'input' : 'value';
}
