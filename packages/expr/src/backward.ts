import { adjoints, type Adjoints, type Seed } from './grad.ts';
import { children, constant, input, type Expr, type Input } from './node.ts';
import { ops } from './ops.ts';
import { mapStep, roots, widths, type Accumulation, type Field, type Step } from './step.ts';
import { dependents, sharing, substitute, topological } from './walk.ts';

/** Where a sequence that the backward step reads comes from. */
export interface SequenceSource {
  /** `kept`: an extra output of the forward step; `output`, `sequence`: one that it has anyway; `cotangent`: the gradient of an output. */
  readonly kind: 'kept' | 'output' | 'sequence' | 'cotangent';
  readonly name: string;
}

/** The reverse of a step. */
export interface Backward {
  /** What the forward step has to write out as well. */
  readonly kept: Step['outputs'];
  /** To be run over the same time in the other direction. Its states are the adjoints of the forward states. */
  readonly step: Step;
  /** The origin of each of `step.sequences`. */
  readonly sources: readonly SequenceSource[];
}

/** Name of the adjoint of a value. */
export function adjointName(name: string): string {
  return `d.${name}`;
}

/** Name of the gradient of a weight's bias. */
export function biasName(weight: string): string {
  return `${weight}.bias`;
}

/**
 * Derives the backward step. `given` names the outputs that bring a gradient, `wanted` the sequences, vectors and weights whose
 * gradient is asked for; the gradients of the initial states are the final states of the backward step.
 *
 * Outputs of the backward step: `d.x` for each wanted sequence x. Accumulations, in this order: for each wanted vector `d.v`, then
 * for each wanted weight `d.W` and, with a bias, `d.W.bias`.
 */
export function differentiate(forward: Step, given: ReadonlySet<string>, wanted: ReadonlySet<string>): Backward {
  const share = sharing();
  const step = mapStep(forward, share);
  const found = adjoints(seedsOf(step, given));
  const leaves = inputNodes(step);
  const adjointOf = (name: string): Expr => found.of(leaves.get(name) ?? input(name)) ?? constant(0);
  const raw: Step = {
    states: step.states.map(({ name, width }) => ({ name: adjointName(name), width })),
    sequences: [],
    vectors: step.vectors,
    weights: step.weights.map((weight) => ({ ...weight, bias: false })),
    next: step.states.map(({ name }) => adjointOf(name)),
    outputs: step.sequences.filter(({ name }) => wanted.has(name)).map(({ name, width }) => ({ name: adjointName(name), width, value: adjointOf(name) })),
    accumulations: [...vectorSums(step, wanted, adjointOf), ...weightSums(step, wanted, found)],
    names: [],
  };
  return keepValues(step, mapStep(raw, share), given);
}

// Private: seeds, sums.

function seedsOf(step: Step, given: ReadonlySet<string>): Seed[] {
  const states = step.states.map(({ name }, k) => ({ node: step.next[k] as Expr, adjoint: input(adjointName(name)) }));
  const outputs = step.outputs.filter(({ name }) => given.has(name)).map(({ name, value }) => ({ node: value, adjoint: input(cotangentName(name)) }));
  return [...states, ...outputs];
}

function cotangentName(output: string): string {
  return `dy.${output}`;
}

function keptName(name: string): string {
  return `kept.${name}`;
}

function vectorSums(step: Step, wanted: ReadonlySet<string>, adjointOf: (name: string) => Expr): Accumulation[] {
  return step.vectors.filter(({ name }) => wanted.has(name)).map(({ name, width }) => ({
    name: adjointName(name), rows: width, columns: 0, parts: [{ offset: 0, left: adjointOf(name) }],
  }));
}

// dW_k = Σ left ⊗ right and db_k = Σ left, over every product with block k.
function weightSums(step: Step, wanted: ReadonlySet<string>, found: Adjoints): Accumulation[] {
  return step.weights.filter(({ name }) => wanted.has(name)).flatMap(({ name, blocks, rows, columns, bias }) => {
    const products = found.products.filter((product) => product.weight === name).sort((a, b) => a.block - b.block);
    const matrix = { name: adjointName(name), rows: blocks * rows, columns, parts: products.map(({ block, left, right }) => ({ offset: block * rows, left, right })) };
    const sums = { name: adjointName(biasName(name)), rows: blocks * rows, columns: 0, parts: products.map(({ block, left }) => ({ offset: block * rows, left })) };
    return bias ? [matrix, sums] : [matrix];
  });
}

// Private: what to keep.

/**
 * Replaces the values of the forward step that the backward step reads by sequences. Expensive ones are kept; cheap ones are
 * computed again when all they need is there (`1 − z` from z); when one value is missing for it, that value is kept in its place.
 */
function keepValues(forward: Step, raw: Step, given: ReadonlySet<string>): Backward {
  const active = dependents(roots(raw), (node) => node.kind === 'input' && isCotangent(node, forward, given));
  const states = new Set(forward.states.map(({ name }) => name));
  const outputs = new Map(forward.outputs.map(({ name, value }) => [value, name]));
  const kept = chooseKept(frontier(raw, active), states, new Set(outputs.keys()));
  // Not every kept value stands in the forward step: some are only made by the derivative (which of two is smaller).
  const widthOf = widths(forward, [...kept]);
  const entries = [...kept].map((value) => ({ value, width: widthOf.get(value) ?? 1, output: outputs.get(value), name: outputs.get(value) ?? nameOf(value, forward) }));
  const names = uniqueNames(entries.map(({ name }) => name));
  const replacement = new Map(entries.map(({ value }, k) => [value, input(keptName(names[k] as string))]));
  const step = mapStep(raw, substitute((node) => replacement.get(node)));
  const reused = forward.sequences.filter(({ name }) => usesInput(step, name));
  const cotangents = forward.outputs.filter(({ name }) => given.has(name));
  const sequences: Field[] = [
    ...entries.map(({ width }, k) => ({ name: keptName(names[k] as string), width })),
    ...reused,
    ...cotangents.map(({ name, width }) => ({ name: cotangentName(name), width })),
  ];
  const sources: SequenceSource[] = [
    ...entries.map(({ output }, k): SequenceSource => (output === undefined ? { kind: 'kept', name: names[k] as string } : { kind: 'output', name: output })),
    ...reused.map(({ name }): SequenceSource => ({ kind: 'sequence', name })),
    ...cotangents.map(({ name }): SequenceSource => ({ kind: 'cotangent', name })),
  ];
  const extra = entries.flatMap(({ value, width, output }, k) => (output === undefined ? [{ name: names[k] as string, width, value }] : []));
  return { kept: extra, step: { ...step, sequences, vectors: step.vectors.filter(({ name }) => usesInput(step, name)), weights: step.weights.filter(({ name }) => usesWeight(step, name)) }, sources };
}

function isCotangent(node: Input, forward: Step, given: ReadonlySet<string>): boolean {
  return forward.states.some(({ name }) => node.name === adjointName(name)) || [...given].some((name) => node.name === cotangentName(name));
}

// The values of the forward step that stand directly under an adjoint, or are asked for by themselves.
function frontier(step: Step, active: ReadonlySet<Expr>): Expr[] {
  const all = roots(step);
  const found = new Set<Expr>(all.filter((node) => !active.has(node)));
  for (const node of topological(all)) if (active.has(node)) for (const child of children(node)) if (!active.has(child)) found.add(child);
  return topological(found).filter((node) => found.has(node));
}

// What the forward step writes out anyway (`free`) costs nothing.
function chooseKept(values: readonly Expr[], states: ReadonlySet<string>, free: ReadonlySet<Expr>): Set<Expr> {
  const isState = (node: Expr): boolean => node.kind === 'input' && states.has(node.name);
  const isExpensive = (node: Expr): boolean => node.kind === 'dot' || node.kind === 'mean' || (node.kind === 'apply' && !ops[node.op].cheap);
  const kept = new Set(values.filter((node) => isState(node) || isExpensive(node)));
  const missing = (node: Expr): Set<Expr> => {
    if (free.has(node)) kept.add(node);
    if (kept.has(node) || node.kind === 'constant' || node.kind === 'random' || (node.kind === 'input' && !isState(node))) return new Set();
    if (node.kind !== 'apply' || isExpensive(node)) return new Set([node]);
    return new Set(node.args.flatMap((arg) => [...missing(arg)]));
  };
  for (const node of values) {
    const needs = [...missing(node)];
    const only = needs[0];
    if (only !== undefined) kept.add(needs.length === 1 ? only : node);
  }
  return kept;
}

function nameOf(value: Expr, step: Step): string {
  if (value.kind === 'input') return `${value.name}.before`;
  return step.names.find((named) => named.value === value)?.name ?? (value.kind === 'apply' ? value.op : value.kind);
}

function uniqueNames(names: readonly string[]): string[] {
  return names.map((name, k) => (names.indexOf(name) === k ? name : `${name}.${k}`));
}

// Private: rewriting steps.

function inputNodes(step: Step): Map<string, Expr> {
  const nodes = topological([...roots(step), ...step.names.map(({ value }) => value)]);
  return new Map(nodes.flatMap((node) => (node.kind === 'input' ? [[node.name, node] as const] : [])));
}

function usesInput(step: Step, name: string): boolean {
  return topological(roots(step)).some((node) => node.kind === 'input' && node.name === name);
}

function usesWeight(step: Step, name: string): boolean {
  return topological(roots(step)).some((node) => node.kind === 'dot' && node.weight === name);
}
