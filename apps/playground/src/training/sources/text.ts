import { characterVocabulary, DataError, type SequenceBatch, type SequenceShape } from '@unroll/datasets';
import type { RunSpec } from '../protocol.ts';
import { judges, mostSteps, streamOf, type Source } from './source.ts';

/** Characters that are read of a text, at most: more would not be learnt from in the time that one watches. */
const longest = 1_000_000;
/** Different characters; the rarest become one that stands for them all. */
const mostSymbols = 160;

/** The next character of a text: windows from its first nine tenths, judged on the last. */
export function textSource(text: string, name: string, { options, batch, seed }: Pick<RunSpec, 'options' | 'batch' | 'seed'>): Source {
  const { length = 40 } = options;
  const read = simplified(text.slice(0, longest).replace(/\r\n?/g, '\n'));
  const vocabulary = characterVocabulary(read);
  const ids = vocabulary.encode(read);
  const trained = Math.floor(ids.length * 0.9);
  if (ids.length - trained <= length + 1) {
    throw new DataError('invalid-option', `${name}: ${ids.length} characters are too few for windows of ${length}; at least ${10 * (length + 2)} are needed, or a shorter window`);
  }
  const symbols = Array.from({ length: vocabulary.size }, (_, id) => vocabulary.decode([id]));
  const shape: SequenceShape = { inputs: 'ids', targets: 'classification', per: 'step', inputSize: symbols.length, targetSize: symbols.length, inputSymbols: symbols, targetSymbols: symbols };
  const draw = (step: number, rows: number, from: number, to: number): SequenceBatch => {
    const rng = streamOf(seed, step);
    return windows(ids, Array.from({ length: rows }, () => from + rng.integer(to - from - length)), length);
  };
  return {
    shape, vocabulary, floor: 0,
    batch: (step) => draw(step, batch, 0, trained),
    heldOut: draw(mostSteps, judges, trained, ids.length),
    baseline: entropy(ids, symbols.length),
  };
}

function windows(ids: Int32Array, starts: readonly number[], length: number): SequenceBatch {
  const rows = starts.length;
  const pick = (ahead: number): Int32Array => Int32Array.from({ length: length * rows }, (_, k) => ids[(starts[k % rows] as number) + Math.floor(k / rows) + ahead] as number);
  return { inputs: pick(0), inputShape: [length, rows], targets: pick(1), targetShape: [length, rows] };
}

/** Keeps the frequent characters, for which there is room. */
function simplified(text: string): string {
  const counts = new Map<string, number>();
  for (const symbol of text) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  if (counts.size <= mostSymbols) return text;
  const kept = new Set([...counts].sort(([, a], [, b]) => b - a).slice(0, mostSymbols - 1).map(([symbol]) => symbol));
  return Array.from(text, (symbol) => (kept.has(symbol) ? symbol : '\u{FFFD}')).join('');
}

/** Nats a character of who knows only how frequent each is. */
function entropy(ids: Int32Array, symbols: number): number {
  const counts = new Float64Array(symbols);
  for (const id of ids) (counts[id] as number) += 1;
  return counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / ids.length) * Math.log(count / ids.length)), 0);
}
