import { children, sharing, type Apply, type Dot, type Expr } from '@unroll/expr';
import { inputName, inputWeight, recurrentWeight, type Cell } from './define.ts';
import { CellError } from './errors.ts';
import { idiomOf } from './idioms.ts';
import { textFunctions } from './text-functions.ts';

/**
 * The cell's equations as text: `cellFromText` makes a cell of it that computes the same.
 *
 * @throws CellError for cells that draw random numbers, and where a name is none in the notation
 */
export function textOf(cell: Cell): string {
  checkNames(cell);
  const writer = new Writer(cell);
  const share = sharing();
  const equations = cell.values.map(({ name, value }) => writer.equation(name, share(value)));
  const vectors = cell.vectors.map((name) => (cell.start[name] === undefined ? name : `${name} = ${written(cell.start[name]).text}`));
  const order = gateOrder(cell);
  return [
    `name ${plain(cell.name)}`,
    ...(cell.source === '' ? [] : [`source ${plain(cell.source)}`]),
    `state ${cell.state.join(', ')}`,
    ...(vectors.length === 0 ? [] : [`vector ${vectors.join(', ')}`]),
    ...(isSame(writer.gates, order) ? [] : [`gate ${order.join(', ')}`]),
    ...equations,
    '',
  ].join('\n');
}

/** How tightly a piece of text binds. */
const tightness = { sum: 0, product: 1, signed: 2, atom: 3 } as const;
type Binding = (typeof tightness)[keyof typeof tightness];
interface Piece { readonly text: string; readonly binding: Binding }
interface Term { readonly sign: '+' | '-'; readonly node: Expr }

class Writer {
  readonly #cell: Cell;
  /** Values that earlier lines gave a name. */
  readonly #named = new Map<Expr, string>();
  readonly #assigned = new Set<string>();
  readonly #gates = new Set<string>();

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** The gates, in the order in which their weights were written. */
  get gates(): string[] {
    return [...this.#gates];
  }

  equation(name: string, value: Expr): string {
    const line = `${name} = ${this.#write(value).text}`;
    this.#assigned.add(name);
    if (children(value).length > 0 && !this.#named.has(value)) this.#named.set(value, name);
    return line;
  }

  #write(node: Expr): Piece {
    const name = this.#named.get(node);
    if (name !== undefined) return atom(name);
    switch (node.kind) {
      case 'constant': return written(node.value);
      case 'input': return atom(this.#assigned.has(node.name) ? `${node.name}_prev` : node.name);
      case 'random': throw new CellError(`${this.#cell.name}: equations have no word for random numbers, so this cell has no text.`);
      case 'mean': return this.#call('mean', [node.operand]);
      case 'dot': return this.#cell.bias ? this.#sum(node) : this.#product(node);
      case 'apply': return this.#apply(node);
    }
  }

  #apply(node: Apply): Piece {
    const idiom = idiomOf(node);
    if (idiom !== undefined) return this.#call(idiom.name, [idiom.operand], idiom.numbers);
    const [a = node, b = node] = node.args;
    switch (node.op) {
      case 'add':
      case 'sub': return this.#sum(node);
      case 'mul': return { text: `${this.#inside(a, tightness.product)} * ${this.#inside(b, tightness.signed)}`, binding: tightness.product };
      case 'div': return { text: `${this.#inside(a, tightness.product)} / ${this.#inside(b, tightness.signed)}`, binding: tightness.product };
      case 'neg': return { text: `-${this.#inside(a, tightness.signed)}`, binding: tightness.signed };
      default: return this.#call(node.op.toLowerCase(), node.args);
    }
  }

  #call(name: string, args: readonly Expr[], numbers: readonly number[] = []): Piece {
    return atom(`${name}(${[...args.map((arg) => this.#write(arg).text), ...numbers.map((number) => written(number).text)].join(', ')})`);
  }

  #inside(node: Expr, least: Binding): string {
    const { text, binding } = this.#write(node);
    return binding < least ? `(${text})` : text;
  }

  // W_f x + R_f h + b_f: the biases of all products that are added up stand at the end.
  #sum(root: Expr): Piece {
    const terms = this.#terms(root);
    const products: Dot[] = [];
    const texts = terms.map(({ sign, node }, k) => {
      const isBiased = this.#cell.bias && sign === '+' && node.kind === 'dot' && !this.#named.has(node);
      if (isBiased) products.push(node);
      const text = isBiased ? this.#product(node).text : this.#inside(node, tightness.product);
      return k === 0 ? text : `${sign} ${text}`;
    });
    return { text: [...texts, ...[...this.#biases(products)].map((bias) => `+ ${bias}`)].join(' '), binding: tightness.sum };
  }

  #terms(node: Expr): Term[] {
    if (node.kind !== 'apply' || (node.op !== 'add' && node.op !== 'sub') || this.#named.has(node) || idiomOf(node) !== undefined) return [{ sign: '+', node }];
    const [a = node, b = node] = node.args;
    return [...this.#terms(a), { sign: node.op === 'add' ? '+' : '-', node: b }];
  }

  #biases(products: readonly Dot[]): Set<string> {
    const { inputGates, recurrentGates } = this.#cell;
    const found = products.map((product) => this.#placeOf(product));
    const has = (letter: string, gate: string): boolean => found.some((place) => place.letter === letter && place.gate === gate);
    return new Set(found.map(({ letter, gate }) => {
      const whole = (has('W', gate) && has('R', gate)) || !(inputGates.includes(gate) && recurrentGates.includes(gate));
      return whole ? `b_${gate}` : `b_${letter}${gate}`;
    }));
  }

  #product(node: Dot): Piece {
    const { letter, gate } = this.#placeOf(node);
    const [term] = node.terms;
    this.#gates.add(gate);
    return { text: `${letter}_${gate} ${letter === 'W' || term === undefined ? inputName : this.#inside(term.operand, tightness.atom)}`, binding: tightness.product };
  }

  #placeOf({ weight, transposed, terms }: Dot): { readonly letter: 'W' | 'R'; readonly gate: string } {
    const block = terms[0]?.block ?? 0;
    const { inputGates, recurrentGates, name } = this.#cell;
    if (weight === inputWeight && !transposed) return { letter: 'W', gate: inputGates[block] ?? '' };
    if (weight === recurrentWeight && !transposed) return { letter: 'R', gate: recurrentGates[block] ?? '' };
    throw new CellError(`${name}: the weight "${weight}" has no place in equations, which know W and R.`);
  }
}

function atom(text: string): Piece {
  return { text, binding: tightness.atom };
}

function written(value: number): Piece {
  if (Number.isFinite(value)) return { text: Object.is(value, -0) ? '-0' : String(value), binding: value < 0 || Object.is(value, -0) ? tightness.signed : tightness.atom };
  return atom(Number.isNaN(value) ? '(0 / 0)' : value > 0 ? '(1 / 0)' : '(-1 / 0)');
}

// Both stacks of rows keep the author's order, each without the gates that it has no rows for.
function gateOrder({ inputGates, recurrentGates }: Cell): string[] {
  const order = [...inputGates];
  recurrentGates.forEach((gate, k) => {
    if (!order.includes(gate)) order.splice(order.indexOf(recurrentGates[k - 1] ?? '') + 1, 0, gate);
  });
  return order;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, k) => item === b[k]);
}

function plain(words: string): string {
  return words.replaceAll(/[\s#]+/g, ' ').trim();
}

function checkNames({ name, values, vectors, inputGates, recurrentGates }: Cell): void {
  const isValue = (word: string): boolean => /^\p{L}[\p{L}\p{M}\p{N}_]*$/u.test(word) && !/^(?:[WRU](?:_|$)|b_|(?:weight|bias)_(?:ih|hh|hr)$|x$)|_prev$|(?<!^[pv])_t$/.test(word) && !textFunctions.has(word.toLowerCase());
  const isIndex = (word: string): boolean => /^[\p{L}\p{M}\p{N}_]+$/u.test(word);
  const wrong = [...values.map((value) => value.name), ...vectors].find((word) => !isValue(word)) ?? [...inputGates, ...recurrentGates].find((word) => !isIndex(word));
  if (wrong !== undefined) throw new CellError(`${name}: "${wrong}" cannot be a name in equations, so this cell has no text; rename it.`);
}
