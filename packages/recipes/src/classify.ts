import { largest, softmaxOf } from './scores.ts';
import { scoresOf, type SequencePredictor } from './sequence/predict.ts';
import { recipeOf, type SequenceRecipe } from './sequence/recipe.ts';

/** What a sequence was taken for. */
export interface Classified {
  /** The name of the class, or its number where classes have no names. */
  readonly label: string;
  /** Its number, from 0. */
  readonly index: number;
  /** Its probability by the model. */
  readonly probability: number;
  /** Those of all classes. */
  readonly probabilities: Float32Array;
}

/**
 * A label per sequence: names to languages, rows of a digit to the digit, measurements to what was measured. Sequences come from
 * `lineSet`, `digitSet`, `tableSequences` or `sequenceSet` of `@unroll/datasets`.
 *
 * @example
 * const run = classify.create(lineSet(names, vocabulary), { cell: 'gru', bidirectional: true });
 * for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(progress.step, progress.accuracy);
 * const [{ label, probability }] = await classify.predict(run, ['Kowalski']);
 */
export const classify: SequenceRecipe<'classify', Classified> = /* @__PURE__ */ recipeOf('classify', {
  per: 'sequence', targets: ['classification'], sets: 'lineSet, digitSet or tableSequences with a label per sequence',
}, async (model, inputs) => {
  const scores = await scoresOf(model, inputs);
  return scores.map((row) => classifiedOf(row, model));
});

function classifiedOf(scores: Float32Array, { shape: { targetSymbols } }: SequencePredictor): Classified {
  const probabilities = softmaxOf(scores);
  const index = largest(probabilities);
  return { label: targetSymbols?.[index] ?? String(index), index, probability: probabilities[index] as number, probabilities };
}
