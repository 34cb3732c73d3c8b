import { ignored, type SequenceSet } from '@unroll/datasets';
import type { EncoderDecoder } from '@unroll/layers';
import { argmax, scope, tensor } from '@unroll/tensor';
import { breather, crossEntropy, releaseState, retainState } from '@unroll/train';
import { evaluating, type Measured } from '../learning.ts';
import { passOver, type SequenceItem } from '../sequence/batches.ts';
import { answersOf } from './decode.ts';

/** How well a model answers sequences with sequences. */
export interface TranslateEvaluation extends Measured {
  /** Mean over the symbols of all answers and their ends, each given those before it, in nats. */
  readonly loss: number;
  /** Symbols and ends. */
  readonly predictions: number;
  /** The share of these that is right. */
  readonly accuracy: number;
  /** The share of answers that come out right from their first symbol to their end when nothing is given, by greedy decoding. */
  readonly exact: number;
}

/** Options of `evaluatePairs`. */
export interface PairEvaluationOptions {
  /** B: pairs at a time. Default 256. */
  readonly batch?: number;
}

/** The loss on pairs that were held out, and how many answers come out right, without dropout. */
export async function evaluatePairs(model: EncoderDecoder, set: SequenceSet, { batch = 256 }: PairEvaluationOptions = {}): Promise<TranslateEvaluation> {
  const breathe = breather();
  let [sum, predictions, right, whole] = [0, 0, 0, 0];
  await evaluating(model, async () => {
    for (const { indices, item } of passOver(set, batch)) {
      const { loss, found } = await taught(model, item);
      sum += loss * item.count;
      predictions += item.count;
      for (const [k, target] of item.targets.entries()) if (target !== ignored && target === found[k]) right += 1;
      whole += await rightAnswers(model, item, Array.from(indices, (index) => Array.from(set.target(index)).slice(0, -1)));
      await breathe();
    }
  });
  return { loss: sum / predictions, predictions, accuracy: right / predictions, exact: whole / set.size };
}

/** With the right symbols before each. */
async function taught(model: EncoderDecoder, { inputs, shape, targets, targetShape, lengths }: SequenceItem): Promise<{ loss: number; found: ArrayLike<number> }> {
  const results = scope(() => {
    const answers = tensor(targets, { shape: targetShape });
    const scores = model.forward(tensor(inputs, { shape }), answers, lengths === undefined ? {} : { lengths });
    return retainState([crossEntropy(scores, answers), argmax(scores, { axis: -1 })] as const);
  });
  try {
    const [loss, found] = await Promise.all(results.map((result) => result.data()));
    return { loss: loss?.[0] as number, found: found ?? [] };
  } finally {
    releaseState(results);
  }
}

// One symbol more than the longest answer, so that an answer that does not end is not right.
async function rightAnswers(model: EncoderDecoder, item: SequenceItem, wanted: readonly (readonly number[])[]): Promise<number> {
  const found = await answersOf(model, item, { maxLength: Math.max(...wanted.map(({ length }) => length)) + 1 });
  return found.filter(([best], row) => best !== undefined && best.ended && best.ids.join() === wanted[row]?.join()).length;
}
