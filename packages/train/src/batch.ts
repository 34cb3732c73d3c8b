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

/** A batch for the backend; `dispose` frees what was uploaded for it. */
export interface LoadedBatch {
  readonly shape: Shape;
  readonly targetShape: Shape;
  readonly reset: boolean;
  /** On the backend in use when this was asked for first, or after `dispose`. */
  tensors(): { readonly inputs: Tensor; readonly targets: Tensor };
  dispose(): void;
}

/** Steps of a batch that make one update. */
export interface Window { readonly start: number; readonly length: number }

/** What is not a tensor yet is uploaded when it is asked for. */
export function load(batch: Batch): LoadedBatch {
  let uploaded: { readonly inputs: Tensor; readonly targets: Tensor } | undefined;
  const shapes = shapesOf(batch);
  return {
    ...shapes,
    reset: batch.reset ?? false,
    tensors: () => (uploaded ??= upload({ ...batch, ...shapes })),
    dispose() {
      for (const one of Object.values(uploaded ?? {})) if (one !== batch.inputs && one !== batch.targets) one.dispose();
      uploaded = undefined;
    },
  };
}

function shapesOf({ inputs, targets, shape, targetShape = shape }: Batch): { readonly shape: Shape; readonly targetShape: Shape } {
  return { shape: inputs instanceof Tensor ? inputs.shape : (shape ?? [inputs.length]), targetShape: targets instanceof Tensor ? targets.shape : (targetShape ?? [targets.length]) };
}

/** The same batch without tensors of the caller's: what is on a device is gone when that is lost. */
export async function onHost(batch: Batch): Promise<Batch> {
  const [inputs, targets] = await Promise.all([batch.inputs, batch.targets].map(async (data) => (data instanceof Tensor ? data.data() : data)));
  return { ...batch, ...shapesOf(batch), inputs: inputs as HostData, targets: targets as HostData };
}

/** Those that are tensors already stay the caller's. */
function upload({ inputs, targets, shape, targetShape }: Required<Pick<Batch, 'inputs' | 'targets' | 'shape' | 'targetShape'>>): { readonly inputs: Tensor; readonly targets: Tensor } {
  const first = inputs instanceof Tensor ? inputs : tensor(inputs, { shape });
  try {
    return { inputs: first, targets: targets instanceof Tensor ? targets : tensor(targets, { shape: targetShape }) };
  } catch (error) {
    if (first !== inputs) first.dispose();
    throw error;
  }
}

/** The windows of at most `truncate` steps that a batch is cut into, along the axis of time. */
export function windowsOf({ shape, targetShape }: LoadedBatch, truncate: number | undefined, axis: number): Window[] {
  const time = shape[axis] ?? 1;
  if (truncate === undefined || time <= truncate) return [{ start: 0, length: time }];
  check(targetShape[axis] === time, 'shape',
    () => `fit: to cut ${time} steps into pieces of ${truncate}, targets need a value at every step, got inputs ${shapeText(shape)} and targets ${shapeText(targetShape)}; leave truncate out for one target a sequence.`);
  return Array.from({ length: Math.ceil(time / truncate) }, (_, k) => ({ start: k * truncate, length: Math.min(truncate, time - k * truncate) }));
}
