import { children, type Expr } from './node.ts';
import { dependents, topological } from './walk.ts';

/** A named row of channels. */
export interface Field { readonly name: string; readonly width: number }

/** A weight of `blocks` stacked blocks of (rows, columns), all together (blocks · rows, columns); with `bias`, (blocks · rows) more. */
export interface WeightField {
  readonly name: string;
  readonly blocks: number;
  readonly rows: number;
  readonly columns: number;
  readonly bias: boolean;
}

/**
 * One block of rows of an accumulation, from row `offset` on: with `right`, the sum over all steps and rows of the batch of the outer
 * products `left ⊗ right`; without it, the sum of `left`.
 */
export interface AccumulationPart { readonly offset: number; readonly left: Expr; readonly right?: Expr }
/** A sum over all time, (rows, columns), or (rows) where `columns` is 0: the gradient of a weight, of its bias or of a vector. */
export interface Accumulation {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly parts: readonly AccumulationPart[];
}

/**
 * One step of a recurrence, whole: what comes in by name, and an expression for everything that goes out. Who executes it cuts it
 * into stages (`plan`). T time, B batch.
 *
 * Tensors in, in this order: for each state (B, width), the value before the first step; for each sequence (T, B, width); for each
 * vector (width); for each weight its matrix (blocks · rows, columns) and, with a bias, (blocks · rows); where the step draws random
 * numbers, their seed, int32 (2).
 * Tensors out: for each state (B, width), the value after the last step; for each output (T, B, width); for each accumulation its sum.
 */
export interface Step {
  readonly states: readonly Field[];
  readonly sequences: readonly Field[];
  readonly vectors: readonly Field[];
  readonly weights: readonly WeightField[];
  /** The next value of each state, in the order of `states`. */
  readonly next: readonly Expr[];
  readonly outputs: readonly (Field & { readonly value: Expr })[];
  readonly accumulations: readonly Accumulation[];
  /** The author's names of values along the way (`i`, `f`, …). They change nothing that is computed; kept values and generated code bear them. */
  readonly names: readonly { readonly name: string; readonly value: Expr }[];
}

/** A fault in a step's graph. */
export class StepError extends Error {
  override readonly name = 'StepError';
}

/** Every expression that a step computes something from: next states, outputs, both sides of accumulations. */
export function roots(step: Step): Expr[] {
  const sides = step.accumulations.flatMap(({ parts }) => parts.flatMap(({ left, right }) => (right === undefined ? [left] : [left, right])));
  return [...step.next, ...step.outputs.map(({ value }) => value), ...sides];
}

const drawing = new WeakMap<Step, boolean>();

/** Whether a step draws random numbers, so that a run of it needs a seed. */
export function drawsRandom(step: Step): boolean {
  const known = drawing.get(step) ?? topological(roots(step)).some(({ kind }) => kind === 'random');
  drawing.set(step, known);
  return known;
}

/** The same step over other expressions. */
export function mapStep(step: Step, change: (root: Expr) => Expr): Step {
  return {
    ...step,
    next: step.next.map(change),
    outputs: step.outputs.map((output) => ({ ...output, value: change(output.value) })),
    accumulations: step.accumulations.map((sum) => ({
      ...sum,
      parts: sum.parts.map(({ offset, left, right }) => (right === undefined ? { offset, left: change(left) } : { offset, left: change(left), right: change(right) })),
    })),
    names: step.names.map(({ name, value }) => ({ name, value: change(value) })),
  };
}

/** The number of channels of every node of a step, and of `others` over the same names; constants, and nodes of constants alone, fit any width and have none. */
export function widths(step: Step, others: readonly Expr[] = []): Map<Expr, number | undefined> {
  const named = new Map([...step.states, ...step.sequences, ...step.vectors].map(({ name, width }) => [name, width]));
  const weights = new Map(step.weights.map((weight) => [weight.name, weight]));
  const found = new Map<Expr, number | undefined>();
  const all = [...roots(step), ...others];
  for (const node of topological(all)) found.set(node, widthOf(node, found, named, weights));
  widenDraws(step, all, found);
  return found;
}

// Random numbers are as wide as what they meet: widths go down from the results to where nothing has given one yet.
function widenDraws(step: Step, all: readonly Expr[], found: Map<Expr, number | undefined>): void {
  const drawn = dependents(all, ({ kind }) => kind === 'random');
  if (drawn.size === 0) return;
  const weights = new Map(step.weights.map((weight) => [weight.name, weight]));
  const widen = (node: Expr | undefined, width: number | undefined): void => {
    if (node === undefined || width === undefined || !drawn.has(node)) return;
    const known = found.get(node);
    if (known !== undefined && known !== width) throw new StepError(`step: random numbers of one stream are used for rows of ${known} and of ${width} channels; draw them from two streams.`);
    found.set(node, width);
  };
  step.next.forEach((node, k) => widen(node, step.states[k]?.width));
  for (const { value, width } of step.outputs) widen(value, width);
  for (const node of topological(all).reverse()) {
    const weight = node.kind === 'dot' ? weights.get(node.weight) : undefined;
    const below = node.kind === 'dot' ? (node.transposed ? weight?.rows : weight?.columns) : found.get(node);
    for (const child of children(node)) widen(child, below);
  }
}

/** Throws a `StepError` where names are missing or double, or widths do not agree. */
export function checkStep(step: Step): void {
  const names = [...step.states, ...step.sequences, ...step.vectors, ...step.weights].map(({ name }) => name);
  const double = names.find((name, k) => names.indexOf(name) !== k);
  if (double !== undefined) throw new StepError(`step: the name "${double}" is used twice; states, sequences, vectors and weights share one set of names.`);
  if (step.next.length !== step.states.length) throw new StepError(`step: ${step.states.length} states need as many next values, got ${step.next.length}.`);
  const found = widths(step);
  step.states.forEach(({ name, width }, k) => expectWidth(`next value of state "${name}"`, found.get(step.next[k] as Expr), width));
  for (const { name, width, value } of step.outputs) expectWidth(`output "${name}"`, found.get(value), width);
  for (const sum of step.accumulations) checkAccumulation(sum, found);
}

function checkAccumulation({ name, rows, columns, parts }: Accumulation, found: ReadonlyMap<Expr, number | undefined>): void {
  for (const { offset, left, right } of parts) {
    const height = found.get(left) ?? 0;
    if (offset < 0 || offset + height > rows) throw new StepError(`step: accumulation "${name}" has ${rows} rows, but a part takes rows ${offset} to ${offset + height}.`);
    if ((right === undefined) !== (columns === 0)) throw new StepError(`step: accumulation "${name}" has ${columns} columns, so its parts must have ${columns === 0 ? 'no' : 'a'} right side.`);
    if (right !== undefined) expectWidth(`right side of accumulation "${name}"`, found.get(right), columns);
  }
}

function expectWidth(what: string, got: number | undefined, expected: number): void {
  if (got !== undefined && got !== expected) throw new StepError(`step: the ${what} must have ${expected} channels, got ${got}.`);
}

function widthOf(
  node: Expr,
  found: ReadonlyMap<Expr, number | undefined>,
  named: ReadonlyMap<string, number>,
  weights: ReadonlyMap<string, WeightField>,
): number | undefined {
  switch (node.kind) {
    case 'constant':
    case 'random': return undefined;
    case 'input': {
      const width = named.get(node.name);
      if (width === undefined) throw new StepError(`step: nothing is named "${node.name}"; known are ${[...named.keys()].join(', ')}.`);
      return width;
    }
    case 'dot': {
      const weight = weights.get(node.weight);
      if (weight === undefined) throw new StepError(`step: no weight is named "${node.weight}"; known are ${[...weights.keys()].join(', ') || 'none'}.`);
      for (const term of node.terms) checkTerm(weight, node.transposed, term.block, found.get(term.operand));
      return node.transposed ? weight.columns : weight.rows;
    }
    case 'mean':
    case 'apply': return commonWidth(node, found);
  }
}

function checkTerm(weight: WeightField, transposed: boolean, block: number, operand: number | undefined): void {
  if (block < 0 || block >= weight.blocks) throw new StepError(`step: weight "${weight.name}" has ${weight.blocks} blocks, block ${block} does not exist.`);
  const expected = transposed ? weight.rows : weight.columns;
  expectWidth(`operand of weight "${weight.name}"${transposed ? ' transposed' : ''}`, operand, expected);
}

function commonWidth(node: Expr, found: ReadonlyMap<Expr, number | undefined>): number | undefined {
  let width: number | undefined;
  for (const child of children(node)) {
    const own = found.get(child);
    if (own === undefined) continue;
    if (width !== undefined && own !== width) {
      throw new StepError(`step: ${node.kind === 'apply' ? node.op : node.kind} needs values of one width, got ${width} and ${own} channels.`);
    }
    width = own;
  }
  return width;
}
