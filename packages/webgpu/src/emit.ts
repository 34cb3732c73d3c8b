import { children, sharing, topological, type Expr, type Random, type ScalarOp } from '@unroll/expr';
import { mathFunction, typeOf, type Lanes, type MathFunction } from './math.ts';
import { literal, type ShaderBuilder } from './wgsl.ts';

/** Where the values of expressions come from, and what they are called. */
export interface Emission {
  /** What values are; float32 unless given. */
  readonly compute?: 'float32' | 'int32';
  /** Elements of each value; 1 unless given. */
  readonly lanes?: Lanes;
  /** Names that the author gave to values along the way. */
  readonly names?: readonly { readonly name: string; readonly value: Expr }[];
  /** The text that reads the leaf of this name; asked for once a leaf. */
  load(name: string): string;
  /** The text of a random number; asked for once a node. */
  draw?(node: Random): string;
}

/**
 * Writes expressions into the shader's `main`, where it stands, and gives the text of each value: a name or a number. Every node is
 * computed once, however many expressions share it. `dot` and `mean` are not elementwise: put inputs in their place first.
 */
export function emitExpressions(shader: ShaderBuilder, exprs: readonly Expr[], emission: Emission): string[] {
  return new Expressions(shader, exprs, emission).emit();
}

// Private: what each operation is.

/** The text of a value, and whether it can stand in any other text as it is. */
interface Text { readonly text: string; readonly closed: boolean }

/** Comparisons give truth values, and the condition of select comes as one; where a number is wanted, `Expressions` makes it. */
type Emitter = (a: Text, b: Text, c: Text, functionName: (name: MathFunction) => string) => Text;

const open = (text: string): Text => ({ text, closed: false });
const closed = (text: string): Text => ({ text, closed: true });
const enclosed = ({ text, closed: isClosed }: Text): string => (isClosed ? text : `(${text})`);

const infix = (symbol: string): Emitter => (a, b) => open(`${enclosed(a)} ${symbol} ${enclosed(b)}`);
const called = (name: string): Emitter => (a) => closed(`${name}(${a.text})`);
const own = (name: MathFunction): Emitter => (a, _, __, functionName) => closed(`${functionName(name)}(${a.text})`);
const ownOfTwo = (name: MathFunction): Emitter => (a, b, _, functionName) => closed(`${functionName(name)}(${a.text}, ${b.text})`);

const floats: Readonly<Record<ScalarOp, Emitter>> = {
  add: infix('+'), sub: infix('-'), mul: infix('*'), div: infix('/'), min: ownOfTwo('smaller'), max: ownOfTwo('larger'),
  less: infix('<'), lessEqual: infix('<='), equal: infix('=='),
  neg: (a) => open(`-${enclosed(a)}`), abs: called('abs'), floor: called('floor'), sqrt: called('sqrt'),
  exp: own('exponential'), log: own('logarithm'), tanh: own('tangent'), sigmoid: own('logistic'), relu: own('rectified'),
  select: (condition, a, b) => closed(`select(${b.text}, ${a.text}, ${condition.text})`),
};

const noInteger: Emitter = () => {
  throw new RangeError('emit: this operation does not give integers; compute it in float32.');
};

/** The same on 32-bit integers, which wrap around. */
const integers: Readonly<Record<ScalarOp, Emitter>> = {
  ...floats,
  min: (a, b) => closed(`min(${a.text}, ${b.text})`),
  max: (a, b) => closed(`max(${a.text}, ${b.text})`),
  floor: (a) => a,
  relu: (a) => closed(`max(${a.text}, ${enclosed(a)} - ${enclosed(a)})`),
  div: noInteger, sqrt: noInteger, exp: noInteger, log: noInteger, tanh: noInteger, sigmoid: noInteger,
};

function isMask(node: Expr): boolean {
  return node.kind === 'apply' && (node.op === 'less' || node.op === 'lessEqual' || node.op === 'equal');
}

// Private: a graph of them.

const nothing: Text = { text: '', closed: true };

/** Text that grows deeper than this gets a line of its own. */
const deepest = 6;

class Expressions {
  readonly #shader: ShaderBuilder;
  readonly #emission: Emission;
  readonly #lanes: Lanes;
  readonly #roots: readonly Expr[];
  readonly #names = new Map<Expr, string>();
  readonly #values = new Map<Expr, Text & { readonly depth: number }>();
  readonly #uses = new Map<Expr, number>();

  constructor(shader: ShaderBuilder, exprs: readonly Expr[], emission: Emission) {
    const share = sharing();
    this.#shader = shader;
    this.#emission = emission;
    this.#lanes = emission.lanes ?? 1;
    this.#roots = exprs.map(share);
    for (const { name, value } of emission.names ?? []) this.#names.set(share(value), name);
  }

  emit(): string[] {
    const order = topological(this.#roots);
    for (const node of [...this.#roots, ...order.flatMap(children)]) this.#uses.set(node, (this.#uses.get(node) ?? 0) + 1);
    for (const node of order) this.#place(node, node.kind === 'constant' ? this.#constant(node.value) : this.#compute(node));
    return this.#roots.map((root) => {
      const text = this.#number(root);
      return text.closed && !text.text.endsWith(')') ? text.text : this.#shader.let('result', text.text);
    });
  }

  /** Decides whether a value gets a name: where it is read more than once, where it has one, and where the text becomes unreadable. */
  #place(node: Expr, text: Text): void {
    const depth = 1 + Math.max(0, ...children(node).map((child) => this.#values.get(child)?.depth ?? 0));
    const named = node.kind === 'input' || node.kind === 'random' || this.#names.has(node) || (this.#uses.get(node) ?? 0) > 1 || depth > deepest;
    if (node.kind === 'constant' || !named) this.#values.set(node, { ...text, depth });
    else this.#values.set(node, { ...closed(this.#shader.let(this.#names.get(node) ?? (node.kind === 'input' ? node.name : 't'), text.text)), depth: 0 });
  }

  #compute(node: Expr): Text {
    if (node.kind === 'input') return closed(this.#emission.load(node.name));
    if (node.kind === 'random' && this.#emission.draw !== undefined) return closed(this.#emission.draw(node));
    if (node.kind !== 'apply') throw new RangeError(`emit: a ${node.kind} is not elementwise; put an input in its place.`);
    const [a = nothing, b = nothing, c = nothing] = node.args.map((arg, k) => (node.op === 'select' && k === 0 ? this.#condition(arg) : this.#number(arg)));
    const table = this.#isInteger ? integers : floats;
    return table[node.op](a, b, c, (name) => mathFunction(this.#shader, name, this.#lanes));
  }

  /** What a node's value is read as by arithmetic. */
  #number(node: Expr): Text {
    const value = this.#valueOf(node);
    return isMask(node) ? closed(`select(${this.#constant(0).text}, ${this.#constant(1).text}, ${value.text})`) : value;
  }

  /** What a node's value is read as by select. NaN is not 0: `!=` leaves that to the compiler. */
  #condition(node: Expr): Text {
    return isMask(node) ? this.#valueOf(node) : open(`!(${enclosed(this.#number(node))} == ${this.#constant(0).text})`);
  }

  #constant(value: number): Text {
    const type = this.#isInteger ? 'i32' : 'f32';
    if (type === 'f32' && !Number.isFinite(Math.fround(value))) return this.#beyond(Math.fround(value));
    const text = literal(value, type);
    return closed(this.#lanes === 1 ? text : `${typeOf(type, this.#lanes)}(${text})`);
  }

  /** Infinities and NaN. */
  #beyond(value: number): Text {
    const infinity = `${mathFunction(this.#shader, 'infinity', this.#lanes)}()`;
    if (Number.isNaN(value)) return open(`${infinity} - ${infinity}`);
    return value > 0 ? closed(infinity) : open(`-${infinity}`);
  }

  get #isInteger(): boolean {
    return this.#emission.compute === 'int32';
  }

  #valueOf(node: Expr): Text {
    const value = this.#values.get(node);
    if (value === undefined) throw new RangeError('emit: a value is read before it is computed.');
    return value;
  }
}
