import { DataError, scaleInputs, sequenceSet, type Scaling, type SequenceSet, type SequenceShape } from '@unroll/datasets';
import { keep, scope } from '@unroll/tensor';
import { breather } from '@unroll/train';
import { check } from '../errors.ts';
import { evaluating } from '../learning.ts';
import { passOver } from './batches.ts';
import { answers } from './evaluate.ts';
import type { SequenceModel } from './model.ts';

/** A sequence to be answered: a text of symbols, a list of them, ids, or values step by step (T · I). */
export type SequenceInput = string | readonly string[] | ArrayLike<number>;

/** What predicts: a run, or what was loaded. */
export interface SequencePredictor {
  readonly model: SequenceModel;
  readonly shape: SequenceShape;
  readonly scaling: Scaling | undefined;
}

/**
 * What the model says, row by row: scores [O], or [T · O] per step. Symbols that are unknown read as zeros.
 *
 * @throws DataError or RecipeError `argument` for an input that is empty or of another kind than what was learnt
 */
export async function scoresOf({ model, shape, scaling }: SequencePredictor, inputs: readonly SequenceInput[], batch = 256): Promise<Float32Array[]> {
  if (inputs.length === 0) return [];
  const set = inputSet(inputs, shape);
  const scaled = scaling === undefined ? set : scaleInputs(set, scaling);
  const scores: Float32Array[] = [];
  const breathe = breather();
  await evaluating(model, async () => {
    for (const { indices, item } of passOver(scaled, batch)) {
      const output = scope(() => keep(answers(model, item)));
      try {
        const values = Float32Array.from(await output.data());
        indices.forEach((index, row) => { scores[index] = rowOf(values, { row, rows: indices.length, width: shape.targetSize, steps: shape.per === 'step' ? set.length(index) : 1 }); });
      } finally {
        output.dispose();
      }
      await breathe();
    }
  });
  return scores;
}

/** Inputs without targets as a set; what is asked is 0 everywhere. */
export function inputSet(inputs: readonly SequenceInput[], shape: SequenceShape): SequenceSet {
  const encoded = inputs.map(encoder(shape));
  const width = shape.inputs === 'ids' ? 1 : shape.inputSize;
  encoded.forEach((row, index) => check(row.length > 0 && row.length % width === 0, 'argument',
    () => `predict: sequence ${index} has ${row.length} ${width === 1 ? 'steps' : `values, which are not whole steps of ${width}`}; give one step or more.`));
  const length = (index: number): number => (encoded[index] as ArrayLike<number>).length / width;
  const asked = (index: number): number => (shape.per === 'step' ? length(index) : 1) * (shape.targets === 'classification' ? 1 : shape.targetSize);
  return sequenceSet({ shape, size: encoded.length, length, input: (index) => encoded[index] as ArrayLike<number>, target: (index) => new Uint8Array(asked(index)) });
}

function encoder({ inputs: kind, inputSymbols }: SequenceShape): (input: SequenceInput) => ArrayLike<number> {
  const ids = new Map(inputSymbols?.map((symbol, id) => [symbol, id]));
  return (input) => {
    if (typeof input !== 'string' && !isSymbols(input)) return input;
    if (kind === 'values') throw new DataError('invalid-option', `predict: the model reads values, got the text ${JSON.stringify(input)}; give numbers, step by step`);
    check(inputSymbols !== undefined && ids.size === inputSymbols.length, 'argument', () => 'predict: the model does not know the symbols of its ids; give ids instead of text.');
    return Int32Array.from(Array.from(input), (symbol) => ids.get(symbol) ?? -1);
  };
}

function isSymbols(input: Exclude<SequenceInput, string>): input is readonly string[] {
  return Array.isArray(input) && typeof input[0] === 'string';
}

// out[t O + o] = values[(t B + b) O + o]
function rowOf(values: Float32Array, { row, rows, width, steps }: { readonly row: number; readonly rows: number; readonly width: number; readonly steps: number }): Float32Array {
  const out = new Float32Array(steps * width);
  for (let t = 0; t < steps; t++) out.set(values.subarray((t * rows + row) * width, (t * rows + row + 1) * width), t * width);
  return out;
}
