import { indexSelect, logSoftmax, scope, tensor, type Tensor } from '@unroll/tensor';
import { breather, mapTensors, releaseState, retainState } from '@unroll/train';
import { checkDecodeOptions, checkedStep, type DecodedSequence, type DecodeOptions, type DecodeStep } from './decode.ts';
import { check } from './errors.ts';

/** How beams are searched. */
export interface BeamOptions<State> extends DecodeOptions<State> {
  /** K: sequences that are followed at a time, for each row, and found in the end. Default 4. */
  readonly beams?: number;
  /** α from 0: log P of n symbols, the end included, is divided by ((5 + n) / 6)^α. 0 prefers short sequences. Default 0.6. */
  readonly lengthPenalty?: number;
  /** The state with other rows: `rows`, int32 (N), has the number of an old row for each new one. Default: all tensors have their rows on axis 1. */
  readonly select?: (state: State, rows: Tensor) => State;
}

/** One of the sequences that a beam search finds. */
export interface Hypothesis extends DecodedSequence {
  /** log P divided by the length penalty. */
  readonly score: number;
}

/**
 * The likeliest sequences, as far as K beams see: for each row at most K, the best first. A row ends when no beam can come before
 * what it has found. Length penalty: Wu et al. 2016, Google's neural machine translation system, equation 14.
 *
 * @example
 * const [found] = await beamSearch((ids, state) => model.step(ids, state), { start: [1], state: model.encode(source), end: 2, beams: 5 });
 * console.log(found[0].ids, found[0].score);
 * @throws RecipeError `argument` for options out of range, scores that are not (N, V) or NaN, or a state whose rows are elsewhere
 */
export async function beamSearch<State>(step: DecodeStep<State>, options: BeamOptions<State>): Promise<Hypothesis[][]> {
  const search = settingsOf(options);
  const { beams, maxLength } = search;
  const [searches, breathe] = [Array.from(options.start, newSearch), breather()];
  const firstRows = searches.flatMap((_, source) => Array<number>(beams).fill(source));
  let ids: readonly number[] = firstRows.map((source) => options.start[source] as number);
  let state = selected(options, options.state, firstRows, searches.length);
  try {
    for (let length = 1; length <= maxLength; length++) {
      const scored = scoreNext(step, ids, state);
      releaseState(state);
      state = scored.state;
      const scores = await numbersOf(scored.logProbabilities);
      for (const [source, one] of searches.entries()) advance(one, { ...search, length, scores: scores.subarray(source * beams * scored.symbols), symbols: scored.symbols });
      if (searches.every(({ live }) => live.length === 0)) break;
      const places = searches.flatMap(({ live }, source) => Array.from({ length: beams }, (_, k) => ({ row: source * beams + (live[k]?.slot ?? 0), id: live[k]?.ids.at(-1) ?? 0 })));
      ids = places.map(({ id }) => id);
      const grown = selected(options, state, places.map(({ row }) => row), ids.length);
      releaseState(state);
      state = grown;
      await breathe();
    }
  } finally {
    releaseState(state);
  }
  return searches.map(({ found }) => found);
}

// Private.

/** A sequence that is still being followed; `slot` is the beam that it grew from. */
interface Live { readonly ids: readonly number[]; readonly logProbability: number; readonly slot: number }
/** The search for one row. It is over when nothing is alive. */
interface Search { live: readonly Live[]; found: Hypothesis[] }
interface Settings { readonly beams: number; readonly lengthPenalty: number; readonly maxLength: number; readonly end: number | undefined }
/** log P of the symbols that follow each beam, at this length. */
interface Scored extends Settings { readonly length: number; readonly scores: ArrayLike<number>; readonly symbols: number }
interface Candidate { readonly slot: number; readonly id: number; readonly logProbability: number }

function settingsOf<State>({ start, end, maxLength = 100, beams = 4, lengthPenalty = 0.6 }: BeamOptions<State>): Settings {
  checkDecodeOptions('beamSearch', { start, end, maxLength });
  check(Number.isSafeInteger(beams) && beams >= 1, 'argument', () => `beamSearch: beams must be a whole number from 1, got ${beams}.`);
  check(lengthPenalty >= 0 && Number.isFinite(lengthPenalty), 'argument', () => `beamSearch: lengthPenalty must be a number from 0, got ${lengthPenalty}.`);
  return { beams, lengthPenalty, maxLength, end };
}

// All rows start as one sequence, the empty one; the other beams come into being with the first symbols.
function newSearch(): Search {
  return { live: [{ ids: [], logProbability: 0, slot: 0 }], found: [] };
}

function scoreNext<State>(step: DecodeStep<State>, ids: readonly number[], state: State): { logProbabilities: Tensor; state: State; symbols: number } {
  return scope(() => {
    const { logits, state: next } = checkedStep('beamSearch', step, tensor(Int32Array.from(ids)), state);
    return { ...retainState({ logProbabilities: logSoftmax(logits), state: next }), symbols: logits.shape[1] as number };
  });
}

async function numbersOf(logProbabilities: Tensor): Promise<Awaited<ReturnType<Tensor['data']>>> {
  try {
    return await logProbabilities.data();
  } finally {
    logProbabilities.dispose();
  }
}

/** One symbol more: what ended is found, the K best others live on. */
function advance(search: Search, scored: Scored): void {
  if (search.live.length === 0) return;
  const { beams, end, length, maxLength } = scored;
  // Each beam has one way to end, so twice as many candidates hold K that go on.
  const candidates = bestCandidates(search.live, scored, 2 * beams);
  check(candidates.length > 0, 'argument', () => `beamSearch: no symbol can be number ${length} of the sequence, since all logits are NaN or -Infinity; look at the model's parameters.`);
  const grown: Live[] = [];
  for (const [rank, { slot, id, logProbability }] of candidates.entries()) {
    const { ids = [] } = search.live[slot] ?? {};
    if (id !== end && grown.length < beams) grown.push({ ids: [...ids, id], logProbability, slot });
    if (id === end && rank < beams) search.found.push(hypothesis({ ids, logProbability, ended: true }, length, scored));
  }
  if (length === maxLength) search.found.push(...grown.map(({ ids, logProbability }) => hypothesis({ ids, logProbability, ended: false }, length, scored)));
  search.found = search.found.toSorted((a, b) => b.score - a.score).slice(0, beams);
  search.live = length === maxLength || isOver(search.found, grown, scored) ? [] : grown;
}

/** The best in order; of equal ones first that of the better beam, then that of the smaller id. NaN and −∞ are none. */
function bestCandidates(live: readonly Live[], { scores, symbols }: Scored, count: number): Candidate[] {
  const best: Candidate[] = [];
  for (const [slot, before] of live.entries()) {
    for (let id = 0; id < symbols; id++) {
      const logProbability = before.logProbability + (scores[slot * symbols + id] as number);
      const last = best.length < count ? -Infinity : (best.at(-1)?.logProbability ?? -Infinity);
      if (!(logProbability > last)) continue;
      const place = best.findLastIndex((other) => other.logProbability >= logProbability) + 1;
      best.splice(place, 0, { slot, id, logProbability });
      if (best.length > count) best.pop();
    }
  }
  return best;
}

// log P / ((5 + n) / 6)^α
function hypothesis(sequence: DecodedSequence, length: number, { lengthPenalty }: Settings): Hypothesis {
  return { ...sequence, score: sequence.logProbability / ((5 + length) / 6) ** lengthPenalty };
}

// A beam can only lose probability, and at most gain the largest penalty.
function isOver(found: readonly Hypothesis[], grown: readonly Live[], settings: Settings): boolean {
  const [best] = grown;
  if (best === undefined) return true;
  const bound = hypothesis({ ...best, ended: false }, settings.maxLength, settings).score;
  return found.length >= settings.beams && (found.at(-1)?.score ?? -Infinity) >= bound;
}

/** The state, which has `count` rows, with these of them. */
function selected<State>({ select }: BeamOptions<State>, state: State, rows: readonly number[], count: number): State {
  return scope(() => {
    const index = tensor(Int32Array.from(rows));
    return retainState(select === undefined ? mapTensors(state, (one) => rowsOf(one, index, count)) : select(state, index));
  });
}

function rowsOf(one: Tensor, index: Tensor, count: number): Tensor {
  check(one.rank > 1 && one.shape[1] === count, 'argument', () => `beamSearch: the tensors of a state must have their ${count} rows on axis 1, got (${one.shape.join(', ')}); pass select.`);
  return indexSelect(one, 1, index);
}
