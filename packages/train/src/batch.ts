import { tensor, type HostData, type Shape, Tensor } from '@unroll/tensor';
import { check, shapeText } from './errors.ts';

/** What one or several updates are made from. */
export interface Batch {
  /** (T, B, …), or whatever the model reads. Host arrays take their shape from `shape`. */
  readonly inputs: Tensor | HostData;
  /** What the loss compares the outputs with. Host arrays take their shape from `targetShape`, or else from `shape`. */
  readonly targets: Tensor | HostData;
  readonly shape?: Shape;
  readonly targetShape?: Shape;
  /** Targets that count, where not all do: the weight of the batch where several make one update. */
  readonly count?: number;
  /** True: start from no state. Otherwise the state that the batch before left is carried on. */
  readonly reset?: boolean;
}

/** A batch on the backend; `dispose` frees what was uploaded for it. */
export interface LoadedBatch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  readonly reset: boolean;
  dispose(): void;
}

/** Steps of a batch that make one update. */
export interface Window { readonly start: number; readonly length: number }

/** Uploads what is not a tensor yet. */
export function load(batch: Batch): LoadedBatch {
  const uploaded: Tensor[] = [];
  const upload = (data: Tensor | HostData, shape: Shape | undefined): Tensor => {
    if (data instanceof Tensor) return data;
    const made = tensor(data, shape === undefined ? {} : { shape });
    uploaded.push(made);
    return made;
  };
  const dispose = (): void => {
    for (const made of uploaded) made.dispose();
  };
  try {
    const inputs = upload(batch.inputs, batch.shape);
    return { inputs, targets: upload(batch.targets, batch.targetShape ?? batch.shape), reset: batch.reset ?? false, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The windows of at most `truncate` steps that a batch is cut into, along the axis of time. */
export function windowsOf({ inputs, targets }: LoadedBatch, truncate: number | undefined, axis: number): Window[] {
  const time = inputs.shape[axis] ?? 1;
  if (truncate === undefined || time <= truncate) return [{ start: 0, length: time }];
  check(targets.shape[axis] === time, 'shape',
    () => `fit: to cut ${time} steps into pieces of ${truncate}, targets need a value at every step, got inputs ${shapeText(inputs.shape)} and targets ${shapeText(targets.shape)}; leave truncate out for one target a sequence.`);
  return Array.from({ length: Math.ceil(time / truncate) }, (_, k) => ({ start: k * truncate, length: Math.min(truncate, time - k * truncate) }));
}
