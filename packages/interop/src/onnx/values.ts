import { ExchangeError, type ExchangedTensor } from '../network.ts';
import { elementTypes } from './graph.ts';
import type { Node, TensorProto } from './schema.ts';

/** The tensors of a file by name. */
export class Values {
  readonly #tensors = new Map<string, TensorProto>();

  constructor(initializers: readonly TensorProto[]) {
    for (const tensor of initializers) this.set(tensor.name ?? '', tensor);
  }

  set(name: string, tensor: TensorProto | undefined): void {
    if (tensor !== undefined) this.#tensors.set(name, tensor);
  }

  /** Whether the file itself holds this value. */
  has(name: string | undefined): boolean {
    return this.#tensors.has(name ?? '');
  }

  /** The float tensor of that name; undefined where the file has none, or one of another type. @throws {ExchangeError} where its numbers are not all there. */
  floats(name: string | undefined): ExchangedTensor | undefined {
    const tensor = this.#tensors.get(name ?? '');
    return tensor?.dataType === elementTypes.float ? floatsOf(tensor) : undefined;
  }
}

/** The tensor that a Constant holds. */
export function constantValue({ attributes = [] }: Node): TensorProto | undefined {
  return attributes.find(({ name }) => name === 'value')?.t;
}

function floatsOf({ name = '', dims = [], raw, floats = [], location = 0 }: TensorProto): ExchangedTensor {
  if (location !== 0) throw new ExchangeError(`onnx: the numbers of "${name}" lie in another file; save the model with its data in one file.`);
  const size = dims.reduce((product, length) => product * length, 1);
  const count = raw === undefined ? floats.length : raw.length / 4;
  if (!Number.isSafeInteger(size) || size < 0 || count !== size) throw new ExchangeError(`onnx: tensor "${name}" of shape (${dims.join(', ')}) needs ${size} numbers, got ${count}.`);
  if (raw === undefined) return { shape: dims, data: Float32Array.from(floats) };
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return { shape: dims, data: Float32Array.from({ length: size }, (_, k) => view.getFloat32(4 * k, true)) };
}
