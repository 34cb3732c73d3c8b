import { cells } from '@unroll/cells';
import { gateOrders, kerasBiases, type ExchangedCell } from './layouts.ts';
import { ExchangeError, parameterOf, reordered, transposed, type ExchangedTensor, type RecurrentLayer } from './network.ts';
import { exchangedName } from './same.ts';

/** What `get_weights()` gives for one Keras layer (one direction of a Bidirectional), G gates in `gateOrders.keras`. */
export interface KerasWeights {
  /** (I, G·H). */
  readonly kernel: ExchangedTensor;
  /** (H, G·H). */
  readonly recurrentKernel: ExchangedTensor;
  /** (G·H); (2, G·H) in a GRU with `reset_after`. Missing with `use_bias=False`. */
  readonly bias?: ExchangedTensor;
}

/**
 * A stack as Keras has it: a SimpleRNN, LSTM or GRU for each layer, in each the forward direction first. Where Keras has one bias, it is
 * the sum of ours. @throws {ExchangeError} for a cell, or a projection, that Keras does not have.
 */
export function toKeras(layer: RecurrentLayer): KerasWeights[][] {
  const { numLayers = 1, bidirectional = false, bias = true, hiddenSize, inputSize } = layer;
  const { order, gates, twoBiases } = kerasCell(layer);
  const directions = bidirectional ? ['', '_reverse'] : [''];
  const rows = gates.length * hiddenSize;
  return Array.from({ length: numLayers }, (_, index) => directions.map((direction) => {
    const ordered = (name: string, shape: readonly number[]): ExchangedTensor => reordered(parameterOf(layer, `${name}_l${index}${direction}`, shape), gates, order);
    const width = index === 0 ? inputSize : hiddenSize * directions.length;
    const matrices = { kernel: transposed(ordered('weight_ih', [rows, width])), recurrentKernel: transposed(ordered('weight_hh', [rows, hiddenSize])) };
    return bias ? { ...matrices, bias: joinedBias(ordered('bias_ih', [rows]), ordered('bias_hh', [rows]), twoBiases) } : matrices;
  }));
}

/**
 * A stack from Keras: `layers` as `toKeras` gives them, `cell` what the layers are. Where Keras has one bias, it becomes `bias_ih`, and
 * `bias_hh` is zero. @throws {ExchangeError} where shapes do not fit together.
 */
export function fromKeras(cell: ExchangedCell, layers: readonly (readonly KerasWeights[])[]): RecurrentLayer {
  const [first] = layers[0] ?? [];
  if (first === undefined) throw new ExchangeError('keras: there are no weights.');
  const [inputSize = 0, hiddenSize = 0] = [first.kernel.shape[0], first.recurrentKernel.shape[0]];
  const base: RecurrentLayer = { kind: 'recurrent', cell: cells[cell], inputSize, hiddenSize, numLayers: layers.length, bidirectional: layers[0]?.length === 2, bias: first.bias !== undefined, parameters: {} };
  const parameters: Record<string, ExchangedTensor> = {};
  layers.forEach((directions, index) => directions.forEach((weights, k) => Object.assign(parameters, namedParameters(base, weights, `_l${index}${k === 0 ? '' : '_reverse'}`, index))));
  return { ...base, parameters };
}

function namedParameters(layer: RecurrentLayer, { kernel, recurrentKernel, bias }: KerasWeights, suffix: string, index: number): Record<string, ExchangedTensor> {
  const { order, gates, twoBiases } = kerasCell(layer);
  const { hiddenSize: H, inputSize, bidirectional = false } = layer;
  const rows = gates.length * H;
  expectShape(`kernel of layer ${index}`, kernel, [index === 0 ? inputSize : H * (bidirectional ? 2 : 1), rows]);
  expectShape(`recurrent kernel of layer ${index}`, recurrentKernel, [H, rows]);
  const matrices = { [`weight_ih${suffix}`]: reordered(transposed(kernel), order, gates), [`weight_hh${suffix}`]: reordered(transposed(recurrentKernel), order, gates) };
  if (bias === undefined) return matrices;
  expectShape(`bias of layer ${index}`, bias, twoBiases ? [2, rows] : [rows]);
  const half = (k: number): ExchangedTensor => reordered({ shape: [rows], data: k === 0 || twoBiases ? bias.data.slice(k * rows, (k + 1) * rows) : new Float32Array(rows) }, order, gates);
  return { ...matrices, [`bias_ih${suffix}`]: half(0), [`bias_hh${suffix}`]: half(1) };
}

function kerasCell({ cell, projSize = 0 }: RecurrentLayer): { order: readonly string[]; gates: readonly string[]; twoBiases: boolean } {
  const name = exchangedName(cell, projSize);
  const order = name === undefined ? undefined : gateOrders.keras[name];
  if (name === undefined || order === undefined) throw new ExchangeError(`keras: it has no layer that computes ${cell.name}${projSize > 0 ? ' with a projection' : ''}; it has SimpleRNN, LSTM and GRU.`);
  return { order, gates: cell.inputGates, twoBiases: kerasBiases[name] === 2 };
}

function joinedBias(input: ExchangedTensor, recurrent: ExchangedTensor, both: boolean): ExchangedTensor {
  if (both) return { shape: [2, input.data.length], data: Float32Array.of(...input.data, ...recurrent.data) };
  return { shape: input.shape, data: input.data.map((value, k) => value + (recurrent.data[k] as number)) };
}

function expectShape(what: string, { shape }: ExchangedTensor, expected: readonly number[]): void {
  if (shape.join() !== expected.join()) throw new ExchangeError(`keras: the ${what} must have shape (${expected.join(', ')}), got (${shape.join(', ')}).`);
}
