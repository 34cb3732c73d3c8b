import { evaluationWindows, RaggedStreams, type RaggedBatch, type TextBatch } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { mul, scope, tensor, type Tensor } from '@unroll/tensor';
import { bitsPerCharacter, breather, crossEntropy, mapTensors, releaseState, retainState } from '@unroll/train';
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

/** A batch of one text, or of documents. */
export type TextItem = TextBatch & Partial<Pick<RaggedBatch, 'mask' | 'starts' | 'count'>>;

/**
 * The loss on a text that was held out, or on documents each by itself, with the state carried through and without dropout.
 *
 * @throws DataError where there are fewer than two ids
 */
export async function evaluateText(model: TextModel, ids: Int32Array | readonly Int32Array[], { length = 64, batch }: EvaluateOptions = {}): Promise<TextEvaluation> {
  const windows: Iterable<TextItem> = ids instanceof Int32Array ? evaluationWindows(ids, { length, ...(batch === undefined ? {} : { batch }) }) : pass(ids, length, batch ?? 32);
  const breathe = breather();
  let state: RecurrentState | undefined;
  let [sum, predictions] = [0, 0];
  try {
    for (const window of windows) {
      const { loss, next } = withoutDropout(model, () => evaluateWindow(model, window, window.reset ? undefined : state));
      releaseState(state);
      state = next;
      const count = window.count ?? window.inputs.length;
      sum += (await numberOf(loss)) * count;
      predictions += count;
      await breathe();
    }
  } finally {
    releaseState(state);
  }
  const loss = sum / predictions;
  return { loss, bitsPerCharacter: bitsPerCharacter(loss), predictions };
}

/** Reads on from a state: rows that begin a document from zero, and steps behind the end of one not at all. */
export function readOn(model: TextModel, ids: Tensor, state: RecurrentState | undefined, { mask, starts, shape }: TextItem): readonly [logits: Tensor, state: RecurrentState] {
  const goesOn = starts === undefined || state === undefined || starts.every((one) => one === 0) ? undefined : tensor(starts.map((one) => 1 - one), { shape: [1, starts.length, 1] });
  const from = goesOn === undefined ? state : mapTensors(state, (one) => mul(one, goesOn));
  return model.forward(ids, from, mask === undefined || mask.every((one) => one === 1) ? {} : { mask: tensor(mask, { shape }) });
}

// Only as long as nobody else can see it.
function withoutDropout<T>(model: TextModel, body: () => T): T {
  const wasTraining = model.training;
  model.eval();
  try {
    return body();
  } finally {
    model.train(wasTraining);
  }
}

function evaluateWindow(model: TextModel, window: TextItem, state: RecurrentState | undefined): { loss: Tensor; next: RecurrentState } {
  const { inputs, targets, shape } = window;
  return scope(() => {
    const [logits, next] = readOn(model, tensor(inputs, { shape }), state, window);
    return { loss: crossEntropy(logits, tensor(targets, { shape })), next: retainState(next) };
  });
}

function* pass(documents: readonly Int32Array[], length: number, batch: number): Generator<RaggedBatch, void, void> {
  const streams = new RaggedStreams(documents, { batch: Math.min(batch, documents.length), length, shuffle: false });
  for (let left = streams.stepsPerEpoch; left > 0; left--) yield streams.next();
}
