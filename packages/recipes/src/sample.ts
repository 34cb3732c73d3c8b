import { DataError, Rng, type Vocabulary } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { scope, tensor, type Tensor } from '@unroll/tensor';
import { breather, releaseState, retainState } from '@unroll/train';
import { check } from './errors.ts';
import type { TextModel } from './model.ts';

/** How text is drawn. */
export interface SampleOptions {
  /** What the model reads first; not part of the result. Default: a line break, where the vocabulary has one. */
  readonly prompt?: string;
  /** Symbols to draw. Default 200. */
  readonly length?: number;
  /** Scores are divided by it: below 1 safer, above 1 bolder, 0 always the likeliest symbol. Default 1. */
  readonly temperature?: number;
  /** Only the k likeliest symbols come into question. Default: all. */
  readonly topK?: number;
  /** The same seed draws the same text. Default 0. */
  readonly seed?: number;
}

/**
 * Text that the model writes, symbol by symbol as it is drawn, with the state carried on: one step a symbol, whatever came before.
 * A vocabulary of bytes gives a character when its last byte is there.
 *
 * @throws RecipeError `argument` for options out of range, DataError `unknown-character` for a prompt that the vocabulary cannot spell
 */
export async function* sampleText(model: TextModel, vocabulary: Vocabulary, options: SampleOptions = {}): AsyncGenerator<string, void, void> {
  const { length = 200, temperature = 1, topK = vocabulary.size, seed = 0 } = options;
  checkOptions({ length, temperature, topK });
  const [rng, spell, breathe] = [new Rng(seed), speller(vocabulary), breather()];
  let ids: ArrayLike<number> = firstIds(vocabulary, options.prompt ?? '');
  let state: RecurrentState | undefined;
  try {
    for (let drawn = 0; drawn < length; drawn++) {
      const read = readSymbols(model, ids, state);
      releaseState(state);
      state = read.next;
      const id = choose(await scoresOf(read.logits, vocabulary.size), temperature, topK, rng);
      const text = spell(id, drawn === length - 1);
      if (text !== '') yield text;
      await breathe();
      ids = [id];
    }
  } finally {
    releaseState(state);
  }
}

/** Draws an index: the probability of index k is proportional to exp(scores[k] / temperature), among the topK largest. */
export function choose(scores: ArrayLike<number>, temperature: number, topK: number, rng: Rng): number {
  const order = Array.from(scores, (_, k) => k).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const [best = 0] = order;
  if (temperature === 0) return best;
  const candidates = order.slice(0, topK);
  const weights = candidates.map((k) => Math.exp(((scores[k] as number) - (scores[best] as number)) / temperature));
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [place, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return candidates[place] as number;
  }
  return best;
}

function readSymbols(model: TextModel, ids: ArrayLike<number>, state: RecurrentState | undefined): { logits: Tensor; next: RecurrentState } {
  const wasTraining = model.training;
  model.eval();
  try {
    return scope(() => {
      const [logits, next] = model.forward(tensor(Int32Array.from(ids), { shape: [ids.length, 1] }), state);
      return { logits, next: retainState(next) };
    });
  } finally {
    model.train(wasTraining);
  }
}

// Of the last symbol that was read.
async function scoresOf(logits: Tensor, symbols: number): Promise<ArrayLike<number>> {
  try {
    return (await logits.data()).slice(-symbols);
  } finally {
    logits.dispose();
  }
}

function firstIds(vocabulary: Vocabulary, prompt: string): ArrayLike<number> {
  if (prompt !== '') return vocabulary.encode(prompt);
  try {
    return vocabulary.encode('\n');
  } catch (error) {
    if (error instanceof DataError) return [0];
    throw error;
  }
}

/** Ids to text. A character may take up to four bytes; until it is complete, its bytes decode to the replacement character. */
function speller(vocabulary: Vocabulary): (id: number, last: boolean) => string {
  let waiting: number[] = [];
  return (id, last) => {
    waiting.push(id);
    const text = vocabulary.decode(waiting);
    if (vocabulary.kind === 'bytes' && text.endsWith('\uFFFD') && waiting.length < 4 && !last) return '';
    waiting = [];
    return text;
  };
}

function checkOptions({ length, temperature, topK }: { readonly length: number; readonly temperature: number; readonly topK: number }): void {
  check(Number.isSafeInteger(length) && length >= 0, 'argument', () => `sampleText: length must be a whole number from 0, got ${length}.`);
  check(temperature >= 0 && Number.isFinite(temperature), 'argument', () => `sampleText: temperature must be a number from 0, got ${temperature}.`);
  check(Number.isSafeInteger(topK) && topK >= 1, 'argument', () => `sampleText: topK must be a whole number from 1, got ${topK}.`);
}
