import { pairSet, type Pair, type PairSymbols } from '../pairs.ts';
import type { SequenceBatch, SequenceKind, SequenceShape } from '../sequences.ts';

/** The kind of the tasks whose targets are sequences of their own. */
export const answerKind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'answer' };

/** The shape of pairs of these symbols. */
export function answerShape(symbols: PairSymbols): SequenceShape {
  return { ...answerKind, inputSize: symbols.input.length, targetSize: symbols.answer.length, inputSymbols: symbols.input, targetSymbols: symbols.answer };
}

/** Pairs as one batch, inputs padded to `length` and answers to `targetLength`, end included. */
export function answerBatch(pairs: readonly Pair[], symbols: PairSymbols, length: number, targetLength: number): SequenceBatch {
  return pairSet(pairs, symbols, { length, targetLength }).batch(pairs.map((_, index) => index));
}

/** The loss of who knows how probable each symbol is at each position of an answer, end included, and nothing of the input. */
export function positionLoss(answers: Iterable<readonly [answer: string, chance: number]>): number {
  const positions: Map<string, number>[] = [];
  let steps = 0;
  for (const [answer, chance] of answers) {
    steps += chance * (answer.length + 1);
    for (let i = 0; i <= answer.length; i++) {
      const table = (positions[i] ??= new Map<string, number>());
      const symbol = answer[i] ?? '';
      table.set(symbol, (table.get(symbol) ?? 0) + chance);
    }
  }
  return positions.reduce((sum, table) => sum + spread([...table.values()]), 0) / steps;
}

function spread(weights: readonly number[]): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight) => sum + weight * Math.log(all / weight), 0);
}
