import { cellFromText, cells, textOf, type Cell } from '@unroll/cells';
import { namedParameters, pytorchScript, readSafetensors, toFloat32Array, writeOnnx, writeSafetensors, type ExchangedLayer, type ExchangedNetwork } from '@unroll/interop';
import type { CellChoice } from '../config/config.ts';
import type { DataInfo, NamedArray } from '../training/protocol.ts';

/** What a trained model can leave the page as. */
export type ExportKind = 'safetensors' | 'pytorch' | 'onnx';

/** A file to be saved. */
export interface MadeFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A trained model and what it was trained for. */
export interface Exported {
  readonly choice: CellChoice;
  readonly task: string;
  readonly step: number;
  readonly hidden: number;
  readonly data: DataInfo;
  readonly weights: readonly NamedArray[];
}

/** A model as files. Throws ExchangeError for a cell that a format cannot say. */
export function filesOf(kind: ExportKind, model: Exported): MadeFile[] {
  return exporters[kind](model);
}

/** The parameters in a safetensors file, by name. Throws SafetensorsError with what is wrong with it. */
export function weightsIn(bytes: Uint8Array): NamedArray[] {
  return [...readSafetensors(bytes).tensors].map(([name, raw]) => ({ name, shape: [...raw.shape], data: toFloat32Array(raw, name) }));
}

// Private.

const exporters: Readonly<Record<ExportKind, (model: Exported) => MadeFile[]>> = {
  safetensors: (model) => [{ name: `${stem(model)}.safetensors`, bytes: writeSafetensors(model.weights.map(({ name, ...tensor }) => [name, tensor]), metadataOf(model)) }],
  pytorch: (model) => {
    const network = networkOf(model);
    const file = `${stem(model)}.safetensors`;
    return [
      { name: file, bytes: writeSafetensors(namedParameters(network), metadataOf(model)) },
      { name: `${stem(model).replaceAll('-', '_')}.py`, bytes: new TextEncoder().encode(pytorchScript(network, file)) },
    ];
  },
  onnx: (model) => [{ name: `${stem(model)}.onnx`, bytes: writeOnnx(networkOf(model), { metadata: metadataOf(model) }) }],
};

function stem({ choice, task, step }: Exported): string {
  return `${choice.cell}-${task}-${step}`;
}

function metadataOf({ choice, task, step, data }: Exported): Record<string, string> {
  return {
    cell: choice.cell, equations: textOf(cellOf(choice)), task, steps: String(step),
    ...(data.inputSymbols === undefined ? {} : { symbols: JSON.stringify(data.inputSymbols) }),
  };
}

/** Ids come in as one-hot vectors, for which an embedding with the unit matrix is another word. */
function networkOf({ choice, hidden, data, weights }: Exported): ExchangedNetwork {
  const tensors = new Map(weights.map(({ name, shape, data: values }) => [name, { shape, data: values }]));
  const of = (name: string): { shape: readonly number[]; data: Float32Array } => tensors.get(name) ?? { shape: [0], data: new Float32Array() };
  const recurrent = Object.fromEntries([...tensors].flatMap(([name, tensor]) => (name.startsWith('rnn.') ? [[name.slice(4), tensor]] : [])));
  const inputSize = of('rnn.weight_ih_l0').shape[1] ?? 1;
  const layers: ExchangedLayer[] = [
    { kind: 'recurrent', cell: cellOf(choice), inputSize, hiddenSize: hidden, parameters: recurrent },
    { kind: 'linear', weight: of('head.weight'), bias: of('head.bias') },
  ];
  const unit = { shape: [inputSize, inputSize], data: Float32Array.from({ length: inputSize * inputSize }, (_, k) => Number(k % (inputSize + 1) === 0)) };
  return { layers: data.inputs === 'ids' ? [{ kind: 'embedding', weight: unit }, ...layers] : layers };
}

function cellOf({ cell, equations = '' }: CellChoice): Cell {
  return cell === 'custom' ? cellFromText(equations) : cells[cell];
}
