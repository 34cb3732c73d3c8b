import type { ExchangedTensor } from '../network.ts';
import type { Attribute, Graph, Node, TensorProto, Value } from './schema.ts';

/** Element types, by ONNX's numbers. */
export const elementTypes = { float: 1, int64: 7, bool: 9 } as const;
/** Kinds of attributes, by ONNX's numbers. */
const attributeTypes = { f: 1, i: 2, s: 3, g: 5, floats: 6, ints: 7, strings: 8 } as const;

/** The value of a node's attribute: a number becomes an integer (`i`). */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Graph;

/** Writes a graph node by node; every name is used once, also among graphs that lie inside one another. */
export class GraphWriter {
  readonly #nodes: Node[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #taken: Set<string>;

  /** `outer`: the graph that this one lies in. */
  constructor(outer?: GraphWriter) {
    this.#taken = outer === undefined ? new Set() : outer.#taken;
  }

  /** A name like this one that is not in use yet. */
  name(wish: string): string {
    let name = wish;
    for (let k = 2; this.#taken.has(name); k++) name = `${wish}_${k}`;
    this.#taken.add(name);
    return name;
  }

  /** A node with several outputs; returns their names, made from `wishes`. An input that is undefined is left out, as optional ones may be. */
  nodes(op: string, inputs: readonly (string | undefined)[], wishes: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string[] {
    const outputs = wishes.map((wish) => this.name(wish));
    this.#nodes.push({ op, name: this.name(op), inputs: inputs.map((input) => input ?? ''), outputs, attributes: Object.entries(attributes).map(([name, value]) => attribute(name, value)) });
    return outputs;
  }

  /** A node with one output; returns its name. */
  node(op: string, inputs: readonly (string | undefined)[], attributes: Readonly<Record<string, AttributeValue>> = {}, wish: string = op.toLowerCase()): string {
    return this.nodes(op, inputs, [wish], attributes)[0] as string;
  }

  /** Gives a value the name that the graph's output must have. */
  rename(value: string, output: string): void {
    this.#nodes.push({ op: 'Identity', name: this.name('Identity'), inputs: [value], outputs: [output] });
  }

  /** A float tensor of the file; returns its name. */
  floats(wish: string, { shape, data }: ExchangedTensor): string {
    const name = this.name(wish);
    this.#initializers.push({ name, dims: [...shape], dataType: elementTypes.float, raw: littleEndian(data.length, 4, (view, k) => view.setFloat32(4 * k, data[k] as number, true)) });
    return name;
  }

  /** A number for every channel. */
  number(value: number): string {
    return this.floats('number', { shape: [], data: Float32Array.of(value) });
  }

  /** A list of whole numbers; returns its name. */
  integers(wish: string, values: readonly number[]): string {
    const name = this.name(wish);
    this.#initializers.push({ name, dims: [values.length], dataType: elementTypes.int64, raw: littleEndian(values.length, 8, (view, k) => view.setBigInt64(8 * k, BigInt(values[k] as number), true)) });
    return name;
  }

  /** Everything written so far, as a graph. */
  graph(name: string, inputs: readonly Value[], outputs: readonly Value[]): Graph {
    return { name, nodes: this.#nodes, initializers: this.#initializers, inputs, outputs };
  }
}

/** An input or output of a graph: a name, its type, and each axis as a number or a name. */
export function value(name: string, elementType: keyof typeof elementTypes, axes: readonly (number | string)[]): Value {
  const dimensions = axes.map((axis) => (typeof axis === 'number' ? { value: axis } : { name: axis }));
  return { name, type: { tensor: { elementType: elementTypes[elementType], shape: { dimensions } } } };
}

function attribute(name: string, given: AttributeValue): Attribute {
  if (typeof given === 'number') return { name, i: given, type: attributeTypes.i };
  if (typeof given === 'string') return { name, s: given, type: attributeTypes.s };
  if (!isList(given)) return { name, g: given, type: attributeTypes.g };
  return typeof given[0] === 'string' ? { name, strings: given as readonly string[], type: attributeTypes.strings } : { name, ints: given as readonly number[], type: attributeTypes.ints };
}

function isList(given: AttributeValue): given is readonly number[] | readonly string[] {
  return Array.isArray(given);
}

// The file's numbers are little-endian whatever the machine's order is.
function littleEndian(count: number, width: number, write: (view: DataView, index: number) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(count * width));
  for (let k = 0; k < count; k++) write(view, k);
  return new Uint8Array(view.buffer);
}
