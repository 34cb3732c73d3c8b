import { valueAndGrad } from '@unroll/autograd';
import { ignored, type SequenceBatch, type SequenceShape } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { add, narrow, scope, softmax, squeeze, tensor, zeros, type Tensor } from '@unroll/tensor';
import { crossEntropy, mse } from '@unroll/train';
import { firstState, type SequenceModel } from './model.ts';
import type { Trace, TraceRequest } from './protocol.ts';

/** What is traced. */
export interface Traced {
  readonly model: SequenceModel;
  readonly shape: SequenceShape;
  readonly batch: SequenceBatch;
  readonly step: number;
}

/** One held-out sequence from inside. */
export async function traceOf(traced: Traced, { sequence, values, reach = false }: TraceRequest): Promise<Trace> {
  const { model, shape, step } = traced;
  const row = rowOf(traced, sequence);
  const seen = inspected(model, row, values);
  try {
    const [outputs, ...read] = await Promise.all([seen.outputs, ...seen.values.map(([, value]) => value)].map((one) => one.data()));
    return {
      step, length: row.length, hidden: model.rnn.hiddenSize,
      inputs: row.inputs, inputSize: shape.inputSize, targets: row.targets, outputs: outputs as Float32Array, outputSize: shape.targetSize,
      values: Object.fromEntries(seen.values.map(([name], k) => [name, read[k] as Float32Array])),
      ...(reach ? { reach: await reachOf(traced, row) } : {}),
    };
  } finally {
    seen.outputs.dispose();
    for (const [, value] of seen.values) value.dispose();
  }
}

/** One sequence of a batch, without padding. */
export interface Row {
  readonly length: number;
  readonly inputs: Float32Array | Int32Array;
  readonly targets: Float32Array | Int32Array;
  /** The last step at which something is asked. */
  readonly lastAsked: number;
}

/** Takes one sequence out of a batch. */
export function rowOf({ shape, batch }: Pick<Traced, 'shape' | 'batch'>, sequence: number): Row {
  const [time = 0, rows = 1] = batch.inputShape;
  const b = Math.min(Math.max(0, Math.floor(sequence)), rows - 1);
  const length = batch.lengths?.[b] ?? time;
  const inputs = column(batch.inputs, { length, rows, b, width: shape.inputs === 'ids' ? 1 : shape.inputSize });
  const width = shape.targets === 'classification' ? 1 : shape.targetSize;
  const targets = column(batch.targets, { length: shape.per === 'sequence' ? 1 : length, rows, b, width });
  const asked = shape.targets === 'classification' && shape.per === 'step' ? targets.findLastIndex((id) => id !== ignored) : length - 1;
  return { length, inputs, targets, lastAsked: Math.max(0, asked) };
}

// Private.

function column(data: Float32Array | Int32Array, { length, rows, b, width }: { length: number; rows: number; b: number; width: number }): Float32Array | Int32Array {
  const made = new (data instanceof Int32Array ? Int32Array : Float32Array)(length * width);
  for (let t = 0; t < length; t++) for (let k = 0; k < width; k++) made[t * width + k] = data[(t * rows + b) * width + k] as number;
  return made;
}

function inputOf(model: SequenceModel, { inputs, length }: Row): Tensor {
  return model.encode(tensor(inputs, { shape: inputs instanceof Int32Array ? [length, 1] : [length, 1, model.rnn.inputSize] }));
}

function inspected(model: SequenceModel, row: Row, names?: readonly string[]): { outputs: Tensor; values: readonly (readonly [string, Tensor])[] } {
  return scope(() => {
    const { output, values } = model.rnn.inspect(inputOf(model, row), undefined, names === undefined ? {} : { values: names });
    const scores = model.head.forward(output);
    const outputs = model.isClassifier ? softmax(scores) : scores;
    return { outputs, values: Object.entries(values).map(([name, value]) => [name.replace(/_l0$/, ''), value] as const) };
  });
}

/**
 * For each state, the norm of the gradient of the last answer's loss by that state after each step: a zero is added to every state at
 * every step, and the loss is differentiated by those zeros.
 */
async function reachOf({ model, shape }: Traced, row: Row): Promise<Record<string, Float32Array>> {
  const states = model.rnn.cell.state;
  const steps = row.lastAsked + 1;
  const gradients = scope(() => {
    const x = inputOf(model, row);
    const deltas = Array.from({ length: steps }, () => states.map(() => zeros([1, 1, model.rnn.hiddenSize])));
    const loss = valueAndGrad((added: Tensor[][]) => lossOf(model, shape, row, stateAt(model, x, added)));
    return loss(deltas).gradients[0] as unknown as Tensor[][];
  });
  try {
    const read = await Promise.all(gradients.map((step) => Promise.all(step.map(async (one) => norm(await one.data())))));
    return Object.fromEntries(states.map((name, k) => [name, Float32Array.from({ length: row.length }, (_, t) => read[t]?.[k] ?? 0)]));
  } finally {
    for (const one of gradients.flat()) one.dispose();
  }
}

function stateAt(model: SequenceModel, x: Tensor, added: readonly (readonly Tensor[])[]): Tensor {
  let state: RecurrentState | undefined;
  for (const [t, deltas] of added.entries()) {
    const [, next] = model.rnn.step(squeeze(narrow(x, 0, t, 1), 0), state);
    state = Array.isArray(next) ? next.map((one, k) => add(one as Tensor, deltas[k] as Tensor)) : add(next as Tensor, deltas[0] as Tensor);
  }
  return squeeze(firstState(state as RecurrentState), 0);
}

function lossOf(model: SequenceModel, shape: SequenceShape, { targets, lastAsked }: Row, output: Tensor): Tensor {
  const scores = model.head.forward(output);
  const place = shape.per === 'sequence' ? 0 : lastAsked;
  if (shape.targets === 'classification') return crossEntropy(scores, tensor(Int32Array.of(targets[place] as number)));
  const wanted = targets.slice(place * shape.targetSize, (place + 1) * shape.targetSize);
  return mse(scores, tensor(wanted, { shape: [1, shape.targetSize] }));
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += (values[k] as number) ** 2;
  return Math.sqrt(sum);
}
