import { children, sharing, topological, type Expr, type ScalarOp } from '@unroll/expr';
import type { FunctionBuilder, Local } from './assembler.ts';
import { exp, log, sigmoid, tanh } from './math.ts';
import { VectorCode, type Operand, type Value, type VectorOptions } from './vector.ts';

/** Where the values of expressions come from and go to, and what their code depends on. */
export interface Emission extends Omit<VectorOptions, 'vectors'> {
  /** How many vectors of four elements are computed in lock step; 1 unless given. */
  readonly vectors?: number;
  /** What the lanes hold; float32 unless given. */
  readonly compute?: 'float32' | 'int32';
  /** Pushes vector `vector` (0 … vectors − 1) of the leaf of this name. Called once for each, just before the first use. */
  load(name: string, vector: number): void;
  /**
   * Takes vector `vector` of expression `index` as soon as it is known. Leaves may still be loaded after that, so where results
   * overwrite leaves, keep the locals (nothing else changes them) and store them in the end.
   */
  store(index: number, value: Local, vector: number): void;
}

/**
 * Emits code for a set of expressions over vectors. Every node is computed once, however many expressions share it; nothing is
 * reassociated or contracted. `dot` and `mean` are not elementwise: put inputs in their place first.
 */
export function emitExpressions(f: FunctionBuilder, exprs: readonly Expr[], emission: Emission): void {
  new Expressions(f, exprs, emission).emit();
}

// Private: what each operation is.

type Emitter = (code: VectorCode, a: Operand, b: Operand, c: Operand) => Value;

/** Comparisons give a mask, and the condition of select comes as one; where a number is wanted, `Expressions` makes it from the mask. */
const floats: Readonly<Record<ScalarOp, Emitter>> = {
  add: (code, a, b) => code.op('f32x4.add', a, b),
  sub: (code, a, b) => code.op('f32x4.sub', a, b),
  mul: (code, a, b) => code.op('f32x4.mul', a, b),
  div: (code, a, b) => code.op('f32x4.div', a, b),
  min: (code, a, b) => extremum(code, 'f32x4.pmin', a, b),
  max: (code, a, b) => extremum(code, 'f32x4.pmax', a, b),
  less: (code, a, b) => code.op('f32x4.lt', a, b),
  lessEqual: (code, a, b) => code.op('f32x4.le', a, b),
  equal: (code, a, b) => code.op('f32x4.eq', a, b),
  neg: (code, a) => code.op('f32x4.neg', a),
  abs: (code, a) => code.op('f32x4.abs', a),
  floor: (code, a) => code.op('f32x4.floor', a),
  sqrt: (code, a) => code.op('f32x4.sqrt', a),
  exp,
  log,
  tanh,
  sigmoid,
  relu: (code, a) => code.op('f32x4.pmax', a, 0),
  select: (code, mask, a, b) => code.choose(mask, a, b),
};

const noInteger: Emitter = () => {
  throw new RangeError('emit: this operation does not give integers; compute it in float32.');
};

/** The same on 32-bit integers, which wrap around. */
const integers: Readonly<Record<ScalarOp, Emitter>> = {
  add: (code, a, b) => code.op('i32x4.add', a, b),
  sub: (code, a, b) => code.op('i32x4.sub', a, b),
  mul: (code, a, b) => code.op('i32x4.mul', a, b),
  div: noInteger,
  min: (code, a, b) => code.op('i32x4.min_s', a, b),
  max: (code, a, b) => code.op('i32x4.max_s', a, b),
  less: (code, a, b) => code.op('i32x4.lt_s', a, b),
  lessEqual: (code, a, b) => code.op('i32x4.le_s', a, b),
  equal: (code, a, b) => code.op('i32x4.eq', a, b),
  neg: (code, a) => code.op('i32x4.neg', a),
  abs: (code, a) => code.op('i32x4.abs', a),
  floor: (code, a) => code.op('v128.or', a, a),
  sqrt: noInteger,
  exp: noInteger,
  log: noInteger,
  tanh: noInteger,
  sigmoid: noInteger,
  relu: (code, a) => code.op('i32x4.max_s', a, { bits: 0 }),
  select: (code, mask, a, b) => code.choose(mask, a, b),
};

// pmin and pmax give their first operand where either is NaN, so a NaN in the second one needs a hand.
function extremum(code: VectorCode, instruction: 'f32x4.pmin' | 'f32x4.pmax', a: Operand, b: Operand): Value {
  if (isNumber(b)) return code.op(instruction, a, b);
  if (isNumber(a)) return code.op(instruction, b, a);
  return code.choose(code.op('f32x4.ne', b, b), b, code.op(instruction, a, b));
}

function isNumber(operand: Operand): boolean {
  return typeof operand === 'number' && !Number.isNaN(operand);
}

function isMask(node: Expr): boolean {
  return node.kind === 'apply' && (node.op === 'less' || node.op === 'lessEqual' || node.op === 'equal');
}

// Private: a graph of them.

class Expressions {
  readonly #code: VectorCode;
  readonly #emission: Emission;
  readonly #roots: readonly Expr[];
  readonly #values = new Map<Expr, Value>();
  /** How often a node's value is still read. */
  readonly #uses = new Map<Expr, number>();

  constructor(f: FunctionBuilder, exprs: readonly Expr[], emission: Emission) {
    this.#code = new VectorCode(f, { ...emission, vectors: emission.vectors ?? 1 });
    this.#emission = emission;
    this.#roots = exprs.map(sharing());
  }

  emit(): void {
    const order = topological(this.#roots);
    for (const node of order) for (const child of children(node)) this.#uses.set(child, (this.#uses.get(child) ?? 0) + 1);
    for (const node of order) {
      if (node.kind !== 'constant') this.#values.set(node, this.#code.scope(() => this.#compute(node)));
      for (const child of children(node)) this.#used(child);
      this.#roots.forEach((root, index) => {
        if (root === node) this.#finish(node, index);
      });
    }
  }

  #compute(node: Expr): Value {
    if (node.kind === 'input') return this.#code.value((vector) => this.#emission.load(node.name, vector));
    if (node.kind !== 'apply') throw new RangeError(`emit: a ${node.kind} is not elementwise; put an input in its place.`);
    const table = this.#emission.compute === 'int32' ? integers : floats;
    const [a = 0, b = 0, c = 0] = node.args.map((arg, k) => (node.op === 'select' && k === 0 ? this.#mask(arg) : this.#number(arg)));
    return table[node.op](this.#code, a, b, c);
  }

  /** What a node's value is read as by arithmetic. */
  #number(node: Expr): Operand {
    if (node.kind === 'constant') return this.#constant(node.value);
    const value = this.#valueOf(node);
    return isMask(node) ? this.#code.op('v128.and', value, this.#constant(1)) : value;
  }

  /** What a node's value is read as by select. */
  #mask(node: Expr): Operand {
    if (isMask(node)) return this.#valueOf(node);
    const instruction = this.#emission.compute === 'int32' ? 'i32x4.ne' : 'f32x4.ne';
    return this.#code.op(instruction, this.#number(node), this.#constant(0));
  }

  #constant(value: number): Operand {
    return this.#emission.compute === 'int32' ? { bits: value } : value;
  }

  #valueOf(node: Expr): Value {
    const value = this.#values.get(node);
    if (value === undefined) throw new RangeError('emit: a value is read before it is computed.');
    return value;
  }

  #used(node: Expr): void {
    const left = (this.#uses.get(node) ?? 0) - 1;
    this.#uses.set(node, left);
    const value = this.#values.get(node);
    // The locals of results are the caller's.
    if (left === 0 && value !== undefined && !this.#roots.includes(node)) this.#code.release(value);
  }

  #finish(node: Expr, index: number): void {
    const operand = this.#number(node);
    const value = Array.isArray(operand) ? (operand as Value) : this.#code.op('v128.or', operand, operand);
    value.forEach((local, vector) => this.#emission.store(index, local, vector));
  }
}
