import { idiomOf, inputName, inputWeight, type Cell } from '@unroll/cells';
import { input, sharing, type Apply, type Dot, type Expr } from '@unroll/expr';
import { argumentsOf, spellingOf } from './spelling.ts';

/**
 * What a node stands for: `input` x; `state` the value of a state before the step; `next` the value after it; `gate` a sum of products
 * with weights and the function around it; `operator` a sum, a product or another operation of two values; `function` one of a single value;
 * `vector` a vector of parameters.
 */
export type NodeKind = 'input' | 'state' | 'next' | 'gate' | 'operator' | 'function' | 'vector';

/** One node of a cell's picture. */
export interface DiagramNode {
  /** Unique in the picture, and the same for the same cell. */
  readonly id: string;
  readonly kind: NodeKind;
  /** What stands in the node: σ, tanh, +, ×, 1 −. */
  readonly label: string;
  /** The author's name of the value, without time; '' where it has none. */
  readonly name: string;
  /** What the node computes; equal expressions of a cell are one object. */
  readonly value: Expr;
}

/** A value on its way from one node to another. */
export interface DiagramWire {
  readonly from: string;
  readonly to: string;
  /** The weights that the value is multiplied with on arrival, such as `W_f`; none where it arrives as it is. */
  readonly weights: readonly string[];
}

/** A cell as nodes and wires: inputs first, then in the order of computation, next states last. */
export interface DiagramGraph {
  readonly name: string;
  readonly states: readonly string[];
  readonly nodes: readonly DiagramNode[];
  readonly wires: readonly DiagramWire[];
}

/** The picture of a cell: each value that its author named, and each operation between them. */
export function graphOf(cell: Cell): DiagramGraph {
  return new Builder(cell).build();
}

/** The part of a gate's sum that only weights and parameters make, and the other terms. */
interface Sum { readonly products: readonly Dot[]; readonly others: readonly Expr[]; readonly normalised: boolean }

class Builder {
  readonly #cell: Cell;
  readonly #values: readonly { readonly name: string; readonly value: Expr }[];
  readonly #names: ReadonlyMap<Expr, string>;
  readonly #share = sharing();
  readonly #ids = new Map<Expr, string>();
  readonly #nodes: DiagramNode[] = [];
  readonly #wires: DiagramWire[] = [];

  constructor(cell: Cell) {
    this.#cell = cell;
    this.#values = cell.values.map(({ name, value }) => ({ name, value: this.#share(value) }));
    // A value with two names, such as a gate that is the next state as well, bears the first.
    this.#names = new Map(this.#values.toReversed().map(({ name, value }) => [value, name]));
  }

  build(): DiagramGraph {
    const { name, state } = this.#cell;
    for (const name of [...state, inputName]) this.#leafOf(name);
    for (const { value } of this.#values) this.#visit(value);
    for (const state of this.#cell.state) {
      const value = this.#values.find((named) => named.name === state)?.value;
      if (value !== undefined) this.#close(state, value);
    }
    return { name, states: state, nodes: this.#nodes, wires: this.#wires };
  }

  #close(state: string, value: Expr): void {
    const from = this.#visit(value);
    this.#nodes.push({ id: `next ${state}`, kind: 'next', label: state, name: state, value });
    this.#wires.push({ from, to: `next ${state}`, weights: [] });
  }

  #visit(value: Expr): string {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const id = value.kind === 'input' ? this.#leaf(value.name, value) : (this.#gate(value) ?? this.#operation(value));
    this.#ids.set(value, id);
    return id;
  }

  // States and the input come first, read or not.
  #leafOf(name: string): void {
    const value = this.#share(input(name));
    this.#ids.set(value, this.#leaf(name, value));
  }

  #leaf(name: string, value: Expr): string {
    const kind = name === inputName ? 'input' : this.#cell.state.includes(name) ? 'state' : 'vector';
    return this.#add({ id: `${kind} ${name}`, kind, label: name, name, value });
  }

  #add(node: DiagramNode): string {
    this.#nodes.push(node);
    return node.id;
  }

  #idOf(value: Expr, kind: string): string {
    return `${kind} ${this.#names.get(value) ?? this.#nodes.length}`;
  }

  // A gate takes in everything around its products that depends on nothing else: biases, gains, shifts, normalisation, bounds.
  #gate(value: Expr): string | undefined {
    const labels: string[] = [];
    let inner = value;
    for (let next = this.#around(inner, value); next !== undefined; next = this.#around(inner, value)) {
      labels.push(next.label);
      inner = next.operand;
    }
    const sum = this.#sumOf(inner, value);
    if (sum === undefined || sum.products.length === 0) return undefined;
    const others = sum.others.map((other) => ({ from: this.#visit(other), weights: [] as string[] }));
    const operands = new Map<string, string[]>();
    for (const product of sum.products) {
      for (const { block, operand } of product.terms) {
        const from = this.#visit(operand);
        operands.set(from, [...(operands.get(from) ?? []), this.#weight(product.weight, block)]);
      }
    }
    const bare = labels.length === 0 && !sum.normalised && operands.size === 1 ? [...operands.values()][0]?.join(' + ') : undefined;
    const label = labels.join(' ') || bare || 'Σ';
    const id = this.#add({ id: this.#idOf(value, 'gate'), kind: 'gate', label: sum.normalised ? `${label} LN` : label, name: this.#names.get(value) ?? '', value });
    for (const [from, weights] of operands) this.#wires.push({ from, to: id, weights });
    for (const { from, weights } of others) this.#wires.push({ from, to: id, weights });
    return id;
  }

  // A function of one value, unless somebody named that value.
  #around(value: Expr, root: Expr): { label: string; operand: Expr } | undefined {
    if (value !== root && this.#names.has(value)) return undefined;
    const idiom = idiomOf(value);
    if (idiom?.name === 'layernorm') return undefined;
    if (idiom !== undefined) return { label: spellingOf(idiom.name), operand: idiom.operand };
    return value.kind === 'apply' && value.args.length === 1 && value.op !== 'neg' ? { label: spellingOf(value.op), operand: value.args[0] as Expr } : undefined;
  }

  #sumOf(value: Expr, root: Expr): Sum | undefined {
    if (value !== root && this.#names.has(value)) return undefined;
    const found = { products: [] as Dot[], others: [] as Expr[], normalised: false };
    for (const term of this.#terms(value, root)) {
      const part = this.#parameters(term, root);
      if (part === undefined) found.others.push(term);
      else {
        found.products.push(...part.products);
        found.normalised ||= part.normalised;
      }
    }
    return found;
  }

  #terms(value: Expr, root: Expr): Expr[] {
    if (value.kind !== 'apply' || value.op !== 'add' || (value !== root && this.#names.has(value))) return [value];
    return value.args.flatMap((term) => this.#terms(term, root));
  }

  // The products in an expression that is linear in them, with constants and vectors alone beside them.
  #parameters(value: Expr, root: Expr): { products: Dot[]; normalised: boolean } | undefined {
    if (value !== root && this.#names.has(value)) return undefined;
    if (value.kind === 'dot') return { products: [value], normalised: false };
    if (value.kind === 'constant' || (value.kind === 'input' && this.#cell.vectors.includes(value.name))) return { products: [], normalised: false };
    const idiom = idiomOf(value);
    const linear = value.kind === 'apply' && (value.op === 'add' || value.op === 'sub' || value.op === 'mul' || value.op === 'neg');
    if (idiom === undefined ? !linear : idiom.name !== 'layernorm') return undefined;
    const parts = (idiom === undefined ? (value as Apply).args : [idiom.operand]).map((arg) => this.#parameters(arg, root));
    if (parts.some((part) => part === undefined)) return undefined;
    return { products: parts.flatMap((part) => part?.products ?? []), normalised: idiom !== undefined || parts.some((part) => part?.normalised === true) };
  }

  #weight(weight: string, block: number): string {
    const [letter, gates] = weight === inputWeight ? (['W', this.#cell.inputGates] as const) : (['R', this.#cell.recurrentGates] as const);
    return `${letter}_${gates[block] ?? block}`;
  }

  // A function of something normalised is one node: gain and shift belong to the normalisation.
  #arguments(value: Expr): { readonly label: string; readonly operands: readonly Expr[] } {
    const isVector = (name: string): boolean => this.#cell.vectors.includes(name);
    const found = argumentsOf(value, isVector);
    let inner = found.operands[0];
    while (found.operands.length === 1 && inner?.kind === 'apply' && !this.#names.has(inner)) {
      if (idiomOf(inner)?.name === 'layernorm') return { label: `${found.label} LN`, operands: [idiomOf(inner)?.operand ?? inner] };
      const others: Expr[] = inner.args.filter((arg) => !(arg.kind === 'input' && isVector(arg.name)));
      inner = others.length === 1 && (inner.op === 'add' || inner.op === 'mul') ? others[0] : undefined;
    }
    return found;
  }

  #operation(value: Expr): string {
    const { label, operands } = this.#arguments(value);
    const from = operands.map((operand) => this.#visit(operand));
    const kind = operands.length > 1 ? 'operator' : 'function';
    const id = this.#add({ id: this.#idOf(value, kind), kind, label, name: this.#names.get(value) ?? '', value });
    for (const source of new Set(from)) this.#wires.push({ from: source, to: id, weights: [] });
    return id;
  }
}
