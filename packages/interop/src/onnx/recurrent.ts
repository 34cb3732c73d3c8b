import { activations, cells, gruWith, lstmWith, rnnWith, type ActivationName, type Cell } from '@unroll/cells';
import { ExchangeError, reordered, type ExchangedTensor, type RecurrentLayer } from '../network.ts';
import { registeredName } from '../same.ts';
import type { Attribute, Node } from './schema.ts';
import type { Values } from './values.ts';

type Operator = 'RNN' | 'LSTM' | 'GRU';

/** Whether an operator is one of ONNX's recurrent ones. */
export function isRecurrent(op: string): op is Operator {
  return op in operators;
}

/** The attributes of a node, by name. */
type Attributes = ReadonlyMap<string, Attribute>;
interface OperatorRule {
  /** Gates in ONNX's order, by the letters of our definition. */
  readonly order: readonly string[];
  /** How many activation functions a direction lists. */
  readonly functions: number;
  /** Whether its last input are peepholes. */
  readonly peepholes: boolean;
  readonly cellOf: (functions: readonly ActivationName[], attributes: Attributes, peepholes: boolean) => Cell;
}

const operators: Readonly<Record<Operator, OperatorRule>> = {
  RNN: { order: ['h'], functions: 1, peepholes: false, cellOf: ([phi = 'tanh'], attributes) => rnnWith({ activation: phi, ...clipOf(attributes) }) },
  GRU: {
    order: ['z', 'r', 'n'], functions: 2, peepholes: false,
    cellOf: ([sigma = 'sigmoid', phi = 'tanh'], attributes) => gruWith({ activations: [sigma, phi], resetAfter: attributes.get('linear_before_reset')?.i === 1, ...clipOf(attributes) }),
  },
  LSTM: {
    order: ['i', 'o', 'f', 'g'], functions: 3, peepholes: true,
    cellOf: ([sigma = 'sigmoid', phi = 'tanh', psi = 'tanh'], attributes, peepholes) => lstmWith({ activations: [sigma, phi, psi], peepholes, coupled: attributes.get('input_forget')?.i === 1, ...clipOf(attributes) }),
  },
};

/** One RNN, LSTM or GRU of a file as a layer of one level. @throws {ExchangeError} where it has a form that is not to be had here. */
export function readRecurrent(node: Node, op: Operator, values: Values): RecurrentLayer {
  const rule = operators[op];
  const attributes = new Map((node.attributes ?? []).map((attribute) => [attribute.name ?? '', attribute]));
  const [, w, r, b, lengths, ...later] = node.inputs ?? [];
  const scaled = [...attributes.keys()].find((name) => /^activation_(alpha|beta)$/.test(name));
  if (scaled !== undefined) throw new ExchangeError(`onnx: ${op} "${node.name ?? ''}" has ${scaled}; activation functions with numbers of their own cannot be read.`);
  if (later.slice(0, 2).some((state) => values.floats(state)?.data.some((number) => number !== 0))) throw new ExchangeError(`onnx: ${op} "${node.name ?? ''}" starts from fixed states that are not zero, which a layer does not keep.`);
  const [weights, recurrent, biases, peepholes] = [values.floats(w), values.floats(r), values.floats(b), values.floats(rule.peepholes ? later[2] : undefined)];
  if (weights === undefined || recurrent === undefined) throw new ExchangeError(`onnx: ${op} "${node.name ?? ''}" has no weights in the file.`);
  if (lengths !== undefined && lengths !== '' && values.has(lengths)) throw new ExchangeError(`onnx: ${op} "${node.name ?? ''}" has fixed lengths of sequences, which a layer does not keep; export it without.`);
  const direction = attributes.get('direction')?.s ?? 'forward';
  if (direction === 'reverse') throw new ExchangeError(`onnx: ${op} "${node.name ?? ''}" runs backwards only; a layer runs forwards, or both ways.`);
  const cell = knownCell(rule.cellOf(functionsOf(rule, attributes), attributes, peepholes !== undefined));
  const [, , inputSize = 0] = weights.shape;
  const [, , hiddenSize = 0] = recurrent.shape;
  const bidirectional = direction === 'bidirectional';
  return { kind: 'recurrent', cell, inputSize, hiddenSize, numLayers: 1, bidirectional, bias: biases !== undefined, parameters: parametersOf({ rule, cell, bidirectional, weights, recurrent, biases, peepholes, hiddenSize }) };
}

interface Blocks {
  readonly rule: OperatorRule; readonly cell: Cell; readonly bidirectional: boolean; readonly hiddenSize: number;
  readonly weights: ExchangedTensor; readonly recurrent: ExchangedTensor; readonly biases: ExchangedTensor | undefined; readonly peepholes: ExchangedTensor | undefined;
}

function parametersOf({ rule: { order }, cell, bidirectional, weights, recurrent, biases, peepholes, hiddenSize: H }: Blocks): Record<string, ExchangedTensor> {
  const result: Record<string, ExchangedTensor> = {};
  const rows = order.length * H;
  const stacked = (tensor: ExchangedTensor): ExchangedTensor => reordered(tensor, order, cell.inputGates);
  for (const [k, suffix] of (bidirectional ? ['_l0', '_l0_reverse'] : ['_l0']).entries()) {
    result[`weight_ih${suffix}`] = stacked(part(weights, k, 0, [rows, weights.shape[2] ?? 0]));
    result[`weight_hh${suffix}`] = stacked(part(recurrent, k, 0, [rows, H]));
    if (biases !== undefined) for (const [half, name] of ['bias_ih', 'bias_hh'].entries()) result[`${name}${suffix}`] = stacked(part(biases, 2 * k + half, 0, [rows]));
    if (peepholes !== undefined) for (const [place, name] of ['p_i', 'p_o', 'p_f'].entries()) if (cell.vectors.includes(name)) result[`${name}${suffix}`] = part(peepholes, 3 * k + place, 0, [H]);
  }
  return result;
}

// The k-th of the parts of that shape that a tensor is stacked from.
function part({ data }: ExchangedTensor, k: number, offset: number, shape: readonly number[]): ExchangedTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = data.slice(offset + k * size, offset + (k + 1) * size);
  if (values.length !== size) throw new ExchangeError(`onnx: a recurrent weight has ${data.length} numbers, too few for parts of (${shape.join(', ')}).`);
  return { shape, data: values };
}

function functionsOf({ functions }: OperatorRule, attributes: Attributes): ActivationName[] {
  const names = (attributes.get('activations')?.strings ?? []).map((name) => name.toLowerCase());
  const known = names.map((name) => Object.keys(activations).find((activation) => activation.toLowerCase() === name));
  const unknown = known.indexOf(undefined);
  if (unknown >= 0) throw new ExchangeError(`onnx: there is no activation function "${names[unknown]}"; there are ${Object.keys(activations).join(', ')}.`);
  if (known.slice(functions).some((name, k) => name !== known[k % functions])) throw new ExchangeError('onnx: the directions of a layer have different activation functions, which one cell cannot have.');
  return known.slice(0, functions) as ActivationName[];
}

function clipOf(attributes: Attributes): { clip?: number } {
  const bound = attributes.get('clip')?.f;
  return bound === undefined ? {} : { clip: bound };
}

/** The cell of the registry with the same equations, so that it is found by its name; else the one given. */
function knownCell(cell: Cell): Cell {
  const name = registeredName(cell);
  return name === undefined ? cell : cells[name];
}
