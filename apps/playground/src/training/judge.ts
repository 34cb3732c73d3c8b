import { ignored, type SequenceBatch, type SequenceShape } from '@unroll/datasets';
import { scope, tensor, type Tensor } from '@unroll/tensor';
import type { SequenceModel } from './model.ts';

/** How well a model does on sequences that it never learnt from. */
export interface Judgement {
  readonly loss: number;
  /** Share of right answers; for values the share of their variance that is explained, from below 0 to 1. */
  readonly score: number;
}

/** Runs a model on held-out sequences. */
export async function judge(model: SequenceModel, shape: SequenceShape, batch: SequenceBatch): Promise<Judgement> {
  const output = predicted(model, batch);
  try {
    const said = await output.data();
    return shape.targets === 'classification' ? judgeClasses(said, batch.targets, shape.targetSize) : judgeValues(said, batch.targets);
  } finally {
    output.dispose();
  }
}

/** Nats and share of right answers, of scores [N, classes] against N classes. */
export function judgeClasses(scores: ArrayLike<number>, targets: ArrayLike<number>, classes: number): Judgement {
  let [asked, right, nats] = [0, 0, 0];
  for (let n = 0; n < targets.length; n++) {
    const target = targets[n] as number;
    if (target === ignored) continue;
    let best = 0;
    for (let k = 1; k < classes; k++) if ((scores[n * classes + k] as number) > (scores[n * classes + best] as number)) best = k;
    const top = scores[n * classes + best] as number;
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp((scores[n * classes + k] as number) - top);
    nats += Math.log(sum) + top - (scores[n * classes + target] as number);
    asked += 1;
    right += Number(best === target);
  }
  return { loss: nats / asked, score: right / asked };
}

/** Mean squared error and explained share of the variance. */
export function judgeValues(said: ArrayLike<number>, wanted: ArrayLike<number>): Judgement {
  const count = wanted.length;
  const mean = Array.from(wanted).reduce((sum, value) => sum + value, 0) / count;
  let [errors, spread] = [0, 0];
  for (let n = 0; n < count; n++) {
    errors += ((said[n] as number) - (wanted[n] as number)) ** 2;
    spread += ((wanted[n] as number) - mean) ** 2;
  }
  return { loss: errors / count, score: spread === 0 ? 0 : 1 - errors / spread };
}

function predicted(model: SequenceModel, { inputs, inputShape, lengths }: SequenceBatch): Tensor {
  const { lengths: before } = model;
  model.lengths = lengths;
  try {
    return scope(() => model.forward(tensor(inputs, { shape: inputShape })));
  } finally {
    model.lengths = before;
  }
}
