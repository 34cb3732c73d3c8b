import type { SequenceSet } from '@unroll/datasets';
import { argmax, scope, tensor, type Tensor } from '@unroll/tensor';
import { breather, releaseState, retainState } from '@unroll/train';
import { evaluating, type Measured } from '../learning.ts';
import { passOver, type SequenceItem } from './batches.ts';
import { sequenceLoss } from './loss.ts';
import type { SequenceModel } from './model.ts';

/** How well a model answers sequences. */
export interface SequenceEvaluation extends Measured {
  /** Mean over everything that is asked for: nats of a class, nats of all bits of a step together, or squared error. */
  readonly loss: number;
  /** What was asked for: sequences, or steps. */
  readonly predictions: number;
  /** Of classes: the share that is right. */
  readonly accuracy?: number;
  /** Of classes: how often class i was taken for class j, at [i C + j]. */
  readonly confusion?: Int32Array;
}

/** Options of `evaluateSequences`. */
export interface SequenceEvaluationOptions {
  /** B: sequences at a time; has no influence on the result. Default 256. */
  readonly batch?: number;
}

/** The loss on sequences that were held out, and of classes what is taken for what, without dropout. */
export async function evaluateSequences(model: SequenceModel, set: SequenceSet, { batch = 256 }: SequenceEvaluationOptions = {}): Promise<SequenceEvaluation> {
  const { targets: kind, targetSize } = set.shape;
  const confusion = kind === 'classification' ? new Int32Array(targetSize * targetSize) : undefined;
  const breathe = breather();
  let [sum, predictions] = [0, 0];
  await evaluating(model, async () => {
    for (const { item } of passOver(set, batch)) {
      const { loss, found } = await judged(model, set, item);
      sum += loss * item.count;
      predictions += item.count;
      if (confusion !== undefined) count(confusion, item.targets, found, targetSize);
      await breathe();
    }
  });
  return { loss: sum / predictions, predictions, ...(confusion === undefined ? {} : { accuracy: right(confusion, targetSize) / predictions, confusion }) };
}

/** Uploads inputs and runs the model: (T, B, O) or (B, O). */
export function answers(model: SequenceModel, { inputs, shape, lengths }: Pick<SequenceItem, 'inputs' | 'shape' | 'lengths'>): Tensor {
  return model.forward(tensor(inputs, { shape }), lengths === undefined ? {} : { lengths });
}

async function judged(model: SequenceModel, { shape: { targets: kind } }: SequenceSet, item: SequenceItem): Promise<{ loss: number; found: ArrayLike<number> }> {
  const results = scope(() => {
    const output = answers(model, item);
    const loss = sequenceLoss(kind, output, tensor(item.targets, { shape: item.targetShape }), item);
    return retainState(kind === 'classification' ? [loss, argmax(output, { axis: -1 })] : [loss]);
  });
  try {
    const [loss, found] = await Promise.all(results.map((result) => result.data()));
    return { loss: loss?.[0] as number, found: found ?? [] };
  } finally {
    releaseState(results);
  }
}

function count(confusion: Int32Array, targets: ArrayLike<number>, found: ArrayLike<number>, classes: number): void {
  for (let k = 0; k < targets.length; k++) {
    const target = targets[k] as number;
    if (target < 0) continue;
    const place = target * classes + (found[k] as number);
    confusion[place] = (confusion[place] as number) + 1;
  }
}

function right(confusion: Int32Array, classes: number): number {
  let total = 0;
  for (let c = 0; c < classes; c++) total += confusion[c * classes + c] as number;
  return total;
}
