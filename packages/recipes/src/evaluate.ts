import { evaluationWindows, type TextBatch } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { scope, tensor, type Tensor } from '@unroll/tensor';
import { bitsPerCharacter, breather, crossEntropy, releaseState, retainState } from '@unroll/train';
import { numberOf } from './learning.ts';
import type { TextModel } from './model.ts';

/** How well a model predicts a text. */
export interface TextEvaluation {
  /** Mean cross-entropy per symbol, in nats. */
  readonly loss: number;
  /** The same in bits. */
  readonly bitsPerCharacter: number;
  /** Symbols predicted: all of the text but the first. */
  readonly predictions: number;
}

/** Options of `evaluateText`. */
export interface EvaluateOptions {
  /** T: steps at a time; has no influence on the result. Default 64. */
  readonly length?: number;
  /** B: streams that the text is read in, each from a zero state. Default: one for every thousand symbols, at most 32. */
  readonly batch?: number;
}

/**
 * The loss on a text that was held out, with the state carried through it and without dropout.
 *
 * @throws DataError where there are fewer than two ids
 */
export async function evaluateText(model: TextModel, ids: Int32Array, { length = 64, ...options }: EvaluateOptions = {}): Promise<TextEvaluation> {
  const windows = evaluationWindows(ids, { length, ...options });
  const breathe = breather();
  const wasTraining = model.training;
  let state: RecurrentState | undefined;
  let sum = 0;
  try {
    for (const window of windows) {
      model.eval();
      const { loss, next } = evaluateWindow(model, window, window.reset ? undefined : state);
      releaseState(state);
      state = next;
      model.train(wasTraining);
      sum += (await numberOf(loss)) * window.inputs.length;
      await breathe();
    }
  } finally {
    model.train(wasTraining);
    releaseState(state);
  }
  const loss = sum / windows.predictions;
  return { loss, bitsPerCharacter: bitsPerCharacter(loss), predictions: windows.predictions };
}

function evaluateWindow(model: TextModel, { inputs, targets, shape }: TextBatch, state: RecurrentState | undefined): { loss: Tensor; next: RecurrentState } {
  return scope(() => {
    const [logits, next] = model.forward(tensor(inputs, { shape }), state);
    return { loss: crossEntropy(logits, tensor(targets, { shape })), next: retainState(next) };
  });
}
