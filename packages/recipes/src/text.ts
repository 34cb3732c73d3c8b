import type { Cell } from '@unroll/cells';
import { byteVocabulary, characterVocabulary, RaggedStreams, splitHoldout, splitIndices, TextStreams, type Vocabulary } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { Generator } from '@unroll/tensor';
import { bitsPerCharacter, crossEntropy, type TextConfig } from '@unroll/train';
import { evaluateText, readOn, type TextEvaluation, type TextItem } from './evaluate.ts';
import { disposeLesson, learn, learnerOf, withAverage, type Learner, type Lesson, type UpdateProgress } from './learning.ts';
import { cellOf, TextModel, textRunConfig, type TextRunOptions } from './model.ts';
import { sampleText, type SampleOptions } from './sample.ts';

/** Everything that a run consists of. Plain parts: use any of them by itself. */
export interface TextRun extends Learner {
  readonly kind: 'text';
  readonly config: TextConfig;
  readonly vocabulary: Vocabulary;
  readonly model: TextModel;
  /** What is trained on, and where the run stands in it: one text, or documents. */
  readonly streams: TextStreams | RaggedStreams;
  /** What is only measured: the last part of the text, or some of the documents, one behind the other; empty where `holdout` is 0. */
  readonly heldOut: Int32Array;
  /** The documents among it; undefined of one text. */
  readonly heldOutDocuments: readonly Int32Array[] | undefined;
  /** State of the streams after the last update. */
  state: RecurrentState | undefined;
  /** Frees parameters, optimiser, weights and state. */
  dispose(): void;
}

/** After each update: of a text, the loss is per symbol in nats, and tokens are symbols. */
export interface StepProgress extends UpdateProgress {
  readonly bitsPerCharacter: number;
}
/** On the part of the text that was held out. */
export interface EvaluationProgress extends TextEvaluation { readonly kind: 'evaluation'; readonly step: number }
/** What the model writes at this point. */
export interface SampleProgress { readonly kind: 'sample'; readonly step: number; readonly text: string }
/** What `trainText` reports. */
export type TextProgress = StepProgress | EvaluationProgress | SampleProgress;

/** Options of `trainText`. */
export interface TrainTextOptions {
  /** A sample before the first update and after the last one, drawn like this. Default: none. */
  readonly sample?: SampleOptions;
}

/** How a run is set up from its parts; `createTextRun` and `resumeText` fill them in. */
export interface TextRunParts {
  readonly config: TextConfig;
  readonly cell: Cell;
  readonly vocabulary: Vocabulary;
}

/**
 * A model and all that is needed to train it on a text.
 *
 * @example
 * const run = createTextRun(text, { cell: 'gru', hidden: 256 });
 * for await (const progress of trainText(run)) if (progress.kind === 'step') console.log(progress.step, progress.loss);
 * for await (const symbol of sampleText(run.model, run.vocabulary, { prompt: 'The ' })) process.stdout.write(symbol);
 * @param text one text, whose last part is held out, or documents, of which some are: each is read by itself, with a state that begins at zero
 * @throws ConfigError for a bad description, RecipeError `argument` for a cell without parameters, DataError for a text that is empty
 * or too short for it
 */
export function createTextRun(text: string | readonly string[], options: TextRunOptions = {}): TextRun {
  const config = textRunConfig(options);
  const whole = typeof text === 'string' ? text : text.join('');
  return assembleRun(text, { config, cell: cellOf(options.cell ?? config.cell), vocabulary: vocabularies[config.vocabulary](whole) });
}

/** A run at its beginning, for a vocabulary that is known already. */
export function assembleRun(text: string | readonly string[], { config, cell, vocabulary }: TextRunParts): TextRun {
  const data = typeof text === 'string' ? textParts(vocabulary.encode(text), config) : documentParts(text.map((document) => vocabulary.encode(document)), config);
  const generator = new Generator(config.seed);
  const model = new TextModel({ ...config, cell }, vocabulary.size, { generator });
  return {
    kind: 'text', config, vocabulary, ...data, model, ...learnerOf(config, model, generator),
    state: undefined,
    dispose() { disposeLesson(this); },
  };
}

/**
 * Trains until `config.steps` updates are made or an evaluation ends it, with the state carried on from batch to batch, and reports
 * each update, each evaluation (`config.evaluateEvery`, and at the end) and samples. Leave the loop at any time: the run stands where
 * it was left, and a second `trainText` goes on.
 *
 * @throws DivergenceError where loss or gradient are no numbers any more; the model is that of the step before
 */
export async function* trainText(run: TextRun, options: TrainTextOptions = {}): AsyncGenerator<TextProgress, void, void> {
  if (options.sample !== undefined) yield await sampled(run, options.sample);
  const lesson = lessonOf(run);
  try {
    for await (const progress of learn(lesson)) {
      run.state = lesson.state;
      yield progress.kind === 'step' ? { ...progress, bitsPerCharacter: bitsPerCharacter(progress.loss) } : progress;
    }
  } finally {
    run.state = lesson.state;
  }
  if (options.sample !== undefined) yield await sampled(run, options.sample);
}

type TextParts = Pick<TextRun, 'streams' | 'heldOut' | 'heldOutDocuments'>;

function textParts(ids: Int32Array, { holdout, batch, length }: TextConfig): TextParts {
  const { train, heldOut } = splitHoldout(ids, holdout);
  return { streams: new TextStreams(train, { batch, length }), heldOut, heldOutDocuments: undefined };
}

function documentParts(documents: readonly Int32Array[], { holdout, batch, length, seed }: TextConfig): TextParts {
  const split = holdout === 0 ? undefined : splitIndices(documents.length, { fraction: holdout, seed });
  const chosen = (indices: Int32Array): Int32Array[] => Array.from(indices, (index) => documents[index] as Int32Array);
  const [learnt, heldOut] = split === undefined ? [documents, []] : [chosen(split.train), chosen(split.heldOut)];
  return { streams: new RaggedStreams(learnt, { batch, length, seed }), heldOut: Int32Array.from(heldOut.flatMap((ids) => [...ids])), heldOutDocuments: heldOut };
}

function lessonOf(run: TextRun): Lesson<RecurrentState, TextItem, TextEvaluation> {
  const { config: { steps, evaluateEvery }, model, heldOut, heldOutDocuments } = run;
  return {
    ...run, steps, evaluateEvery,
    batches: run.streams,
    objective: ({ inputs, targets, batch }, state) => {
      const [logits, next] = readOn(model, inputs, state, batch);
      return [crossEntropy(logits, targets), next];
    },
    measure: heldOut.length > 0 ? () => evaluateText(model, heldOutDocuments ?? heldOut) : undefined,
  };
}

async function sampled(run: TextRun, options: SampleOptions): Promise<SampleProgress> {
  return withAverage(run, async () => {
    let text = '';
    for await (const symbol of sampleText(run.model, run.vocabulary, options)) text += symbol;
    return { kind: 'sample', step: run.optimizer.steps, text };
  });
}

const vocabularies: Readonly<Record<TextConfig['vocabulary'], (text: string) => Vocabulary>> = { characters: characterVocabulary, bytes: byteVocabulary };
