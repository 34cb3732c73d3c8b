import { dot, input, rewrite, type Expr } from '@unroll/expr';

/** What a step is written in terms of. */
export interface StepSymbols<Gate extends string, Vector extends string> {
  /** `W.i`: the input's share of gate i at this step, `W_i x_t + b_i` (`weight_ih`, `bias_ih`). */
  readonly W: { readonly [G in Gate]: Expr };
  /** `R.i(e)`: the recurrent share, `R_i e + c_i` (`weight_hh`, `bias_hh`), of any expression e. */
  readonly R: { readonly [G in Gate]: (operand: Expr) => Expr };
  /** `v.p`: a vector of parameters, one number a channel. */
  readonly v: { readonly [V in Vector]: Expr };
  /** The input x_t itself, for cells whose width equals that of their input. */
  readonly x: Expr;
}

/** A cell as its author writes it. */
export interface CellDefinition<State extends string, Gate extends string, Vector extends string, Result extends { readonly [S in State]: Expr }> {
  readonly name: string;
  /** The paper, or papers, that the equations come from. */
  readonly source: string;
  /** The states, carried from step to step. The first one is the cell's output. */
  readonly state: readonly State[];
  readonly gates: readonly Gate[];
  /** Vectors of parameters, one number a channel. */
  readonly vectors?: readonly Vector[];
  /** What a vector starts training at, such as 1 for a gain; the others start like weights. */
  readonly start?: { readonly [V in Vector]?: number };
  /** False where the cell's products have no bias in any case. Default true: they have one where the layer has. */
  readonly bias?: boolean;
  /** One step of time: returns the next value of every state, and any other value that deserves a name. */
  step(symbols: StepSymbols<Gate, Vector>, state: { readonly [S in State]: Expr }): Result;
}

/** A cell: the mathematics of one step as a graph, without sizes, devices or gradients. */
export interface Cell {
  readonly name: string;
  readonly source: string;
  readonly state: readonly string[];
  /** Gates with an input weight, in the order in which their rows are stacked in `weight_ih`. */
  readonly inputGates: readonly string[];
  /** Gates with a recurrent weight, in the order of their rows in `weight_hh`. */
  readonly recurrentGates: readonly string[];
  readonly vectors: readonly string[];
  /** What vectors start training at, for those that do not start like weights. */
  readonly start: Readonly<Record<string, number>>;
  /** Whether the products have a bias, where the layer has. */
  readonly bias: boolean;
  /** Every value that the author named, states included, in the order in which they were returned. */
  readonly values: readonly { readonly name: string; readonly value: Expr }[];
}

/** Name of the input in a cell's graph. */
export const inputName = 'x';
/** Names of the two stacked weights in a cell's graph. */
export const inputWeight = 'ih';
export const recurrentWeight = 'hh';

/** Runs the author's step once, on symbols. A gate that does not exist, or a state that is not returned, is a compile error. */
export function defineCell<const State extends string, const Gate extends string, const Vector extends string = never, Result extends { readonly [S in State]: Expr } = { readonly [S in State]: Expr }>(
  definition: CellDefinition<State, Gate, Vector, Result>,
): Cell {
  const { gates, vectors = [], state, bias = true } = definition;
  const used = { [inputWeight]: new Set<number>(), [recurrentWeight]: new Set<number>() };
  const product = (weight: keyof typeof used, gate: number, operand: Expr): Expr => {
    used[weight].add(gate);
    return dot(weight, gate, operand);
  };
  const x = input(inputName);
  const symbols: StepSymbols<Gate, Vector> = {
    W: lazyRecord(gates, (gate) => product(inputWeight, gates.indexOf(gate), x)),
    R: lazyRecord(gates, (gate) => (operand: Expr) => product(recurrentWeight, gates.indexOf(gate), operand)),
    v: lazyRecord(vectors, input),
    x,
  };
  const result = definition.step(symbols, lazyRecord(state, input));
  const present = (weight: keyof typeof used): Gate[] => gates.filter((_, k) => used[weight].has(k));
  const renumber = rewrite((node) => (node.kind === 'dot' && node.weight in used
    ? { ...node, terms: node.terms.map((term) => ({ ...term, block: blockOf(present(node.weight as keyof typeof used), gates, term.block) })) }
    : node));
  return {
    name: definition.name,
    source: definition.source,
    state,
    inputGates: present(inputWeight),
    recurrentGates: present(recurrentWeight),
    vectors,
    start: { ...definition.start },
    bias,
    values: Object.entries<Expr>(result).map(([name, value]) => ({ name, value: renumber(value) })),
  };
}

// Rows are stacked only for gates that have a weight, so a block's place is its gate's place among those.
function blockOf<Gate extends string>(present: readonly Gate[], gates: readonly Gate[], gate: number): number {
  return present.indexOf(gates[gate] as Gate);
}

// Symbols are made when they are read, so that a gate counts as used only where the author wrote it.
function lazyRecord<Name extends string, Value>(names: readonly Name[], make: (name: Name) => Value): { readonly [N in Name]: Value } {
  const record: Partial<Record<Name, Value>> = {};
  for (const name of names) Object.defineProperty(record, name, { enumerable: true, get: () => make(name) });
  return record as { readonly [N in Name]: Value };
}
