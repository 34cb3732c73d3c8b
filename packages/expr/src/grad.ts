import { add, div, less, lessEqual, equal, mul, neg, select, sub } from './build.ts';
import { constant, mean, transposedDot, type Apply, type Dot, type DotTerm, type Expr } from './node.ts';
import type { ScalarOp } from './ops.ts';
import { topological } from './walk.ts';

/** The adjoints of an operation's arguments, from its arguments, its value y and the adjoint of its value; undefined is zero. */
type Derivative = (args: readonly Expr[], y: Expr, dy: Expr) => readonly (Expr | undefined)[];

const binary = (rule: (a: Expr, b: Expr, dy: Expr, y: Expr) => readonly [Expr, Expr]): Derivative => ([a, b], y, dy) =>
  a === undefined || b === undefined ? [] : rule(a, b, dy, y);
const unary = (rule: (a: Expr, y: Expr, dy: Expr) => Expr): Derivative => ([a], y, dy) => (a === undefined ? [] : [rule(a, y, dy)]);
const flat: Derivative = () => [];
// Where two arguments are equal, minimum and maximum pass half of the adjoint to each, as PyTorch does.
const half = (a: Expr, b: Expr): Expr => mul(0.5, equal(a, b));

/** One line of mathematics an operation. */
export const derivatives: Readonly<Record<ScalarOp, Derivative>> = {
  // d(a + b) = da + db
  add: binary((_a, _b, dy) => [dy, dy]),
  // d(a − b) = da − db
  sub: binary((_a, _b, dy) => [dy, neg(dy)]),
  // d(a b) = b da + a db
  mul: binary((a, b, dy) => [mul(dy, b), mul(dy, a)]),
  // d(a / b) = da / b − (y / b) db
  div: binary((_a, b, dy, y) => [div(dy, b), neg(mul(div(dy, b), y))]),
  // d min(a, b) = da where a < b, db where b < a, half of each where they are equal
  min: binary((a, b, dy) => [mul(dy, add(less(a, b), half(a, b))), mul(dy, add(less(b, a), half(a, b)))]),
  // d max(a, b) = da where b < a, db where a < b, half of each where they are equal
  max: binary((a, b, dy) => [mul(dy, add(less(b, a), half(a, b))), mul(dy, add(less(a, b), half(a, b)))]),
  // comparisons and steps are flat wherever they have a derivative
  less: flat,
  lessEqual: flat,
  equal: flat,
  floor: flat,
  // d(−a) = −da
  neg: unary((_a, _y, dy) => neg(dy)),
  // d|a| = sign(a) da, 0 at 0
  abs: unary((a, _y, dy) => select(less(a, 0), neg(dy), select(less(0, a), dy, 0))),
  // d√a = da / (2 y)
  sqrt: unary((_a, y, dy) => div(dy, mul(2, y))),
  // d eᵃ = y da
  exp: unary((_a, y, dy) => mul(dy, y)),
  // d log a = da / a
  log: unary((a, _y, dy) => div(dy, a)),
  // d tanh(a) = (1 − y²) da
  tanh: unary((_a, y, dy) => mul(dy, sub(1, mul(y, y)))),
  // d sigmoid(a) = y (1 − y) da
  sigmoid: unary((_a, y, dy) => mul(dy, mul(y, sub(1, y)))),
  // d relu(a) = da where y > 0, 0 at 0
  relu: unary((_a, y, dy) => select(lessEqual(y, 0), 0, dy)),
  // d select(c, a, b) = da where c, db elsewhere; the condition is flat
  select: ([c, a, b], _y, dy) => (c === undefined || a === undefined || b === undefined ? [] : [undefined, select(c, dy, 0), select(c, 0, dy)]),
};

/** A value of the forward graph and the adjoint that comes to it from outside. */
export interface Seed { readonly node: Expr; readonly adjoint: Expr }

/** Adjoints of a graph. */
export interface Adjoints {
  /** The adjoint of a node of the forward graph, undefined where nothing depends on it. */
  of(node: Expr): Expr | undefined;
  /** For every product `W_k e` that has an adjoint: the block k, the adjoint of the product (left) and e (right); dW_k = Σ left ⊗ right. */
  readonly products: readonly { readonly weight: string; readonly block: number; readonly left: Expr; readonly right: Expr }[];
}

/** Reverse mode over a whole graph of expressions: what reaches every node from the seeds. */
export function adjoints(seeds: readonly Seed[]): Adjoints {
  const sums = new Map<Expr, Expr>();
  const pulled = new Map<Expr, Map<string, DotTerm[]>>();
  const products: { weight: string; block: number; left: Expr; right: Expr }[] = [];
  const send = (node: Expr, adjoint: Expr | undefined): void => {
    if (adjoint === undefined) return;
    const sum = sums.get(node);
    sums.set(node, sum === undefined ? adjoint : add(sum, adjoint));
  };
  // W_kᵀ dy for all blocks of one weight that multiply the same operand becomes one stacked product.
  const collect = (node: Dot, dy: Expr): void => {
    for (const { block, operand } of node.terms) {
      const byWeight = pulled.get(operand) ?? new Map<string, DotTerm[]>();
      pulled.set(operand, byWeight);
      byWeight.set(node.weight, [...(byWeight.get(node.weight) ?? []), { block, operand: dy }]);
      products.push({ weight: node.weight, block, left: dy, right: operand });
    }
  };
  for (const { node, adjoint } of seeds) send(node, adjoint);
  for (const node of topological(seeds.map((seed) => seed.node)).reverse()) {
    for (const [weight, terms] of pulled.get(node) ?? []) send(node, transposedDot(weight, [...terms].sort((a, b) => a.block - b.block)));
    const dy = sums.get(node);
    if (dy === undefined) continue;
    if (node.kind === 'apply') derive(node, dy).forEach((adjoint, k) => { const arg = node.args[k]; if (arg !== undefined) send(arg, adjoint); });
    // y = mean(a) in every channel: da = mean(dy)
    else if (node.kind === 'mean') send(node.operand, mean(dy));
    else if (node.kind === 'dot') {
      if (node.transposed) throw new RangeError(`grad: the transposed product of weight "${node.weight}" has no derivative; second derivatives of a recurrence are not supported.`);
      collect(node, dy);
    }
  }
  return { of: (node) => sums.get(node), products };
}

function derive(node: Apply, dy: Expr): readonly (Expr | undefined)[] {
  return derivatives[node.op](node.args, node, dy).map((adjoint) => (adjoint?.kind === 'constant' && adjoint.value === 0 ? undefined : adjoint));
}

/** Only for graphs without products (a fused elementwise function): the adjoint of each named input, 0 where it does not matter. */
export function gradient(output: Expr, inputs: readonly Expr[], dy: Expr): Expr[] {
  const found = adjoints([{ node: output, adjoint: dy }]);
  return inputs.map((node) => found.of(node) ?? constant(0));
}

