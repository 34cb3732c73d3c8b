/** Scalar operations of the language: a closed set. Everything else (derivative, text, instructions) is a `Record` over this union. */
export type ScalarOp =
  | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max'
  | 'less' | 'lessEqual' | 'equal'
  | 'neg' | 'abs' | 'floor' | 'sqrt' | 'exp' | 'log' | 'tanh' | 'sigmoid' | 'relu'
  | 'select';

/** What an operation means, on plain numbers, and how much work it is. */
export interface OpMeaning {
  readonly arity: 1 | 2 | 3;
  /** The value for these arguments; comparisons give 1 or 0, `select(c, a, b)` is `a` where `c` is not 0. */
  readonly apply: (a: number, b: number, c: number) => number;
  /** True where recomputing the value costs about as much as reading it back from memory. */
  readonly cheap: boolean;
}

/** The meaning of every operation: the definition that every backend is held against. */
export const ops: Readonly<Record<ScalarOp, OpMeaning>> = {
  add: { arity: 2, cheap: true, apply: (a, b) => a + b },
  sub: { arity: 2, cheap: true, apply: (a, b) => a - b },
  mul: { arity: 2, cheap: true, apply: (a, b) => a * b },
  div: { arity: 2, cheap: false, apply: (a, b) => a / b },
  min: { arity: 2, cheap: true, apply: (a, b) => (a !== a || b !== b ? NaN : b < a ? b : a) },
  max: { arity: 2, cheap: true, apply: (a, b) => (a !== a || b !== b ? NaN : a < b ? b : a) },
  less: { arity: 2, cheap: true, apply: (a, b) => (a < b ? 1 : 0) },
  lessEqual: { arity: 2, cheap: true, apply: (a, b) => (a <= b ? 1 : 0) },
  equal: { arity: 2, cheap: true, apply: (a, b) => (a === b ? 1 : 0) },
  neg: { arity: 1, cheap: true, apply: (a) => -a },
  abs: { arity: 1, cheap: true, apply: (a) => Math.abs(a) },
  floor: { arity: 1, cheap: true, apply: (a) => Math.floor(a) },
  sqrt: { arity: 1, cheap: false, apply: (a) => Math.sqrt(a) },
  exp: { arity: 1, cheap: false, apply: (a) => Math.exp(a) },
  log: { arity: 1, cheap: false, apply: (a) => Math.log(a) },
  tanh: { arity: 1, cheap: false, apply: (a) => Math.tanh(a) },
  sigmoid: { arity: 1, cheap: false, apply: (a) => 1 / (1 + Math.exp(-a)) },
  relu: { arity: 1, cheap: true, apply: (a) => (a < 0 ? 0 : a) },
  select: { arity: 3, cheap: true, apply: (a, b, c) => (a !== 0 ? b : c) },
};
