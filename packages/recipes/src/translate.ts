import type { Cell } from '@unroll/cells';
import type { Scaling, SequenceShape } from '@unroll/datasets';
import type { EncoderDecoder } from '@unroll/layers';
import { Generator } from '@unroll/tensor';
import { breather, crossEntropy } from '@unroll/train';
import { checkLayers, checkShapes, firstLayer } from './description.ts';
import { check } from './errors.ts';
import { evaluating } from './learning.ts';
import { cellOf } from './model.ts';
import { assemble, chosenTensors, filled, parseRun, partsOf, resumed, resumedConfig, type Recipe, type Run, type RunCheckpoint, type SequenceData } from './run.ts';
import { passOver } from './sequence/batches.ts';
import { runConfig, type RunOptions } from './sequence/config.ts';
import { inputSet, type SequenceInput } from './sequence/predict.ts';
import { translateDefaults, translateRules, type TranslateConfig } from './translate/config.ts';
import { answersOf, spelled, type AnswerOptions } from './translate/decode.ts';
import { evaluatePairs, type TranslateEvaluation } from './translate/evaluate.ts';
import { translator } from './translate/model.ts';

/** A run whose model answers sequences with sequences of another length. */
export interface TranslateRun extends Run<'translate', TranslateConfig, EncoderDecoder, TranslateEvaluation> {
  /** Symbols of the longest answer that was learnt, its end included. */
  readonly longest: number;
}

/** A model that is ready to answer. */
export interface LoadedTranslator {
  readonly kind: 'translate';
  readonly config: TranslateConfig;
  readonly shape: SequenceShape;
  readonly scaling: Scaling | undefined;
  readonly model: EncoderDecoder;
  readonly longest: number;
}

/** One answer. */
export interface Answer {
  readonly text: string;
  readonly ids: readonly number[];
  /** log P of the ids, and of the end where it came, in nats. */
  readonly logProbability: number;
  /** Whether the end came; otherwise the largest length cut it. */
  readonly ended: boolean;
}

/** What a sequence was answered with. */
export interface Translated extends Answer {
  /** Of beam search: the next best ones. */
  readonly alternatives: readonly Answer[];
}

/** What `translate` is. */
export type TranslateRecipe = Recipe<'translate', TranslateConfig, SequenceData, TranslateRun, LoadedTranslator, SequenceInput, Translated, AnswerOptions>;

/**
 * Pairs of sequences: sums and their results, dates and dates, words and how they are spoken. An encoder reads, a decoder with attention
 * writes, greedily or by beam search. Sequences come from `pairSet` of `@unroll/datasets`, or as a `SequenceSet` with answers.
 *
 * @example
 * const run = translate.create(pairSet(pairs, pairSymbols(pairs)), { cell: 'gru', epochs: 20 });
 * for await (const progress of train(run)) if (progress.kind === 'evaluation') console.log(progress.step, progress.exact);
 * const [{ text }] = await translate.predict(run, ['31+12'], { beams: 4 });
 */
export const translate: TranslateRecipe = /* @__PURE__ */ Object.freeze<TranslateRecipe>({
  kind: 'translate',
  defaults: translateDefaults,
  config: configOf,
  create: (data, options = {}) => {
    const config = configOf(options);
    return createPairs(data, config, cellOf(options.cell ?? config.cell));
  },
  load: (description, tensors, options) => {
    const parsed = parseRun('translate', description, configOf);
    const { config, cell, shape, fields: { longest } } = parsed;
    check(Number.isSafeInteger(longest) && (longest as number) >= 1, 'checkpoint', () => `checkpoint: longest must be a whole number from 1, got ${JSON.stringify(longest) ?? 'nothing'}; the file is damaged.`);
    const own = chosenTensors(tensors, options);
    checkSizes(config, cell, shape, own);
    return { kind: 'translate', config, shape, scaling: undefined, model: filled(translator(config, shape, { cell }), own), longest: longest as number };
  },
  resume: (data, description, tensors, options = {}) => {
    const parsed = parseRun('translate', description, configOf);
    return resumed(createPairs(data, configOf({ ...resumedConfig(parsed.config, options), cell: parsed.cell }), parsed.cell), parsed, tensors, options);
  },
  predict: translated,
});

function configOf(options: RunOptions<TranslateConfig> = {}): TranslateConfig {
  return runConfig<TranslateConfig>(options, translateDefaults, translateRules);
}

function createPairs(data: SequenceData, config: TranslateConfig, cell: Cell): TranslateRun {
  const { train: learnt, heldOut } = partsOf(data, config);
  const { shape } = learnt;
  check(shape.per === 'answer' && shape.inputs === 'ids', 'argument', () => `translate: it learns ids that are answered by ids, got ${shape.inputs} with ${shape.targets} per ${shape.per}; make the sequences with pairSet.`);
  const generator = new Generator(config.seed);
  const model = translator(config, shape, { cell, generator });
  const longest = Array.from({ length: learnt.size }, (_, index) => learnt.target(index).length).reduce((a, b) => Math.max(a, b));
  const run = assemble<'translate', TranslateConfig, EncoderDecoder, TranslateEvaluation>({
    kind: 'translate', config, cell, generator, model, scaling: undefined, learnt, heldOut,
    objective: ({ inputs, targets, batch: { lengths } }) => crossEntropy(model.forward(inputs, targets, lengths === undefined ? {} : { lengths }), targets),
    evaluate: (set) => evaluatePairs(model, set),
    record: ({ accuracy, exact }) => ({ accuracy, exact }),
    extras: () => ({ longest }),
  });
  return { ...run, longest };
}

async function translated({ model, shape, longest }: TranslateRun | LoadedTranslator, inputs: readonly SequenceInput[], options: AnswerOptions = {}): Promise<Translated[]> {
  if (inputs.length === 0) return [];
  const set = inputSet(inputs, shape);
  const results: Translated[] = [];
  const breathe = breather();
  await evaluating(model, async () => {
    for (const { indices, item } of passOver(set, 64)) {
      const found = await answersOf(model, item, { maxLength: 2 * longest + 10, ...options });
      indices.forEach((index, row) => {
        const [first, ...alternatives] = (found[row] ?? []).map(({ ids, logProbability, ended }): Answer => ({ text: spelled(ids, shape), ids, logProbability, ended }));
        if (first !== undefined) results[index] = { ...first, alternatives };
      });
      await breathe();
    }
  });
  return results;
}

// Before a model is built: a damaged description must not ask for more memory than the tensors it came with.
function checkSizes({ embedding, hidden, layers }: TranslateConfig, cell: Cell, { inputSize, targetSize }: SequenceShape, tensors: RunCheckpoint['tensors']): void {
  const sizes = { inputSize: embedding, hiddenSize: hidden };
  checkShapes([
    ['encoder.embedding.weight', [inputSize, embedding]], ['decoder.embedding.weight', [targetSize, embedding]], ['decoder.head.weight', [targetSize, hidden]],
    ...firstLayer('encoder.rnn', cell, sizes), ...firstLayer('decoder.rnn', cell, sizes),
  ], tensors);
  checkLayers('encoder.rnn', layers, tensors);
  checkLayers('decoder.rnn', layers, tensors);
}
