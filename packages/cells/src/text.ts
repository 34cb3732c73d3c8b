import {
  add, apply, constant, EquationError, neg, parseEquations, type CallSyntax, type Directive, type DirectiveKind, type Equation, type Expr, type NameSyntax,
  type Operator, type ScalarOp, type Span, type Syntax,
} from '@unroll/expr';
import { defineCell, inputName, type Cell } from './define.ts';
import { nearest } from './near.ts';
import { textFunctions } from './text-functions.ts';

/**
 * A cell from its equations, one a line; README.md of this package describes the notation.
 *
 *     f = sigmoid(W_f x + R_f h + b_f)
 *     n = tanh(W_n x + R_n (f * h) + b_n)
 *     h = (1 - f) * h + f * n
 *
 * @throws EquationError with line and column of the token that does not fit
 */
export function cellFromText(source: string, names: CellNames = {}): Cell {
  return new Reader(source).cell(names);
}

/** What a cell from text is called. */
export interface CellNames {
  /** Its name, whatever the text says. */
  readonly name?: string;
  /** Its name where the text has no line `name`. Default `custom`. */
  readonly defaultName?: string;
}

/** The keywords that begin a line which is no equation; all but the first two may have a plural s. */
const keywords: Readonly<Record<string, DirectiveKind>> = {
  name: 'text', source: 'text', state: 'names', states: 'names', vector: 'names', vectors: 'names', gate: 'names', gates: 'names',
};
const operations: Readonly<Record<Operator, ScalarOp>> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div' };

type Named<Value> = Readonly<Record<string, Value>>;
/** What names mean while the equations are read: the definition's symbols, and the values of the lines so far. */
interface Scope {
  readonly symbols: { readonly W: Named<Expr>; readonly R: Named<(operand: Expr) => Expr>; readonly v: Named<Expr>; readonly x: Expr };
  readonly states: Named<Expr>;
  readonly values: Map<string, Expr>;
}
/** A name with what its spelling says of time: `h_prev`, `h_{t-1}`, `h_t`. */
interface Reference { readonly base: string; readonly time: NameSyntax['time']; readonly span: Span }
/** W, or R (which U is another word for), and the gate, '' where the weight has no index. */
interface Weight { readonly kind: 'W' | 'R'; readonly gate: string }

class Reader {
  readonly #source: string;
  readonly #equations: readonly Equation[];
  readonly #directives: readonly Directive[];
  readonly #targets: ReadonlySet<string>;
  readonly #vectors: ReadonlyMap<string, number | undefined>;
  readonly #products: readonly (Weight & { readonly span: Span })[];
  readonly #biased = new Set<string>();

  constructor(source: string) {
    const { equations, directives } = parseEquations(source, keywords);
    this.#source = source;
    this.#equations = equations;
    this.#directives = directives;
    if (equations.length === 0) this.#fail({ line: 1, column: 1, length: 1 }, 'there is no equation, such as "h = tanh(W x + R h)".');
    this.#targets = this.#readTargets();
    this.#vectors = new Map([...this.#declared('vector'), ...this.#undeclaredVectors()]);
    this.#products = equations.flatMap(({ value }) => [...callsIn(value)]).flatMap(({ callee: { name, span } }) => {
      const weight = weightOf(name);
      return weight === undefined ? [] : [{ ...weight, span }];
    });
  }

  cell({ name, defaultName = 'custom' }: CellNames): Cell {
    const state = this.#states();
    const cell = defineCell<string, string, string, Record<string, Expr>>({
      name: name ?? this.#words('name') ?? defaultName,
      source: this.#words('source') ?? '',
      state,
      gates: this.#gates(),
      vectors: [...this.#vectors.keys()],
      start: Object.fromEntries([...this.#vectors].flatMap(([vector, start]) => (start === undefined ? [] : [[vector, start]]))),
      step: (symbols, states) => this.#step({ symbols, states, values: new Map() }),
    });
    const first = this.#equations[0]?.target.span ?? { line: 1, column: 1, length: 1 };
    if (state.length === 0) this.#fail(first, 'there is no state: no equation reads a value from before the step, such as h or h_{t-1} on the right side.');
    return { ...cell, bias: this.#hasBias() };
  }

  // Headers and names.

  #words(keyword: string): string | undefined {
    return this.#directives.find((directive) => directive.keyword === keyword && directive.text !== '')?.text;
  }

  #declared(keyword: string): Map<string, number | undefined> {
    const found = new Map<string, number | undefined>();
    for (const { names } of this.#directives.filter((directive) => directive.keyword.replace(/s$/, '') === keyword)) {
      for (const { name, value } of names) {
        const { base, span } = reference(name);
        if (found.has(base)) this.#fail(span, `${keyword} "${base}" is declared twice.`);
        if (keyword === 'state' && !this.#targets.has(base)) this.#fail(span, `state "${base}" is never assigned; give it an equation "${base} = …".`);
        if (keyword === 'vector') this.#checkFree(base, span);
        if (keyword === 'vector' && this.#targets.has(base)) this.#fail(span, `"${base}" is assigned, so it cannot be a vector of parameters.`);
        if (keyword !== 'vector' && value !== undefined) this.#fail(span, `only vectors have a number that they start at, not ${keyword} "${base}".`);
        found.set(base, value);
      }
    }
    return found;
  }

  #readTargets(): Set<string> {
    const found = new Set<string>();
    for (const { target } of this.#equations) {
      const { base, time, span } = reference(target);
      if (time === 'before') this.#fail(span, `the value of "${base}" before the step cannot be assigned; write "${base} = …".`);
      this.#checkFree(base, span);
      if (found.has(base)) this.#fail(span, `"${base}" is assigned twice; every equation needs a name of its own.`);
      found.add(base);
    }
    return found;
  }

  #checkFree(name: string, span: Span): void {
    if (name === inputName) this.#fail(span, 'x is the input; choose another name.');
    if (textFunctions.has(name.toLowerCase())) this.#fail(span, `"${name}" is a function; choose another name.`);
    if (timed.test(name)) this.#fail(span, `"${name}" ends in what stands for time; choose another name.`);
    if (weightOf(name) !== undefined || /^(?:b_|(?:weight|bias)_(?:ih|hh|hr)$)/.test(name)) this.#fail(span, `"${name}" is the name of a weight or a bias; choose another one.`);
  }

  // Names that begin with p_ or v_ need no declaration.
  #undeclaredVectors(): [string, undefined][] {
    const declared = this.#declared('vector');
    const names = this.#equations.flatMap(({ value }) => [...namesIn(value)]).map(reference);
    const found = names.filter(({ base }) => /^[pv]_./.test(base) && !this.#targets.has(base) && !declared.has(base));
    for (const { base, span } of found) this.#checkFree(base, span);
    return found.map(({ base }) => [base, undefined]);
  }

  // What is read before it is assigned is a state. The first one is the output: h, where there is one.
  #states(): string[] {
    const declared = [...this.#declared('state').keys()];
    const found = new Set<string>();
    const assigned = new Set<string>();
    for (const { target, value } of this.#equations) {
      for (const { base, time, span } of [...namesIn(value)].map(reference)) {
        if (!this.#targets.has(base) || time === 'now' || (time === undefined && assigned.has(base))) continue;
        if (declared.length > 0 && !declared.includes(base)) this.#fail(span, `"${base}" is read before the line that assigns it, and is not among the states ${declared.join(', ')}.`);
        found.add(base);
      }
      assigned.add(reference(target).base);
    }
    if (declared.length > 0) return declared;
    return [...found].sort((a, b) => Number(b === 'h') - Number(a === 'h'));
  }

  #gates(): string[] {
    const declared = [...this.#declared('gate').keys()];
    const used = [...new Set(this.#products.map(({ gate }) => this.#gateName(gate)))];
    const missing = this.#products.find(({ gate }) => declared.length > 0 && !declared.includes(this.#gateName(gate)));
    if (missing !== undefined) this.#fail(missing.span, `gate "${this.#gateName(missing.gate)}" is not among the gates ${declared.join(', ')}.`);
    return declared.length > 0 ? declared : used;
  }

  // W, R and b without an index belong to one gate, which has the name of the first equation with one of them.
  #gateName(gate: string): string {
    if (gate !== '') return gate;
    const first = this.#equations.find(({ value }) => [...callsIn(value)].some(({ callee }) => weightOf(callee.name)?.gate === ''));
    return first === undefined ? gate : reference(first.target).base;
  }

  // A cell has a bias in every product or in none.
  #hasBias(): boolean {
    const without = this.#products.find(({ gate }) => !this.#biased.has(this.#gateName(gate)));
    if (this.#biased.size === 0 || without === undefined) return this.#biased.size > 0;
    const index = without.gate === '' ? '' : `_${without.gate}`;
    return this.#fail(without.span, `this product has no bias, but others have; write "+ b${index}" behind it, or leave all biases out.`);
  }

  // Meaning.

  #step(scope: Scope): Record<string, Expr> {
    for (const { target, value } of this.#equations) scope.values.set(reference(target).base, this.#expr(value, scope));
    return Object.fromEntries(scope.values);
  }

  #expr(syntax: Syntax, scope: Scope): Expr {
    switch (syntax.kind) {
      case 'number': return constant(syntax.value);
      case 'name': return this.#named(syntax, scope);
      case 'call': return this.#called(syntax, scope);
      case 'negation': return neg(this.#expr(syntax.operand, scope));
      case 'operation': return syntax.op === '+' ? this.#sum(syntax, scope) : apply(operations[syntax.op], this.#expr(syntax.left, scope), this.#expr(syntax.right, scope));
    }
  }

  // b_f in a sum stands for the biases that the products of gate f in that sum have anyway.
  #sum(syntax: Syntax, scope: Scope): Expr {
    const terms = termsOf(syntax);
    const products = terms.flatMap((term) => (term.kind === 'call' ? weightOf(term.callee.name) ?? [] : []));
    const isBias = (term: Syntax): boolean => term.kind === 'name' && this.#isBias(term.name);
    for (const term of terms) {
      if (term.kind !== 'name' || !isBias(term)) continue;
      const index = term.name.slice(2);
      const own = products.find(({ kind, gate }) => gate === index || kind + gate === index);
      if (own === undefined) this.#fail(term.span, `the bias "${term.name}" must stand in a sum with a product of its gate, such as W${term.name.slice(1)} x + ${term.name}.`);
      this.#biased.add(this.#gateName(own.gate));
    }
    const fold = (node: Syntax): Expr | undefined => {
      if (isBias(node)) return undefined;
      if (node.kind !== 'operation' || node.op !== '+') return node.kind === 'operation' && node.op === '-' ? this.#difference(node, scope, fold) : this.#expr(node, scope);
      const [left, right] = [fold(node.left), fold(node.right)];
      return left === undefined ? right : right === undefined ? left : add(left, right);
    };
    return fold(syntax) ?? constant(0);
  }

  #difference({ left, right }: { readonly left: Syntax; readonly right: Syntax }, scope: Scope, fold: (node: Syntax) => Expr | undefined): Expr {
    return apply('sub', fold(left) ?? constant(0), this.#expr(right, scope));
  }

  #named(name: NameSyntax, { symbols, states, values }: Scope): Expr {
    const { base, time, span } = reference(name);
    if (this.#targets.has(base)) {
      const now = values.get(base);
      if (time === 'before' || (time === undefined && now === undefined)) return states[base] as Expr;
      return now ?? this.#fail(span, `"${base}" of this step is read before the line that assigns it.`);
    }
    if (time === 'before') this.#fail(span, `"${base}" has no value before the step; only what an equation assigns has one.`);
    if (base === inputName) return symbols.x;
    if (this.#vectors.has(base)) return symbols.v[base] as Expr;
    if (this.#isBias(base)) this.#fail(span, `the bias "${base}" must stand in a sum with a product of its gate, such as W${base.slice(1)} x + ${base}.`);
    if (weightOf(base) !== undefined) this.#fail(span, `"${base}" is a weight; write what it is multiplied with behind it, without a sign: ${base} ${base.startsWith('W') ? 'x' : 'h'}.`);
    if (textFunctions.has(base.toLowerCase())) this.#fail(span, `"${base}" is a function; write ${base}(…).`);
    return this.#fail(span, `"${base}" is never assigned; ${guess(base, [...this.#targets, ...this.#vectors.keys(), inputName]) ?? `give it an equation "${base} = …", or declare a vector of parameters with a line "vector ${base}".`}`);
  }

  #called(call: CallSyntax, scope: Scope): Expr {
    const { name, span } = call.callee;
    const weight = weightOf(name);
    if (this.#targets.has(reference(call.callee).base)) this.#fail(span, `"${name}" is a value, not a function; write ${name} * … for a product.`);
    if (weight !== undefined) return this.#product(weight, call, scope);
    const known = textFunctions.get(name.toLowerCase());
    if (known === undefined) return this.#fail(span, `there is no function "${name}"; ${guess(name, textFunctions.keys()) ?? `write ${name} * … if it is a value.`}`);
    const { operands, numbers, optional } = known;
    const most = operands + numbers;
    if (call.args.length < most - optional || call.args.length > most) {
      this.#fail(span, `${name} takes ${optional > 0 ? `${most - optional} to ${most}` : most} argument${most === 1 ? '' : 's'}, got ${call.args.length}.`);
    }
    const made = call.args.map((arg) => this.#expr(arg, scope));
    const values = made.slice(operands).map((arg, k) => (arg.kind === 'constant' ? arg.value : this.#fail(call.args[operands + k]?.span ?? span, `argument ${operands + k + 1} of ${name} must be a number.`)));
    return known.make(made.slice(0, operands), values);
  }

  #product({ kind, gate }: Weight, { callee: { name, span }, args }: CallSyntax, scope: Scope): Expr {
    const [operand] = args;
    if (operand === undefined || args.length !== 1) return this.#fail(span, `the weight "${name}" multiplies one value, got ${args.length}.`);
    const { symbols } = scope;
    const row = this.#gateName(gate);
    if (kind === 'R') return (symbols.R[row] as Scope['symbols']['R'][string])(this.#expr(operand, scope));
    if (operand.kind !== 'name' || reference(operand).base !== inputName) {
      this.#fail(operand.span, `the input weight "${name}" multiplies x alone; the weight of another value is written R${name.slice(1)}.`);
    }
    this.#expr(operand, scope);
    return symbols.W[row] as Expr;
  }

  #isBias(name: string): boolean {
    return /^b(_.+)?$/u.test(name) && !this.#targets.has(name) && !this.#vectors.has(name);
  }

  #fail(span: Span, problem: string): never {
    throw new EquationError(this.#source, span, problem);
  }
}

function guess(word: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(word, candidates);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

// W_t, p_t are parameters of a gate t.
const timed = /_prev$|(?<!^[WRUbpv])_t$/;

function reference({ name, time, span }: NameSyntax): Reference {
  if (time !== undefined) return { base: name, time, span };
  if (name.endsWith('_prev')) return { base: name.slice(0, -5), time: 'before', span };
  if (timed.test(name)) return { base: name.slice(0, -2), time: 'now', span };
  return { base: name, time, span };
}

function weightOf(name: string): Weight | undefined {
  const [, letter, gate = ''] = /^([WRU])(?:_(.+))?$/u.exec(name) ?? [];
  return letter === undefined ? undefined : { kind: letter === 'W' ? 'W' : 'R', gate };
}

/** What is added up in a sum, without what is subtracted from it. */
function termsOf(syntax: Syntax): Syntax[] {
  if (syntax.kind !== 'operation' || (syntax.op !== '+' && syntax.op !== '-')) return [syntax];
  return syntax.op === '+' ? [...termsOf(syntax.left), ...termsOf(syntax.right)] : termsOf(syntax.left);
}

function* namesIn(syntax: Syntax): Generator<NameSyntax, void, void> {
  if (syntax.kind === 'name') yield syntax;
  for (const part of partsOf(syntax)) yield* namesIn(part);
}

function* callsIn(syntax: Syntax): Generator<CallSyntax, void, void> {
  if (syntax.kind === 'call') yield syntax;
  for (const part of partsOf(syntax)) yield* callsIn(part);
}

function partsOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.kind) {
    case 'number':
    case 'name': return [];
    case 'call': return syntax.args;
    case 'negation': return [syntax.operand];
    case 'operation': return [syntax.left, syntax.right];
  }
}
