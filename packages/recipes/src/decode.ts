import { argmax, gather, logSoftmax, reshape, scope, squeeze, tensor, unsqueeze, type Tensor } from '@unroll/tensor';
import { breather, releaseState, retainState } from '@unroll/train';
import { check } from './errors.ts';

/**
 * What is decoded with: the symbol that each of N rows has come to, int32 (N), and the state before it, to the scores of the symbols that
 * may follow, (N, V), and the state after it. `EncoderDecoder` has such a `step`, `decodeStep` makes one of a language model.
 * Switch the model to `eval()` before.
 */
export type DecodeStep<State> = (ids: Tensor, state: State) => { readonly logits: Tensor; readonly state: State };

/** Where decoding starts and ends. */
export interface DecodeOptions<State> {
  /** The first id of each row, which is not part of the result: B of them. */
  readonly start: ArrayLike<number>;
  /** What the step is to start from: tensors in nested arrays and plain objects, or undefined. Stays the caller's. */
  readonly state: State;
  /** A row ends with this id, which is not part of the result either. Default: all rows have `maxLength` symbols. */
  readonly end?: number;
  /** Symbols of a row at most. Default 100. */
  readonly maxLength?: number;
}

/** What one row was decoded to. */
export interface DecodedSequence {
  readonly ids: readonly number[];
  /** log P of the ids, and of the end where it came, in nats. */
  readonly logProbability: number;
  /** Whether the end came; otherwise `maxLength` cut the row. */
  readonly ended: boolean;
}

/** A model that takes sequences (T, N) to scores (T, N, V) and a state, such as `TextModel`, as a step. */
export function decodeStep<State>(model: { forward(ids: Tensor, state?: State): readonly [logits: Tensor, state: State] }): DecodeStep<State | undefined> {
  return (ids, state) => {
    const [logits, next] = model.forward(unsqueeze(ids, 0), state);
    return { logits: squeeze(logits, 0), state: next };
  };
}

/**
 * The likeliest symbol at every step, row by row.
 *
 * @example
 * const [first] = await greedyDecode((ids, state) => model.step(ids, state), { start: [1], state: model.encode(source), end: 2 });
 * @throws RecipeError `argument` for options out of range, or scores that are not (N, V)
 */
export async function greedyDecode<State>(step: DecodeStep<State>, options: DecodeOptions<State>): Promise<DecodedSequence[]> {
  const { start, end, maxLength = 100 } = options;
  checkDecodeOptions('greedyDecode', { start, end, maxLength });
  const [rows, breathe] = [Array.from(start, () => ({ ids: [] as number[], logProbability: 0, ended: false })), breather()];
  let now: Chosen<State> = scope(() => retainState({ ids: tensor(Int32Array.from(start)), state: options.state }));
  try {
    for (let length = 0; length < maxLength && rows.some(({ ended }) => !ended); length++) {
      const before = now;
      now = chooseBest(step, before);
      releaseState(before);
      const [ids, logProbabilities] = await Promise.all([now.ids.data(), now.logProbabilities?.data()]);
      for (const [k, row] of rows.entries()) {
        if (row.ended) continue;
        row.logProbability += logProbabilities?.[k] as number;
        row.ended = ids[k] === end;
        if (!row.ended) row.ids.push(ids[k] as number);
      }
      await breathe();
    }
  } finally {
    releaseState(now);
  }
  return rows;
}

/** One call of the step, with its scores checked. For the ways of decoding. */
export function checkedStep<State>(name: string, step: DecodeStep<State>, ids: Tensor, state: State): ReturnType<DecodeStep<State>> {
  const result = step(ids, state);
  const { shape } = result.logits;
  check(shape.length === 2 && shape[0] === ids.size, 'argument', () => `${name}: the step must give logits (${ids.size}, V) for ${ids.size} ids, got (${shape.join(', ')}).`);
  return result;
}

/** Refuses what cannot be decoded. */
export function checkDecodeOptions(name: string, { start, end, maxLength }: { readonly start: ArrayLike<number>; readonly end: number | undefined; readonly maxLength: number }): void {
  check(start.length > 0 && Array.from(start).every(isId), 'argument', () => `${name}: start must have the first id of each row, whole numbers from 0, got [${Array.from(start).join(', ')}].`);
  check(end === undefined || isId(end), 'argument', () => `${name}: end must be an id, a whole number from 0, got ${end}.`);
  check(Number.isSafeInteger(maxLength) && maxLength >= 0, 'argument', () => `${name}: maxLength must be a whole number from 0, got ${maxLength}.`);
}

// Private.

interface Chosen<State> {
  readonly ids: Tensor;
  readonly state: State;
  readonly logProbabilities?: Tensor;
}

// The ids stay on the backend, from step to step.
function chooseBest<State>(step: DecodeStep<State>, before: Chosen<State>): Chosen<State> {
  return scope(() => {
    const { logits, state } = checkedStep('greedyDecode', step, before.ids, before.state);
    const ids = argmax(logits, { axis: -1 });
    const logProbabilities = reshape(gather(logSoftmax(logits), 1, unsqueeze(ids, 1)), [ids.size]);
    return retainState({ ids, state, logProbabilities });
  });
}

function isId(id: number): boolean {
  return Number.isSafeInteger(id) && id >= 0;
}
