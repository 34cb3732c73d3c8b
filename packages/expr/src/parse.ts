/** A stretch of one line of a text: both numbers count from 1. */
export interface Span { readonly line: number; readonly column: number; readonly length: number }

/** A fault in a text of equations, with its place. The message shows the line and points at the token. */
export class EquationError extends Error {
  override readonly name = 'EquationError';
  readonly line: number;
  readonly column: number;
  readonly length: number;

  constructor(source: string, { line, column, length }: Span, problem: string) {
    super(`line ${line}, column ${column}: ${problem}\n${excerpt(linesOf(source)[line - 1] ?? '', column, length)}`);
    this.line = line;
    this.column = column;
    this.length = length;
  }
}

/** A name, with `h_{t-1}` and `h[t-1]` read as the name `h` before the step, `h_{t}` and `h[t]` as the name `h` now. */
export interface NameSyntax { readonly kind: 'name'; readonly name: string; readonly time: 'before' | 'now' | undefined; readonly span: Span }
/** `f(a, b)`; a name directly before an operand, as in `W x`, is a call with one argument. */
export interface CallSyntax { readonly kind: 'call'; readonly callee: NameSyntax; readonly args: readonly Syntax[]; readonly span: Span }
export interface NumberSyntax { readonly kind: 'number'; readonly value: number; readonly span: Span }
export interface NegationSyntax { readonly kind: 'negation'; readonly operand: Syntax; readonly span: Span }
/** Two operands; the span is that of the operator. */
export interface OperationSyntax { readonly kind: 'operation'; readonly op: Operator; readonly left: Syntax; readonly right: Syntax; readonly span: Span }
export type Operator = '+' | '-' | '*' | '/';
/** What stands on the right side of an equation. */
export type Syntax = NameSyntax | CallSyntax | NumberSyntax | NegationSyntax | OperationSyntax;

/** `target = value`, one line. */
export interface Equation { readonly target: NameSyntax; readonly value: Syntax }
/** A line that begins with a keyword: the words behind it, or the names, each with the number after its equals sign. */
export interface Directive {
  readonly keyword: string;
  readonly text: string;
  readonly names: readonly { readonly name: NameSyntax; readonly value: number | undefined }[];
  readonly span: Span;
}
/** What follows a keyword: `text` to the end of the line, or `names` with commas between. */
export type DirectiveKind = 'text' | 'names';

/**
 * Reads equations, one a line: `f = sigmoid(W_f x + R_f h)`. Comments begin with `#`; `⊙ ∘ · × *` are the same product. Only the form
 * is looked at, what names mean is the reader's business. Nothing is ever evaluated as code.
 *
 * @param directives keywords that begin a line of another kind
 * @throws EquationError at the first token that does not fit
 */
export function parseEquations(source: string, directives: Readonly<Record<string, DirectiveKind>> = {}): { readonly equations: Equation[]; readonly directives: Directive[] } {
  const found: { equations: Equation[]; directives: Directive[] } = { equations: [], directives: [] };
  const budget = { tokens: longest };
  linesOf(source).forEach((text, k) => {
    const line = new Line(source, text, k + 1, budget);
    const keyword = line.keyword(directives);
    if (keyword !== undefined) found.directives.push(line.directive(keyword, directives[keyword] as DirectiveKind));
    else if (!line.isEmpty()) found.equations.push(line.equation());
  });
  return found;
}

// Private: one line of text, from tokens to syntax.

interface Token { readonly kind: 'number' | 'name' | 'symbol' | 'end'; readonly text: string; readonly time: NameSyntax['time']; readonly span: Span }

/** Deeper and longer than anyone writes, and far from the end of the machine's stack. */
const deepest = 100;
const longest = 2000;
const products: readonly string[] = ['*', '⊙', '∘', '·', '⋅', '×'];
const minuses: readonly string[] = ['-', '−'];
const times: Readonly<Record<string, NameSyntax['time']>> = { 't': 'now', 't-1': 'before' };

class Line {
  readonly #source: string;
  readonly #text: string;
  readonly #line: number;
  readonly #budget: { tokens: number };
  #position = 0;
  #depth = 0;
  #token: Token;

  constructor(source: string, text: string, line: number, budget: { tokens: number }) {
    this.#source = source;
    this.#text = text;
    this.#line = line;
    this.#budget = budget;
    // Not yet read: a line of another kind may hold anything.
    this.#token = this.#at('end', 0, 0);
  }

  isEmpty(): boolean {
    return /^\s*(#|$)/.test(this.#text);
  }

  /** The keyword that the line begins with. `state = …` is an equation, `name = …` never is. */
  keyword(directives: Readonly<Record<string, DirectiveKind>>): string | undefined {
    const [, word = '', after = ''] = /^\s*([A-Za-z]+)(?![\p{L}\p{M}\p{N}_[])\s*(.?)/u.exec(this.#text) ?? [];
    if (!Object.hasOwn(directives, word)) return undefined;
    return directives[word] === 'names' && after === '=' ? undefined : word;
  }

  directive(keyword: string, kind: DirectiveKind): Directive {
    const column = this.#text.indexOf(keyword);
    const [lead = ''] = /^\s*[:=]?\s*/.exec(this.#text.slice(column + keyword.length)) ?? [];
    const from = column + keyword.length + lead.length;
    const span = { line: this.#line, column: column + 1, length: keyword.length };
    const text = this.#text.slice(from).replace(/#.*/, '').trim();
    if (kind === 'text') return { keyword, text, names: [], span };
    this.#position = from;
    this.#next();
    const names = [this.#declared()];
    while (this.#takes(',')) names.push(this.#declared());
    this.#expectEnd();
    return { keyword, text, names, span };
  }

  equation(): Equation {
    this.#next();
    const target = this.#name(`expected an equation such as "h = tanh(W x + R h)"`);
    if (!this.#takes('=')) this.#fail(`expected "=" after "${target.name}", got ${described(this.#token)}.`);
    const value = this.#sum();
    this.#expectEnd();
    return { target, value };
  }

  // Grammar: from what binds loosest to what binds tightest.

  #sum(): Syntax {
    let left = this.#product();
    for (let op = this.#operator(); op === '+' || op === '-'; op = this.#operator()) left = this.#operation(op, left, () => this.#product());
    return left;
  }

  #product(): Syntax {
    let left = this.#signed();
    for (let op = this.#operator(); op === '*' || op === '/'; op = this.#operator()) left = this.#operation(op, left, () => this.#signed());
    return left;
  }

  #signed(): Syntax {
    if (this.#operator() !== '-') return this.#operand();
    const { span } = this.#next();
    return this.#deeper(() => ({ kind: 'negation', operand: this.#signed(), span }));
  }

  #operand(): Syntax {
    const token = this.#token;
    if (token.kind === 'number') {
      this.#next();
      return { kind: 'number', value: Number(token.text), span: token.span };
    }
    if (token.kind === 'name') return this.#deeper(() => this.#application());
    if (token.text !== '(') return this.#fail(`expected a value, got ${described(token)}.`);
    this.#next();
    const inner = this.#deeper(() => this.#sum());
    this.#close(token);
    return inner;
  }

  #application(): Syntax {
    const callee = this.#name('expected a name');
    const { kind, text } = this.#token;
    const span = callee.span;
    if (kind === 'name' || kind === 'number') return { kind: 'call', callee, args: [this.#operand()], span };
    if (text !== '(') return callee;
    const open = this.#next();
    const args = [this.#sum()];
    while (this.#takes(',')) args.push(this.#sum());
    this.#close(open);
    return { kind: 'call', callee, args, span };
  }

  #operation(op: Operator, left: Syntax, right: () => Syntax): Syntax {
    const { span } = this.#next();
    return { kind: 'operation', op, left, right: right(), span };
  }

  #declared(): Directive['names'][number] {
    const name = this.#name('expected a name');
    if (!this.#takes('=')) return { name, value: undefined };
    const sign = this.#operator() === '-' ? -1 : 1;
    if (sign < 0) this.#next();
    const { kind, text } = this.#token;
    if (kind !== 'number') this.#fail(`expected a number, got ${described(this.#token)}.`);
    this.#next();
    return { name, value: sign * Number(text) };
  }

  // Tokens.

  #operator(): Operator | undefined {
    const { kind, text } = this.#token;
    if (kind !== 'symbol') return undefined;
    if (products.includes(text)) return '*';
    return minuses.includes(text) ? '-' : text === '+' || text === '/' ? text : undefined;
  }

  #name(expectation: string): NameSyntax {
    const { kind, text, time, span } = this.#token;
    if (kind !== 'name') this.#fail(`${expectation}, got ${described(this.#token)}.`);
    this.#next();
    return { kind: 'name', name: text, time, span };
  }

  #takes(symbol: string): boolean {
    if (this.#token.kind !== 'symbol' || this.#token.text !== symbol) return false;
    this.#next();
    return true;
  }

  #close(open: Token): void {
    if (!this.#takes(')')) this.#fail(`expected ")" for the parenthesis opened in column ${open.span.column}, got ${described(this.#token)}.`);
  }

  #expectEnd(): void {
    const { kind, text } = this.#token;
    if (kind === 'end') return;
    this.#fail(kind === 'symbol' ? `did not expect ${described(this.#token)} here.` : `expected an operator before "${text}"; a product of values is written with *.`);
  }

  #deeper(make: () => Syntax): Syntax {
    if (++this.#depth > deepest) this.#fail(`nested more than ${deepest} levels deep; give a part of it a name in a line of its own.`);
    const syntax = make();
    this.#depth--;
    return syntax;
  }

  /** Takes the current token and reads the one behind it. */
  #next(): Token {
    const taken = this.#token;
    if (--this.#budget.tokens < 0) this.#fail(`the text is longer than ${longest} names, numbers and signs.`);
    this.#token = this.#read();
    return taken;
  }

  #read(): Token {
    const start = this.#position + (/^\s*/.exec(this.#text.slice(this.#position))?.[0].length ?? 0);
    const rest = this.#text.slice(start);
    if (rest === '' || rest.startsWith('#')) return this.#at('end', start, 0);
    const [number] = /^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/.exec(rest) ?? [];
    if (number !== undefined) return this.#at('number', start, number.length);
    const [name] = /^\p{L}[\p{L}\p{M}\p{N}_]*_\{[^}#]*\}|^\p{L}[\p{L}\p{M}\p{N}_]*/u.exec(rest) ?? [];
    if (name !== undefined) return this.#readName(start, name);
    const symbol = String.fromCodePoint(rest.codePointAt(0) as number);
    const token = this.#at('symbol', start, symbol.length);
    if (![...products, ...minuses, '+', '/', '(', ')', ',', '='].includes(symbol)) this.#failAt(token.span, `"${symbol}" has no meaning in an equation.`);
    return token;
  }

  // h_{t-1}, h[t-1], W_{f}: an index of time, or the end of a name.
  #readName(start: number, written: string): Token {
    const [name = '', index] = written.endsWith('}') ? written.slice(0, -1).split('{') : [written];
    const [brackets] = /^\[[^\]#]*\]/.exec(this.#text.slice(start + written.length)) ?? [];
    const token = this.#at('name', start, written.length + (brackets?.length ?? 0));
    const time = timeOf(brackets?.slice(1, -1)) ?? timeOf(index);
    if (brackets !== undefined && timeOf(brackets.slice(1, -1)) === undefined) this.#failAt(token.span, `the index of "${name}" must be [t] or [t-1], got ${brackets}.`);
    if (index === undefined) return { ...token, text: name, time };
    if (timeOf(index) !== undefined) return { ...token, text: name.slice(0, -1), time };
    if (!/^[\p{L}\p{M}\p{N}_]+$/u.test(index)) this.#failAt(token.span, `the index of "${name.slice(0, -1)}" must be a name, {t} or {t-1}, got {${index}}.`);
    return { ...token, text: name + index, time };
  }

  #at(kind: Token['kind'], start: number, length: number): Token {
    this.#position = start + length;
    return { kind, text: this.#text.slice(start, start + length), time: undefined, span: { line: this.#line, column: start + 1, length: Math.max(1, length) } };
  }

  #fail(problem: string): never {
    return this.#failAt(this.#token.span, problem);
  }

  #failAt(span: Span, problem: string): never {
    throw new EquationError(this.#source, span, problem);
  }
}

function timeOf(index: string | undefined): NameSyntax['time'] {
  const key = index?.replaceAll(/\s/g, '').replace('−', '-') ?? '';
  return Object.hasOwn(times, key) ? times[key] : undefined;
}

function described({ kind, text }: Token): string {
  return kind === 'end' ? 'the end of the line' : `"${text}"`;
}

function linesOf(source: string): string[] {
  return source.split(/\r\n|[\n\r]/);
}

// The line with a row of carets below; of a long line only the surroundings.
function excerpt(line: string, column: number, length: number): string {
  const from = Math.max(0, column - 1 - 60);
  const shown = line.slice(from, from + 120).replaceAll('\t', ' ');
  const start = column - 1 - from;
  return `  ${shown}\n  ${' '.repeat(start)}${'^'.repeat(Math.max(1, Math.min(length, shown.length - start)))}`;
}
