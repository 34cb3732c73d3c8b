import { DataError } from './errors.ts';
import { sequenceSet, type Padding, type SequenceSet } from './sequences.ts';

/** A sequence and the sequence that answers it. */
export interface Pair {
  readonly input: string;
  readonly answer: string;
}

/** The characters of both sides, in the order of their ids. The first is '': padding of inputs, end of answers. */
export interface PairSymbols {
  readonly input: readonly string[];
  readonly answer: readonly string[];
}

/**
 * Pairs from lines `input<TAB>answer`; further columns are left out, empty lines do not count.
 *
 * @throws DataError `invalid-file` with the line that has no tab or an empty side
 */
export function parsePairs(text: string, file: string): Pair[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => {
    if (line.trim() === '') return [];
    const [input = '', answer = ''] = line.split('\t').map((side) => side.trim());
    if (input !== '' && answer !== '') return [{ input, answer }];
    throw new DataError('invalid-file', `${file}:${index + 1}: a pair is an input, a tab and an answer, got ${JSON.stringify(line)}`, {
      position: index, line: index + 1, file,
    });
  });
}

/** The characters that occur in some pairs, in code-point order. */
export function pairSymbols(pairs: readonly Pair[]): PairSymbols {
  const symbols = (side: keyof Pair): string[] => ['', ...[...new Set(pairs.flatMap((pair) => [...pair[side]]))].sort(byCodePoint)];
  return { input: symbols('input'), answer: symbols('answer') };
}

/**
 * Pairs as sequences of ids, one a character. Answers end with class 0, which a decoder can also begin with.
 *
 * @throws DataError `unknown-character` where the symbols lack one
 */
export function pairSet(pairs: readonly Pair[], symbols: PairSymbols, padding?: Padding): SequenceSet {
  const [inputIds, answerIds] = [idsOf(symbols.input), idsOf(symbols.answer)];
  const inputs = pairs.map(({ input }) => encode(input, inputIds));
  const answers = pairs.map(({ answer }) => [...encode(answer, answerIds), 0]);
  return sequenceSet({
    shape: {
      inputs: 'ids', inputSize: symbols.input.length, targets: 'classification', per: 'answer', targetSize: symbols.answer.length,
      inputSymbols: symbols.input, targetSymbols: symbols.answer,
    },
    size: pairs.length,
    length: (index) => (inputs[index] as number[]).length,
    input: (index) => inputs[index] as number[],
    target: (index) => answers[index] as number[],
  }, padding);
}

function idsOf(symbols: readonly string[]): ReadonlyMap<string, number> {
  return new Map(symbols.map((symbol, id) => [symbol, id]));
}

function encode(text: string, ids: ReadonlyMap<string, number>): number[] {
  return Array.from(text, (character, position) => {
    const id = ids.get(character);
    if (id !== undefined) return id;
    throw new DataError('unknown-character', `pairSet: ${JSON.stringify(character)} in ${JSON.stringify(text)} is not among the ${ids.size} symbols; make them from texts that have it`, { position });
  });
}

function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) as number) - (b.codePointAt(0) as number);
}
