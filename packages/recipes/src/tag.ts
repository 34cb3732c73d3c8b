import { largest, softmaxOf } from './scores.ts';
import { scoresOf, type SequencePredictor } from './sequence/predict.ts';
import { recipeOf, type SequenceRecipe } from './sequence/recipe.ts';

/** What the steps of a sequence were taken for. */
export interface Tagged {
  /** The class of each step: its name, or its number where classes have no names. Of bits: the names of those that are likelier on than off, with a space between. */
  readonly labels: readonly string[];
  /** The number of each step's class. Absent for bits and values. */
  readonly indices?: Int32Array;
  /** [T · O], step by step: probabilities of all classes, or of each bit; values as they are. */
  readonly outputs: Float32Array;
}

/**
 * A label per step: parts of speech, phases of a measurement, the next frame of a piece (several bits at once), a number. Sequences
 * come from `tableSequences` with `per: 'step'`, `choraleSet`, `tokenSet` or `sequenceSet` of `@unroll/datasets`.
 *
 * @example
 * const run = tag.create(set, { cell: 'gru', bidirectional: true, hidden: 64 });
 * for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(progress.step, progress.loss);
 * const [{ labels }] = await tag.predict(run, ['31415926']);
 */
export const tag: SequenceRecipe<'tag', Tagged> = /* @__PURE__ */ recipeOf('tag', {
  per: 'step', targets: ['classification', 'binary', 'regression'], sets: 'tableSequences with a label per step, tokenSet or choraleSet',
}, async (model, inputs) => (await scoresOf(model, inputs)).map((scores) => taggedOf(scores, model)));

function taggedOf(scores: Float32Array, { shape: { targets, targetSize, targetSymbols } }: SequencePredictor): Tagged {
  const steps = Array.from({ length: scores.length / targetSize }, (_, t) => scores.subarray(t * targetSize, (t + 1) * targetSize));
  const nameOf = (index: number): string => targetSymbols?.[index] ?? String(index);
  if (targets === 'regression') return { labels: steps.map((values) => values.join(' ')), outputs: scores };
  if (targets === 'binary') return { labels: steps.map((bits) => [...bits.entries()].flatMap(([bit, score]) => (score > 0 ? [nameOf(bit)] : [])).join(' ')), outputs: scores.map((score) => 1 / (1 + Math.exp(-score))) };
  const indices = Int32Array.from(steps, largest);
  const outputs = new Float32Array(scores.length);
  for (const [t, step] of steps.entries()) outputs.set(softmaxOf(step), t * targetSize);
  return { labels: Array.from(indices, nameOf), indices, outputs };
}
