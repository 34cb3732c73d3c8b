import { cellFromText, cells, textOf, type Cell } from '@unroll/cells';
import { ExchangeError, type ExchangedNetwork, type ExchangedTensor, type RecurrentLayer } from '@unroll/interop';
import { textRunConfig, type LoadedText } from '@unroll/recipes';
import type { Tensor } from '@unroll/tensor';
import type { TextConfig } from '@unroll/train';

/** A text model in the terms that other worlds share, and in our own. */
export interface Exchanged {
  readonly network: ExchangedNetwork;
  /** Its parameters under the names of its state dict. */
  readonly parameters: Readonly<Record<string, ExchangedTensor>>;
  /** What is needed to build it again: kind, version, config, vocabulary, and the equations of a cell of one's own. */
  readonly description: object;
}

/** A loaded model as plain numbers. */
export async function exchanged({ model, vocabulary, config }: LoadedText): Promise<Exchanged> {
  const parameters = Object.fromEntries(await Promise.all(Object.entries(model.parameters()).map(async ([name, tensor]) => [name, await numbersOf(tensor)] as const)));
  const { cell, inputSize, hiddenSize, numLayers } = model.rnn;
  const own = Object.entries(parameters).flatMap(([name, value]) => (name.startsWith('rnn.') ? [[name.slice('rnn.'.length), value] as const] : []));
  const recurrent: RecurrentLayer = { kind: 'recurrent', cell, inputSize, hiddenSize, numLayers, parameters: Object.fromEntries(own) };
  const [embedding, weight, bias] = ['embedding.weight', 'head.weight', 'head.bias'].map((name) => parameters[name] as ExchangedTensor) as [ExchangedTensor, ExchangedTensor, ExchangedTensor];
  const isKnown = Object.hasOwn(cells, cell.name) && cells[cell.name as keyof typeof cells] === cell;
  return {
    parameters,
    network: { layers: [{ kind: 'embedding', weight: embedding }, recurrent, { kind: 'linear', weight, bias }] },
    description: { kind: 'text', version: 1, config, vocabulary: vocabulary.toJSON(), ...(isKnown ? {} : { cellText: textOf(cell) }) },
  };
}

/** What a network from elsewhere is as a text model: parameters under our names, and the sizes for its description. */
export interface TextNetwork {
  readonly cell: Cell;
  readonly symbols: number;
  readonly config: TextConfig;
  readonly parameters: Readonly<Record<string, ExchangedTensor>>;
}

/** Throws an `ExchangeError` for anything but an embedding, one recurrent stack in one direction, and a linear layer with a bias. */
export function textNetwork({ layers }: ExchangedNetwork): TextNetwork {
  const [embedding, recurrent, head, ...others] = layers;
  if (embedding?.kind !== 'embedding' || recurrent?.kind !== 'recurrent' || head?.kind !== 'linear' || others.length > 0) {
    throw new ExchangeError(`a text model is an embedding, recurrent layers of one kind and width, and a linear layer; this network is ${layers.map(({ kind }) => kind).join(', ') || 'empty'}.`);
  }
  const { cell, inputSize, hiddenSize, numLayers = 1, bidirectional = false, bias = true, projSize = 0 } = recurrent;
  if (bidirectional || projSize > 0 || !bias || head.bias === undefined) throw new ExchangeError('a text model reads in one direction, without projection, and with biases; this network does not.');
  const parameters = Object.fromEntries(Object.entries(recurrent.parameters).map(([name, value]) => [`rnn.${name}`, value]));
  return {
    cell, symbols: embedding.weight.shape[0] ?? 0, config: textRunConfig({ cell, hidden: hiddenSize, layers: numLayers, embedding: inputSize }),
    parameters: { 'embedding.weight': embedding.weight, ...parameters, 'head.weight': head.weight, 'head.bias': head.bias },
  };
}

/** The cell that a description names. */
export function describedCell(description: Readonly<Record<string, unknown>>): Cell | undefined {
  const { cellText, config } = description;
  if (typeof cellText === 'string') return cellFromText(cellText);
  const name = (config as { readonly cell?: unknown } | undefined)?.cell;
  return typeof name === 'string' && Object.hasOwn(cells, name) ? cells[name as keyof typeof cells] : undefined;
}

async function numbersOf(tensor: Tensor): Promise<ExchangedTensor> {
  return { shape: tensor.shape, data: Float32Array.from(await tensor.data()) };
}
