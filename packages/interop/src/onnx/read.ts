import { ExchangeError, transposed, type ExchangedLayer, type ExchangedNetwork, type ExchangedTensor, type RecurrentLayer } from '../network.ts';
import { decodeModel } from './protobuf.ts';
import { isRecurrent, readRecurrent } from './recurrent.ts';
import type { Graph, Node } from './schema.ts';
import { constantValue, Values } from './values.ts';

/** What an ONNX file holds: the network, and the free texts of its metadata. */
export interface OnnxFile extends ExchangedNetwork { readonly metadata: Readonly<Record<string, string>> }

/**
 * The layers of an ONNX file that are a chain: embedding (Gather), any number of RNN, LSTM and GRU, linear layers (Gemm, or MatMul and
 * Add). Stacked operators of equal kind and width become one stack. What only moves data (Transpose, Reshape, Squeeze and what computes
 * their shapes) is passed over: of the file's graph, the layers and their numbers are taken, not the layout of its inputs and outputs.
 *
 * @throws {ExchangeError} for a file that is damaged, that computes anything else, or keeps its numbers in another file.
 */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  const { graph, metadata = [] } = decodeModel(bytes);
  if (graph === undefined) throw new ExchangeError('onnx: the file has no graph; is it an ONNX model?');
  return { layers: merged(readLayers(graph)), metadata: Object.fromEntries(metadata.map(({ key = '', value = '' }) => [key, value])) };
}

/** Operators that move values, or compute shapes, and change no number on its way. */
const passing: ReadonlySet<string> = new Set([
  'Cast', 'Concat', 'Constant', 'ConstantOfShape', 'Expand', 'Flatten', 'Identity', 'Reshape', 'Shape', 'Slice', 'Split', 'Squeeze', 'Transpose', 'Unsqueeze', 'Dropout',
]);

function readLayers({ nodes = [], initializers = [] }: Graph): ExchangedLayer[] {
  const values = new Values(initializers);
  const layers: ExchangedLayer[] = [];
  for (const node of nodes) {
    const { op = '', outputs = [] } = node;
    if (op === 'Constant') values.set(outputs[0] ?? '', constantValue(node));
    else if (isRecurrent(op)) layers.push(readRecurrent(node, op, values));
    else if (op in readers) readers[op as keyof typeof readers](node, values, layers);
    else if (!passing.has(op)) throw new ExchangeError(`onnx: the graph computes ${op}${node.name === undefined ? '' : ` (node "${node.name}")`}; only embeddings, RNN, LSTM, GRU and linear layers one behind the other can be read.`);
  }
  if (layers.length === 0) throw new ExchangeError('onnx: the graph has no embedding, recurrent or linear layer.');
  return layers;
}

type Read = (node: Node, values: Values, layers: ExchangedLayer[]) => void;
const readers: Readonly<Record<'Gather' | 'MatMul' | 'Gemm' | 'Add', Read>> = {
  // With a table of floats it looks up vectors; else it picks a size out of a shape, or the state of a layer.
  Gather({ inputs = [] }, values, layers) {
    const table = values.floats(inputs[0]);
    if (table?.shape.length === 2) layers.push({ kind: 'embedding', weight: table });
  },
  MatMul(node, values, layers) {
    const weight = values.floats(node.inputs?.[1]);
    if (weight?.shape.length !== 2) throw new ExchangeError(`onnx: MatMul "${node.name ?? ''}" multiplies two computed values; only products with a matrix of the file can be read.`);
    layers.push({ kind: 'linear', weight: transposed(weight) });
  },
  Add(node, values, layers) {
    const last = layers.at(-1);
    const bias = values.floats(node.inputs?.[0]) ?? values.floats(node.inputs?.[1]);
    if (last?.kind !== 'linear' || last.bias !== undefined || bias === undefined || bias.data.length !== last.weight.shape[0]) throw new ExchangeError(`onnx: Add "${node.name ?? ''}" is no bias of a linear layer.`);
    layers[layers.length - 1] = { ...last, bias: { shape: [bias.data.length], data: bias.data } };
  },
  Gemm(node, values, layers) {
    const [weight, bias] = [values.floats(node.inputs?.[1]), values.floats(node.inputs?.[2])];
    const set = (name: string): number => node.attributes?.find((attribute) => attribute.name === name)?.i ?? 0;
    const scales = node.attributes?.filter(({ name, f = 1 }) => (name === 'alpha' || name === 'beta') && f !== 1) ?? [];
    if (weight === undefined || set('transA') !== 0 || scales.length > 0) throw new ExchangeError(`onnx: Gemm "${node.name ?? ''}" is no linear layer: it must have a matrix of the file, and neither transA, alpha nor beta.`);
    layers.push({ kind: 'linear', weight: set('transB') === 1 ? weight : transposed(weight), ...(bias === undefined ? {} : { bias }) });
  },
};

/** Layers of one cell that are stacked, as one stack. */
function merged(layers: readonly ExchangedLayer[]): ExchangedLayer[] {
  const result: ExchangedLayer[] = [];
  for (const layer of layers) {
    const last = result.at(-1);
    if (layer.kind === 'recurrent' && last?.kind === 'recurrent' && stacks(last, layer)) result[result.length - 1] = stackedOn(last, layer);
    else result.push(layer);
  }
  return result;
}

function stacks(below: RecurrentLayer, layer: RecurrentLayer): boolean {
  const { bidirectional = false, hiddenSize } = below;
  return below.cell === layer.cell && layer.hiddenSize === hiddenSize && layer.bidirectional === below.bidirectional && layer.bias === below.bias
    && layer.inputSize === hiddenSize * (bidirectional ? 2 : 1);
}

function stackedOn(below: RecurrentLayer, layer: RecurrentLayer): RecurrentLayer {
  const index = below.numLayers ?? 1;
  const moved = Object.entries(layer.parameters).map(([name, tensor]): [string, ExchangedTensor] => [name.replace('_l0', `_l${index}`), tensor]);
  return { ...below, numLayers: index + 1, parameters: { ...below.parameters, ...Object.fromEntries(moved) } };
}
