import type { SequenceShape } from '@unroll/datasets';
import type { EncoderDecoder } from '@unroll/layers';
import { scope, tensor, type Tensor } from '@unroll/tensor';
import { releaseState, retainState } from '@unroll/train';
import { beamSearch, type Hypothesis } from '../beam.ts';
import { greedyDecode, type DecodedSequence } from '../decode.ts';
import type { SequenceItem } from '../sequence/batches.ts';
import { endOfAnswer } from './model.ts';

/** How answers are searched for. */
export interface AnswerOptions {
  /** 1 (the default) takes the likeliest symbol at every step; more follow so many answers side by side. */
  readonly beams?: number;
  /** Of beam search, as `beamSearch` has it. Default 0.6. */
  readonly lengthPenalty?: number;
  /** Symbols of an answer at most. Default: twice as many as the longest that was learnt, and ten. */
  readonly maxLength?: number;
}

/** The answers of a model to each row of a batch, the best first. */
export async function answersOf(model: EncoderDecoder, { inputs, shape, lengths }: Pick<SequenceItem, 'inputs' | 'shape' | 'lengths'>, { beams = 1, ...options }: AnswerOptions & { readonly maxLength: number }): Promise<readonly (readonly (DecodedSequence & Partial<Hypothesis>)[])[]> {
  const state = scope(() => retainState(model.encode(tensor(inputs, { shape }), lengths === undefined ? {} : { lengths })));
  const step = (ids: Tensor, before: typeof state): ReturnType<EncoderDecoder['step']> => model.step(ids, before);
  const start = Array<number>(shape[1] as number).fill(endOfAnswer);
  try {
    if (beams === 1) return (await greedyDecode(step, { start, state, end: endOfAnswer, maxLength: options.maxLength })).map((row) => [row]);
    return await beamSearch(step, { start, state, end: endOfAnswer, beams, ...options });
  } finally {
    releaseState(state);
  }
}

/** Ids as text: characters side by side, longer symbols with spaces between. */
export function spelled(ids: readonly number[], { targetSymbols }: SequenceShape): string {
  if (targetSymbols === undefined) return ids.join(' ');
  return ids.map((id) => targetSymbols[id] ?? '').join(targetSymbols.every((symbol) => [...symbol].length <= 1) ? '' : ' ');
}
