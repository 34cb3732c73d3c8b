import { tensor, type Tensor } from '@unroll/tensor';
import type { SequenceModel } from './model.ts';
import type { NamedArray } from './protocol.ts';

/** Copies the parameters to the host, by their PyTorch names. */
export function readWeights(model: SequenceModel): Promise<NamedArray[]> {
  return Promise.all(Object.entries(model.stateDict()).map(async ([name, one]) => ({ name, shape: [...one.shape], data: (await one.data()) as Float32Array })));
}

/** Takes over parameters. Throws StateDictError that names every tensor that does not fit; nothing has changed then. */
export function writeWeights(model: SequenceModel, arrays: readonly NamedArray[]): void {
  const made: Record<string, Tensor> = Object.fromEntries(arrays.map(({ name, shape, data }) => [name, tensor(data, { shape })]));
  try {
    model.loadStateDict(made);
  } finally {
    for (const one of Object.values(made)) one.dispose();
  }
}

/** Numbers in the order of the state dict as named arrays. Throws where there are not as many as the model has. */
export function unpacked(model: SequenceModel, numbers: Float32Array): NamedArray[] {
  const own = Object.entries(model.stateDict());
  const count = own.reduce((sum, [, { size }]) => sum + size, 0);
  if (count !== numbers.length) throw new RangeError(`the model in this address has ${numbers.length} numbers, this one ${count}: they are not of the same kind`);
  let at = 0;
  return own.map(([name, { shape, size }]) => ({ name, shape: [...shape], data: numbers.slice(at, (at += size)) }));
}
