import { children, rewrite, sharing, topological, type Expr, type ScalarOp } from '@unroll/expr';
import type { Cell } from './define.ts';
import { CellError } from './errors.ts';
import { clip } from './functions.ts';

/**
 * The cell with bounds for what goes into its gates, −threshold … threshold: ONNX' attribute `clip`, for any cell. A gate's input is what
 * an activation function is applied to, as far as products of this step are in it; values that passed an activation before (the cell
 * state on its way out) are not bounded.
 */
export function withClip(cell: Cell, threshold: number): Cell {
  const share = sharing();
  const shared = cell.values.map(({ name, value }) => ({ name, value: share(value) }));
  const inputs = gateInputs(shared.map(({ value }) => value));
  const bounded = rewrite((node, original) => (inputs.has(original) ? clipped(node, threshold) : node));
  return { ...cell, name: `${cell.name} (clip ${threshold})`, values: shared.map(({ name, value }) => ({ name, value: bounded(value) })) };
}

/** `a`, but at least −bound and at most bound. */
export function clipped(a: Expr, bound: number): Expr {
  if (!(bound > 0 && bound < Infinity)) throw new CellError(`clip must be a number above 0, got ${bound}.`);
  return clip(a, -bound, bound);
}

/** The operations that activation functions are made of; all others hand products through. */
const bends: ReadonlySet<ScalarOp> = new Set<ScalarOp>(['tanh', 'sigmoid', 'relu', 'exp', 'abs', 'min', 'max', 'less', 'lessEqual']);

function gateInputs(roots: readonly Expr[]): Set<Expr> {
  const nodes = topological(roots);
  const bent = nodes.flatMap((node) => (node.kind === 'apply' && bends.has(node.op) ? node.args.map(core) : []));
  const withProduct = holdingProducts(nodes, new Set());
  const candidates = new Set(bent.filter((node) => withProduct.has(node)));
  // Of two that lie one in the other, the inner one is the gate's input.
  const withOwnProduct = holdingProducts(nodes, candidates);
  return new Set([...candidates].filter((node) => withOwnProduct.has(node)));
}

// The nodes that a product reaches without an activation, or a node of `stops`, in between.
function holdingProducts(nodes: readonly Expr[], stops: ReadonlySet<Expr>): Set<Expr> {
  const found = new Set<Expr>();
  const reaches = (node: Expr): boolean => children(node).some((child) => !stops.has(child) && found.has(child));
  for (const node of nodes) if (node.kind === 'dot' || (!(node.kind === 'apply' && bends.has(node.op)) && reaches(node))) found.add(node);
  return found;
}

// α a + β, −a: some activations begin with a line, which belongs to them.
function core(node: Expr): Expr {
  if (node.kind !== 'apply' || bends.has(node.op)) return node;
  const variable = node.args.filter(({ kind }) => kind !== 'constant');
  const [only] = variable;
  return only !== undefined && variable.length === 1 ? core(only) : node;
}
