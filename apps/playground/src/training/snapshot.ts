import { tensor, type HostData, type Tensor } from '@unroll/tensor';
import { captureTraining, restoreTraining, type Training } from '@unroll/train';

/** A training on the host: it outlives the device that it ran on. */
export interface HostTraining {
  readonly json: unknown;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly data: HostData }[];
}

/** Copies a training to the host. */
export async function takeSnapshot(training: Training): Promise<HostTraining> {
  const { json, tensors } = captureTraining(training);
  const read = Object.entries(tensors).map(async ([name, from]) => ({ name, shape: from.shape, data: await from.data() }));
  return { json: structuredClone(json), tensors: await Promise.all(read) };
}

/** Puts a training where the snapshot stood, on whatever device it lives now. */
export function applySnapshot(training: Training, { json, tensors }: HostTraining): void {
  const made: Record<string, Tensor> = Object.fromEntries(tensors.map(({ name, shape, data }) => [name, tensor(data, { shape })]));
  try {
    restoreTraining(training, { json, tensors: made });
  } finally {
    for (const one of Object.values(made)) one.dispose();
  }
}
