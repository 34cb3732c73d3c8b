import { ExchangeError, transposed, type ExchangedLayer, type ExchangedNetwork, type LinearLayer, type RecurrentLayer } from '../network.ts';
import { GraphWriter, value } from './graph.ts';
import { nativeNodeOf, writeNative, type LayerResult, type LayerWires } from './native.ts';
import { encodeModel } from './protobuf.ts';
import { writeScan } from './scan.ts';
import type { Value } from './schema.ts';

/** What goes into the file beside the network. */
export interface OnnxOptions {
  /**
   * True: initial states are inputs and last states outputs, (L·D, B, H) each: `h0`, `c0`, `hn`, `cn`; with several recurrent stacks
   * `h0_2` and so on. For streaming. Default false: states start at zero and are not given back.
   */
  readonly states?: boolean;
  /** Free texts, kept in the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The network as an ONNX file (opset 17, IR version 8). Input `input`: (T, B, I) floats, or (T, B) int64 ids where an embedding comes
 * first; output `output`: (T, B, channels). T and B are free.
 *
 * RNN, LSTM, GRU and the LSTM with peepholes become ONNX's operators of those names; any other cell becomes a Scan whose body are the
 * cell's equations.
 *
 * @throws {ExchangeError} for a parameter that is missing or has another shape, and for a cell that draws random numbers.
 */
export function writeOnnx({ layers }: ExchangedNetwork, { states = false, metadata = {} }: OnnxOptions = {}): Uint8Array<ArrayBuffer> {
  const [first] = layers;
  if (first === undefined) throw new ExchangeError('onnx: the network has no layers.');
  const graph = new GraphWriter();
  const input = graph.name('input');
  const output = graph.name('output');
  const inputs: Value[] = [inputOf(first, input)];
  const outputs: Value[] = [];
  const wires: Wires = { graph, states: states ? { inputs, outputs } : undefined };
  const last = layers.reduce((name, layer) => writers[layer.kind](wires, layer as never, name), input);
  graph.rename(last, output);
  outputs.unshift(value(output, 'float', ['T', 'B', channelsOf(layers.at(-1) as ExchangedLayer)]));
  return encodeModel({
    irVersion: 8, producerName: 'unroll', graph: graph.graph('network', inputs, outputs), opsets: [{ domain: '', version: 17 }],
    metadata: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
  });
}

interface Wires { readonly graph: GraphWriter; readonly states: { readonly inputs: Value[]; readonly outputs: Value[] } | undefined }

type Kinds = ExchangedLayer['kind'];
const writers: { readonly [K in Kinds]: (wires: Wires, layer: Extract<ExchangedLayer, { kind: K }>, input: string) => string } = {
  embedding: ({ graph }, { weight }, input) => graph.node('Gather', [graph.floats('embedding', weight), input], { axis: 0 }, 'embedded'),
  linear: ({ graph }, layer, input) => writeLinear(graph, layer, input),
  recurrent: writeStack,
};

function writeLinear(graph: GraphWriter, { weight, bias }: LinearLayer, input: string): string {
  const result = graph.node('MatMul', [input, graph.floats('weight', transposed(weight))]);
  return bias === undefined ? result : graph.node('Add', [result, graph.floats('bias', bias)]);
}

function writeStack({ graph, states }: Wires, layer: RecurrentLayer, input: string): string {
  const { cell, numLayers = 1, bidirectional = false, projSize = 0, hiddenSize } = layer;
  const native = nativeNodeOf(cell, projSize);
  const directions = bidirectional ? 2 : 1;
  const widths = cell.state.map((_, k) => (k === 0 && projSize > 0 ? projSize : hiddenSize));
  const initial = states === undefined ? [] : cell.state.map((state, k) => {
    const name = graph.name(`${state}0`);
    states.inputs.push(value(name, 'float', [numLayers * directions, 'B', widths[k] as number]));
    return name;
  });
  const results: LayerResult[] = [];
  for (let index = 0; index < numLayers; index++) {
    const wires: LayerWires = { input: results.at(-1)?.output ?? input, states: cell.state.map((_, k) => (initial[k] === undefined ? undefined : layerState(graph, initial[k], index * directions, directions))) };
    results.push(native === undefined ? writeScan(graph, layer, index, wires) : writeNative(graph, native, layer, index, wires));
  }
  if (states !== undefined) writeLastStates(graph, states.outputs, layer, results, widths);
  return results.at(-1)?.output ?? input;
}

// The rows of one layer out of (L·D, B, H).
function layerState(graph: GraphWriter, states: string, from: number, count: number): string {
  return graph.node('Slice', [states, graph.integers('from', [from]), graph.integers('to', [from + count]), graph.integers('axis', [0])], {}, 'state');
}

function writeLastStates(graph: GraphWriter, outputs: Value[], { cell, numLayers = 1, bidirectional = false }: RecurrentLayer, results: readonly LayerResult[], widths: readonly number[]): void {
  cell.state.forEach((state, k) => {
    const name = graph.name(`${state}n`);
    graph.rename(graph.node('Concat', results.map((result) => result.states[k] as string), { axis: 0 }, 'states'), name);
    outputs.push(value(name, 'float', [numLayers * (bidirectional ? 2 : 1), 'B', widths[k] as number]));
  });
}

function inputOf(layer: ExchangedLayer, name: string): Value {
  if (layer.kind === 'embedding') return value(name, 'int64', ['T', 'B']);
  return value(name, 'float', ['T', 'B', layer.kind === 'recurrent' ? layer.inputSize : layer.weight.shape[1] as number]);
}

function channelsOf(layer: ExchangedLayer): number {
  if (layer.kind !== 'recurrent') return layer.weight.shape[layer.kind === 'embedding' ? 1 : 0] as number;
  const { hiddenSize, projSize = 0, bidirectional = false } = layer;
  return (projSize > 0 ? projSize : hiddenSize) * (bidirectional ? 2 : 1);
}
