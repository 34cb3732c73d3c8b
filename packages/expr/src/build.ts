import { apply, constant, type Expr } from './node.ts';

/** What an author may write for an expression: an expression, or a plain number. */
export type Operand = Expr | number;

function lift(operand: Operand): Expr {
  return typeof operand === 'number' ? constant(operand) : operand;
}

// Public API: one function an operation, from simple to hard.

/** `a + b`, and further terms. */
export function add(a: Operand, b: Operand, ...more: readonly Operand[]): Expr {
  return more.reduce<Expr>((sum, term) => apply('add', sum, lift(term)), apply('add', lift(a), lift(b)));
}
/** `a − b`. */
export function sub(a: Operand, b: Operand): Expr { return apply('sub', lift(a), lift(b)); }
/** `a ⊙ b`, and further factors. */
export function mul(a: Operand, b: Operand, ...more: readonly Operand[]): Expr {
  return more.reduce<Expr>((product, factor) => apply('mul', product, lift(factor)), apply('mul', lift(a), lift(b)));
}
/** `a / b`. */
export function div(a: Operand, b: Operand): Expr { return apply('div', lift(a), lift(b)); }
/** The smaller one; NaN where either is NaN. */
export function min(a: Operand, b: Operand): Expr { return apply('min', lift(a), lift(b)); }
/** The larger one; NaN where either is NaN. */
export function max(a: Operand, b: Operand): Expr { return apply('max', lift(a), lift(b)); }
/** 1 where `a < b`, else 0. */
export function less(a: Operand, b: Operand): Expr { return apply('less', lift(a), lift(b)); }
/** 1 where `a <= b`, else 0. */
export function lessEqual(a: Operand, b: Operand): Expr { return apply('lessEqual', lift(a), lift(b)); }
/** 1 where `a = b`, else 0. */
export function equal(a: Operand, b: Operand): Expr { return apply('equal', lift(a), lift(b)); }
/** `−a`. */
export function neg(a: Operand): Expr { return apply('neg', lift(a)); }
/** `|a|`. */
export function abs(a: Operand): Expr { return apply('abs', lift(a)); }
/** The largest whole number not above `a`. */
export function floor(a: Operand): Expr { return apply('floor', lift(a)); }
/** `√a`. */
export function sqrt(a: Operand): Expr { return apply('sqrt', lift(a)); }
/** `eᵃ`. */
export function exp(a: Operand): Expr { return apply('exp', lift(a)); }
/** Natural logarithm. */
export function log(a: Operand): Expr { return apply('log', lift(a)); }
/** Hyperbolic tangent. */
export function tanh(a: Operand): Expr { return apply('tanh', lift(a)); }
/** `1 / (1 + e⁻ᵃ)`. */
export function sigmoid(a: Operand): Expr { return apply('sigmoid', lift(a)); }
/** `max(a, 0)`. */
export function relu(a: Operand): Expr { return apply('relu', lift(a)); }
/** `a` where `condition` is not 0, else `b`. */
export function select(condition: Operand, a: Operand, b: Operand): Expr { return apply('select', lift(condition), lift(a), lift(b)); }
