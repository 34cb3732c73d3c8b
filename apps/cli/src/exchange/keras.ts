import { ExchangeError, fromKeras, toKeras, type ExchangedCell, type ExchangedNetwork, type ExchangedTensor, type KerasWeights } from '@unroll/interop';

const directions = ['forward', 'backward'] as const;

/** The weights of a text model as Keras' layers have them, by name: `embedding.embeddings`, `rnn.0.forward.kernel`, …, `head.kernel` (I, O), `head.bias`. */
export function kerasTensors({ layers }: ExchangedNetwork): [name: string, tensor: ExchangedTensor][] {
  return layers.flatMap((layer): [string, ExchangedTensor][] => {
    if (layer.kind === 'embedding') return [['embedding.embeddings', layer.weight]];
    if (layer.kind === 'linear') return [['head.kernel', flipped(layer.weight)], ...(layer.bias === undefined ? [] : [['head.bias', layer.bias] as [string, ExchangedTensor]])];
    return toKeras(layer).flatMap((weights, index) => weights.flatMap(({ kernel, recurrentKernel, bias }, k): [string, ExchangedTensor][] => {
      const prefix = `rnn.${index}.${directions[k] ?? ''}`;
      return [[`${prefix}.kernel`, kernel], [`${prefix}.recurrent_kernel`, recurrentKernel], ...(bias === undefined ? [] : [[`${prefix}.bias`, bias] as [string, ExchangedTensor]])];
    }));
  });
}

/** The way back. Throws an `ExchangeError` where one of them is missing. */
export function kerasNetwork(cell: ExchangedCell, tensors: ReadonlyMap<string, ExchangedTensor>): ExchangedNetwork {
  const need = (name: string): ExchangedTensor => {
    const found = tensors.get(name);
    if (found === undefined) throw new ExchangeError(`keras: the weight "${name}" is missing.`);
    return found;
  };
  const count = [...tensors.keys()].filter((name) => /^rnn\.\d+\.forward\.kernel$/.test(name)).length;
  const stack = Array.from({ length: count }, (_, index): KerasWeights[] => directions.filter((direction) => tensors.has(`rnn.${index}.${direction}.kernel`)).map((direction) => {
    const prefix = `rnn.${index}.${direction}`;
    const bias = tensors.get(`${prefix}.bias`);
    return { kernel: need(`${prefix}.kernel`), recurrentKernel: need(`${prefix}.recurrent_kernel`), ...(bias === undefined ? {} : { bias }) };
  }));
  return { layers: [{ kind: 'embedding', weight: need('embedding.embeddings') }, fromKeras(cell, stack), { kind: 'linear', weight: flipped(need('head.kernel')), bias: need('head.bias') }] };
}

function flipped({ shape, data }: ExchangedTensor): ExchangedTensor {
  const [rows = 0, columns = 0] = shape;
  return { shape: [columns, rows], data: Float32Array.from(data, (_, k) => data[(k % rows) * columns + Math.floor(k / rows)] as number) };
}
