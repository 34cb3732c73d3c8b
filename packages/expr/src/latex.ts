import type { Apply, Dot, Expr } from './node.ts';
import type { ScalarOp } from './ops.ts';

/** How a reader's notation spells the leaves of an expression. */
export interface Notation {
  /** A named value, such as `h_{t-1}`. */
  input(name: string): string;
  /** `W_k e`, given the spelled operand, such as `W_{hi} h_{t-1} + b_{hi}`; `sum` tells whether the result is a sum at its top. */
  product(weight: string, block: number, operand: string): { readonly text: string; readonly sum: boolean };
}

/** How tightly a piece of text binds: sums need parentheses inside products, nothing needs them inside a function's argument. */
const tightness = { sum: 0, product: 1, atom: 2 } as const;
type Binding = (typeof tightness)[keyof typeof tightness];
interface Piece { readonly text: string; readonly binding: Binding }

/** One equation a name: `i_t &= \sigma(…) \\`, aligned at the equals sign, in the order given. A name stands for its value in later equations. */
export function latex(equations: readonly { readonly name: string; readonly value: Expr }[], notation: Notation): string {
  const named = new Map<Expr, string>();
  const lines = equations.map(({ name, value }) => {
    const line = `${name} &= ${new Speller(notation, named, value).text()}`;
    named.set(value, name);
    return line;
  });
  return `\\begin{aligned}\n${lines.join(' \\\\\n')}\n\\end{aligned}`;
}

class Speller {
  readonly #notation: Notation;
  readonly #named: ReadonlyMap<Expr, string>;
  readonly #root: Expr;

  constructor(notation: Notation, named: ReadonlyMap<Expr, string>, root: Expr) {
    this.#notation = notation;
    this.#named = named;
    this.#root = root;
  }

  text(): string {
    return this.#spell(this.#root).text;
  }

  #spell(expr: Expr): Piece {
    const name = this.#named.get(expr);
    if (name !== undefined) return atom(name);
    switch (expr.kind) {
      case 'constant': return atom(String(expr.value));
      case 'input': return atom(this.#notation.input(expr.name));
      case 'random': return atom(`u_{${expr.stream}${expr.span === 'step' ? ',t' : ''}}`);
      case 'mean': return atom(`\\operatorname{mean}(${this.#spell(expr.operand).text})`);
      case 'dot': return this.#product(expr);
      case 'apply': return spellings[expr.op](expr.args.map((arg) => this.#spell(arg)), expr);
    }
  }

  #product(expr: Dot): Piece {
    const terms = expr.terms.map(({ block, operand }) => {
      const inner = this.#spell(operand);
      return this.#notation.product(expr.weight, block, inner.binding === tightness.atom ? inner.text : `(${inner.text})`);
    });
    const sum = terms.length > 1 || terms.some((term) => term.sum);
    return { text: terms.map(({ text }) => text).join(' + '), binding: sum ? tightness.sum : tightness.product };
  }
}

type Spelling = (args: readonly Piece[], expr: Apply) => Piece;

const atom = (text: string): Piece => ({ text, binding: tightness.atom });
const inside = (piece: Piece | undefined, binding: Binding): string => (piece === undefined ? '' : piece.binding < binding ? `(${piece.text})` : piece.text);
const called = (command: string): Spelling => (args) => atom(`${command}(${args.map(({ text }) => text).join(', ')})`);
const relation = (symbol: string): Spelling => ([a, b]) => atom(`[${a?.text ?? ''} ${symbol} ${b?.text ?? ''}]`);

const spellings: Readonly<Record<ScalarOp, Spelling>> = {
  add: ([a, b]) => ({ text: `${inside(a, tightness.sum)} + ${inside(b, tightness.sum)}`, binding: tightness.sum }),
  sub: ([a, b]) => ({ text: `${inside(a, tightness.sum)} - ${inside(b, tightness.product)}`, binding: tightness.sum }),
  mul: ([a, b]) => ({ text: `${inside(a, tightness.product)} \\odot ${inside(b, tightness.product)}`, binding: tightness.product }),
  div: ([a, b]) => atom(`\\frac{${a?.text ?? ''}}{${b?.text ?? ''}}`),
  neg: ([a]) => ({ text: `-${inside(a, tightness.product)}`, binding: tightness.sum }),
  min: called('\\min'),
  max: called('\\max'),
  less: relation('<'),
  lessEqual: relation('\\le'),
  equal: relation('='),
  abs: ([a]) => atom(`\\lvert ${a?.text ?? ''} \\rvert`),
  floor: ([a]) => atom(`\\lfloor ${a?.text ?? ''} \\rfloor`),
  sqrt: ([a]) => atom(`\\sqrt{${a?.text ?? ''}}`),
  exp: called('\\exp'),
  log: called('\\log'),
  tanh: called('\\tanh'),
  sigmoid: called('\\sigma'),
  relu: called('\\operatorname{relu}'),
  select: ([c, a, b]) => atom(`\\begin{cases} ${a?.text ?? ''} & \\text{if } ${c?.text ?? ''} \\\\ ${b?.text ?? ''} & \\text{otherwise} \\end{cases}`),
};
