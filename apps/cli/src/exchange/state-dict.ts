import { cells, type Cell } from '@unroll/cells';
import { ExchangeError, type ExchangedNetwork, type ExchangedTensor } from '@unroll/interop';

type Tensors = ReadonlyMap<string, ExchangedTensor>;

/** By how many blocks `weight_hh` stacks. */
const usual: Readonly<Record<number, Cell>> = { 1: cells.rnn, 3: cells.gru, 4: cells.lstm };

/**
 * A text model out of a state dict, whatever its modules are called: the recurrent layers are those with `weight_hh_l0`, the embedding is the
 * other matrix with as many columns as they have inputs, the linear layer that with as many as they have units.
 *
 * @throws ExchangeError where one of them is not there, or not the only one
 */
export function networkFrom(tensors: Tensors, cell: Cell | undefined): ExchangedNetwork {
  const prefixes = [...tensors.keys()].flatMap((name) => /^(.*)weight_hh_l0$/.exec(name)?.[1] ?? []);
  const [prefix] = prefixes;
  if (prefix === undefined || prefixes.length > 1) throw new ExchangeError(`there must be one recurrent stack (weight_hh_l0), found ${prefixes.length}.`);
  const [rows = 0, hiddenSize = 0] = tensors.get(`${prefix}weight_hh_l0`)?.shape ?? [];
  const inputSize = tensors.get(`${prefix}weight_ih_l0`)?.shape[1] ?? hiddenSize;
  const own = [...tensors].filter(([name]) => name.startsWith(prefix) && /_l\d+$/.test(name));
  const numLayers = new Set(own.map(([name]) => /_l(\d+)$/.exec(name)?.[1])).size;
  const found = cell ?? usual[rows / hiddenSize];
  if (found === undefined) throw new ExchangeError(`weight_hh_l0 stacks ${rows / hiddenSize} gates, which RNN, GRU and LSTM do not; name the cell with --cell.`);
  const others = [...tensors].filter(([name, { shape }]) => shape.length === 2 && !own.some(([taken]) => taken === name));
  const embedding = only('embedding', others.filter(([name, { shape }]) => shape[1] === inputSize && (inputSize !== hiddenSize || /emb|encoder/i.test(name))));
  const head = only('linear layer', others.filter(([name, { shape }]) => shape[1] === hiddenSize && name !== embedding[0]));
  const bias = tensors.get(head[0].replace(/weight$/, 'bias'));
  return {
    layers: [
      { kind: 'embedding', weight: embedding[1] },
      { kind: 'recurrent', cell: found, inputSize, hiddenSize, numLayers, parameters: Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])) },
      { kind: 'linear', weight: head[1], ...(bias === undefined ? {} : { bias }) },
    ],
  };
}

function only(what: string, found: readonly (readonly [string, ExchangedTensor])[]): readonly [string, ExchangedTensor] {
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw new ExchangeError(`there must be one ${what}, found ${found.length === 0 ? 'none' : found.map(([name]) => name).join(', ')}.`);
}
