import type { Cell } from '@unroll/cells';

/** Numbers with a shape, in C order. */
export interface ExchangedTensor {
  readonly shape: readonly number[];
  /** product(shape) values. */
  readonly data: Float32Array;
}

/** A table of vectors, looked up by id: nn.Embedding. */
export interface EmbeddingLayer {
  readonly kind: 'embedding';
  /** (number of ids, channels). */
  readonly weight: ExchangedTensor;
}

/** A stack of recurrent layers of one cell, with the options of nn.RNN, nn.LSTM and nn.GRU by their names. */
export interface RecurrentLayer {
  readonly kind: 'recurrent';
  readonly cell: Cell;
  /** I. */
  readonly inputSize: number;
  /** H. */
  readonly hiddenSize: number;
  /** L. Default 1. */
  readonly numLayers?: number;
  /** Default false. */
  readonly bidirectional?: boolean;
  /** Default true. */
  readonly bias?: boolean;
  /** P, above 0 where the first state is projected. Default 0. */
  readonly projSize?: number;
  /** By the names of the state_dict: `weight_ih_l0` (G·H, I), `weight_hh_l0`, `bias_ih_l0`, ...; vectors of the cell as `p_l0` (H). */
  readonly parameters: Readonly<Record<string, ExchangedTensor>>;
}

/** y = W x + b: nn.Linear. */
export interface LinearLayer {
  readonly kind: 'linear';
  /** (channels out, channels in). */
  readonly weight: ExchangedTensor;
  /** (channels out). */
  readonly bias?: ExchangedTensor;
}

/** One layer of a network, as plain data. */
export type ExchangedLayer = EmbeddingLayer | RecurrentLayer | LinearLayer;

/** A network that other worlds can be given, or that came from one: its layers, each fed with the output of the one before. */
export interface ExchangedNetwork {
  readonly layers: readonly ExchangedLayer[];
}

/** A network, or a file of one, that cannot be exchanged; the message says what and why. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
}

/** The parameter of that name. @throws {ExchangeError} where it is missing or its shape is another one. */
export function parameterOf({ cell, parameters }: RecurrentLayer, name: string, shape: readonly number[]): ExchangedTensor {
  const found = parameters[name];
  if (found === undefined) throw new ExchangeError(`${cell.name}: the parameter "${name}" is missing; there are ${Object.keys(parameters).join(', ') || 'none'}.`);
  if (found.shape.join() !== shape.join()) throw new ExchangeError(`${cell.name}: "${name}" must have shape (${shape.join(', ')}), got (${found.shape.join(', ')}).`);
  return found;
}

/** The matrix with its rows and columns exchanged. */
export function transposed({ shape, data }: ExchangedTensor): ExchangedTensor {
  const [rows = 0, columns = 0] = shape;
  return { shape: [columns, rows], data: Float32Array.from(data, (_, k) => data[(k % rows) * columns + Math.floor(k / rows)] as number) };
}

/** A stack of blocks of equal height, in another order: `from` and `to` name the blocks. */
export function reordered({ shape, data }: ExchangedTensor, from: readonly string[], to: readonly string[]): ExchangedTensor {
  const size = data.length / from.length;
  const result = new Float32Array(data.length);
  to.forEach((block, k) => {
    const at = from.indexOf(block);
    result.set(data.subarray(at * size, (at + 1) * size), k * size);
  });
  return { shape, data: result };
}
