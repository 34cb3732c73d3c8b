import { ops, type ScalarOp } from './ops.ts';

/** A number. */
export interface Constant { readonly kind: 'constant'; readonly value: number }
/** A named value that comes from outside: a state, an input of this step, a vector of parameters. */
export interface Input { readonly kind: 'input'; readonly name: string }
/** A scalar operation, applied to each channel by itself. */
export interface Apply { readonly kind: 'apply'; readonly op: ScalarOp; readonly args: readonly Expr[] }
/** One block of rows of a weight, with the expression it is multiplied with. */
export interface DotTerm { readonly block: number; readonly operand: Expr }
/**
 * A product with a named weight `W` that is stacked from blocks of rows `W_k`.
 * Plain: one term, `W_k e + b_k` (the bias where the weight has one). Transposed: the sum over terms of `W_kᵀ e_k`, without bias.
 */
export interface Dot { readonly kind: 'dot'; readonly weight: string; readonly transposed: boolean; readonly terms: readonly DotTerm[] }
/** The mean over the channels of a row, for every channel: what layer normalisation is built from. */
export interface Mean { readonly kind: 'mean'; readonly operand: Expr }

/**
 * A random number from [0, 1), the same in every execution: it depends on the seed of the run, on `stream`, on the row, on the channel
 * and, with span `step`, on the step of time (`sequence`: one number for all steps).
 */
export interface Random { readonly kind: 'random'; readonly stream: number; readonly span: 'step' | 'sequence' }

/** An immutable expression over the channels of one row at one step of time. */
export type Expr = Constant | Input | Random | Apply | Dot | Mean;

/** A number as an expression. */
export function constant(value: number): Constant {
  return { kind: 'constant', value };
}

/** A named value from outside. */
export function input(name: string): Input {
  return { kind: 'input', name };
}

/** A random number from [0, 1) for every row and channel; draws with different `stream` are independent. */
export function random(stream: number, span: Random['span']): Random {
  return { kind: 'random', stream, span };
}

/** `W_k e + b_k`: block `block` of the rows of `weight`, times `operand`. */
export function dot(weight: string, block: number, operand: Expr): Dot {
  return { kind: 'dot', weight, transposed: false, terms: [{ block, operand }] };
}

/** The sum of `W_kᵀ e_k` over the terms. */
export function transposedDot(weight: string, terms: readonly DotTerm[]): Dot {
  return { kind: 'dot', weight, transposed: true, terms };
}

/** The mean over channels, the same number in every channel. */
export function mean(operand: Expr): Expr {
  return operand.kind === 'constant' ? operand : { kind: 'mean', operand };
}

/** Applies an operation, folding constants and the neutral elements of sums and products. */
export function apply(op: ScalarOp, ...args: readonly Expr[]): Expr {
  if (args.length !== ops[op].arity) throw new RangeError(`${op} takes ${ops[op].arity} arguments, got ${args.length}.`);
  return folded(op, args) ?? simplified(op, args) ?? { kind: 'apply', op, args };
}

/** The expressions that this one is made from. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'constant':
    case 'random':
    case 'input': return [];
    case 'apply': return expr.args;
    case 'dot': return expr.terms.map((term) => term.operand);
    case 'mean': return [expr.operand];
  }
}

/** The same node over other children (in the order of `children`). */
export function withChildren(expr: Expr, next: readonly Expr[]): Expr {
  switch (expr.kind) {
    case 'constant':
    case 'random':
    case 'input': return expr;
    case 'apply': return apply(expr.op, ...next);
    case 'dot': return { ...expr, terms: expr.terms.map((term, k) => ({ block: term.block, operand: next[k] ?? term.operand })) };
    case 'mean': return mean(next[0] ?? expr.operand);
  }
}

/** Whether this is the given number. */
export function isConstant(expr: Expr, value: number): boolean {
  return expr.kind === 'constant' && Object.is(expr.value, value);
}

function folded(op: ScalarOp, args: readonly Expr[]): Expr | undefined {
  const values: number[] = [];
  for (const arg of args) {
    if (arg.kind !== 'constant') return undefined;
    values.push(arg.value);
  }
  const [a = 0, b = 0, c = 0] = values;
  return constant(ops[op].apply(a, b, c));
}

// x + 0 = x, x * 1 = x, x * 0 = 0: the zeros and ones are the literal ones of a derivative, never data.
function simplified(op: ScalarOp, args: readonly Expr[]): Expr | undefined {
  const [a, b, c] = args;
  if (a === undefined) return undefined;
  if (op === 'neg') return a.kind === 'apply' && a.op === 'neg' ? a.args[0] : undefined;
  if (b === undefined) return undefined;
  switch (op) {
    case 'add': return isConstant(a, 0) ? b : isConstant(b, 0) ? a : undefined;
    case 'sub': return isConstant(b, 0) ? a : isConstant(a, 0) ? apply('neg', b) : undefined;
    case 'mul':
      if (isConstant(a, 0) || isConstant(b, 0)) return constant(0);
      return isConstant(a, 1) ? b : isConstant(b, 1) ? a : undefined;
    case 'div': return isConstant(b, 1) ? a : undefined;
    case 'select': return a.kind === 'constant' ? (a.value !== 0 ? b : c) : b === c ? b : undefined;
    default: return undefined;
  }
}
