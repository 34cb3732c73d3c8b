import type { Cell } from '@unroll/cells';
import { gateOrders, type ExchangedCell } from '../layouts.ts';
import { parameterOf, reordered, type ExchangedTensor, type RecurrentLayer } from '../network.ts';
import { exchangedName } from '../same.ts';
import type { AttributeValue, GraphWriter } from './graph.ts';

/** A cell that ONNX has an operator for. */
export interface NativeNode {
  readonly op: 'RNN' | 'LSTM' | 'GRU';
  /** The gates in the order of our definition, and in ONNX's. */
  readonly gates: readonly string[];
  readonly order: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The activation functions of one direction, where they are not ONNX's default. */
  readonly functions: readonly string[];
  /** Vectors of the cell in the order of ONNX's input P. */
  readonly peepholes: readonly string[];
}

const operators: Readonly<Record<ExchangedCell, Omit<NativeNode, 'gates' | 'order'>>> = {
  'rnn': { op: 'RNN', attributes: {}, functions: ['Tanh'], peepholes: [] },
  'rnn-relu': { op: 'RNN', attributes: {}, functions: ['Relu'], peepholes: [] },
  'lstm': { op: 'LSTM', attributes: {}, functions: [], peepholes: [] },
  'gru': { op: 'GRU', attributes: { linear_before_reset: 1 }, functions: [], peepholes: [] },
  'gru-original': { op: 'GRU', attributes: { linear_before_reset: 0 }, functions: [], peepholes: [] },
  'lstm-peephole': { op: 'LSTM', attributes: {}, functions: [], peepholes: ['p_i', 'p_o', 'p_f'] },
};

/** The operator that computes what the cell's equations say; undefined where there is none: a name alone proves nothing. */
export function nativeNodeOf(cell: Cell, projSize: number): NativeNode | undefined {
  const name = exchangedName(cell, projSize);
  const order = name === undefined ? undefined : gateOrders.onnx[name];
  if (name === undefined || order === undefined) return undefined;
  return { ...operators[name], gates: cell.inputGates, order };
}

/** Where a layer's values come from and go to. `states`: (D, B, H) each, or undefined where they start at zero. */
export interface LayerWires { readonly input: string; readonly states: readonly (string | undefined)[] }
export interface LayerResult { readonly output: string; readonly states: readonly string[] }

/** One layer, both directions, as an operator of ONNX: (T, B, I) to (T, B, D·H). */
export function writeNative(graph: GraphWriter, native: NativeNode, layer: RecurrentLayer, index: number, { input, states }: LayerWires): LayerResult {
  const { hiddenSize, bidirectional = false, bias = true } = layer;
  const suffixes = bidirectional ? [`_l${index}`, `_l${index}_reverse`] : [`_l${index}`];
  const width = index === 0 ? layer.inputSize : hiddenSize * suffixes.length;
  const rows = native.gates.length * hiddenSize;
  const blocks = (name: string, shape: readonly number[]): ExchangedTensor[] => suffixes.map((suffix) => reordered(parameterOf(layer, `${name}${suffix}`, shape), native.gates, native.order));
  const weights = graph.floats(`W_l${index}`, stacked(blocks('weight_ih', [rows, width]), [width]));
  const recurrent = graph.floats(`R_l${index}`, stacked(blocks('weight_hh', [rows, hiddenSize]), [hiddenSize]));
  const [b, c] = bias ? [blocks('bias_ih', [rows]), blocks('bias_hh', [rows])] : [[], []];
  const biases = bias ? graph.floats(`B_l${index}`, stacked(b.map((one, k) => joined([one, c[k] as ExchangedTensor])), [])) : undefined;
  const vectors = suffixes.map((suffix) => joined(native.peepholes.map((name) => parameterOf(layer, `${name}${suffix}`, [hiddenSize]))));
  const peepholes = native.peepholes.length > 0 ? [states.length < 2 ? undefined : states[1], graph.floats(`P_l${index}`, stacked(vectors, []))] : states.slice(1);
  const [all, ...last] = graph.nodes(native.op, [input, weights, recurrent, biases, undefined, states[0], ...peepholes], ['y', ...layer.cell.state.map((state) => `${state}_last`)], {
    ...native.attributes, ...(native.functions.length > 0 ? { activations: suffixes.flatMap(() => native.functions) } : {}), hidden_size: hiddenSize, direction: bidirectional ? 'bidirectional' : 'forward',
  });
  return { output: directionsLast(graph, all as string), states: last };
}

// (T, D, B, H) as (T, B, D·H).
function directionsLast(graph: GraphWriter, output: string): string {
  const turned = graph.node('Transpose', [output], { perm: [0, 2, 1, 3] });
  return graph.node('Reshape', [turned, graph.integers('shape', [0, 0, -1])], {}, 'layer');
}

/** One for each direction, as one tensor with the directions first. */
function stacked(parts: readonly ExchangedTensor[], columns: readonly number[]): ExchangedTensor {
  const { data } = joined(parts);
  const sizes = [parts.length, ...columns];
  return { shape: [parts.length, data.length / sizes.reduce((product, size) => product * size, 1), ...columns], data };
}

function joined(parts: readonly ExchangedTensor[]): ExchangedTensor {
  const data = new Float32Array(parts.reduce((size, part) => size + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [data.length], data };
}
