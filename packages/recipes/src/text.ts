import type { Cell } from '@unroll/cells';
import { byteVocabulary, characterVocabulary, splitHoldout, TextStreams, type Vocabulary } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { Generator } from '@unroll/tensor';
import {
  adam, adamw, bitsPerCharacter, crossEntropy, fit, releaseState, retainState, rmsprop, sgd, type Optimizer, type OptimizerName, type TextConfig,
} from '@unroll/train';
import { evaluateText, type TextEvaluation } from './evaluate.ts';
import { cellOf, TextModel, textRunConfig, type TextRunOptions } from './model.ts';
import { sampleText, type SampleOptions } from './sample.ts';

/** Everything that a run consists of. Plain parts: use any of them by itself. */
export interface TextRun {
  readonly config: TextConfig;
  readonly vocabulary: Vocabulary;
  readonly model: TextModel;
  readonly optimizer: Optimizer;
  /** Initial parameters were drawn from it, dropout masks still are. */
  readonly generator: Generator;
  /** What is trained on, and where the run stands in it. */
  readonly streams: TextStreams;
  /** What is only measured: the last part of the text; empty where `holdout` is 0. */
  readonly heldOut: Int32Array;
  /** State of the streams after the last update. */
  state: RecurrentState | undefined;
  /** Frees parameters, optimiser and state. */
  dispose(): void;
}

/** After each update. */
export interface StepProgress {
  readonly kind: 'step';
  /** Updates made, of `config.steps`. */
  readonly step: number;
  /** Mean loss per symbol in nats, before the update. */
  readonly loss: number;
  readonly bitsPerCharacter: number;
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** Symbols learnt from. */
  readonly tokens: number;
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
 * @throws ConfigError for a bad description, RecipeError `argument` for a cell without parameters, DataError for a text that is empty
 * or too short for it
 */
export function createTextRun(text: string, options: TextRunOptions = {}): TextRun {
  const config = textRunConfig(options);
  return assembleRun(text, { config, cell: cellOf(options.cell ?? config.cell), vocabulary: vocabularies[config.vocabulary](text) });
}

/** A run at its beginning, for a vocabulary that is known already. */
export function assembleRun(text: string, { config, cell, vocabulary }: TextRunParts): TextRun {
  const { train, heldOut } = splitHoldout(vocabulary.encode(text), config.holdout);
  const streams = new TextStreams(train, { batch: config.batch, length: config.length });
  const generator = new Generator(config.seed);
  const model = new TextModel({ ...config, cell }, vocabulary.size, { generator });
  return {
    config, vocabulary, generator, streams, heldOut, model,
    optimizer: optimizers[config.optimizer](config.lr),
    state: undefined,
    dispose() {
      this.model.dispose();
      this.optimizer.dispose();
      releaseState(this.state);
      this.state = undefined;
    },
  };
}

/**
 * Trains until `config.steps` updates are made, with the state carried on from batch to batch, and reports each update, each
 * evaluation (`config.evaluateEvery`, and at the end) and samples. Leave the loop at any time: the run stands where it was left,
 * and a second `trainText` goes on.
 */
export async function* trainText(run: TextRun, options: TrainTextOptions = {}): AsyncGenerator<TextProgress, void, void> {
  const { config, model, optimizer, streams } = run;
  if (options.sample !== undefined) yield await sampled(run, options.sample);
  const fitOptions = { loss: crossEntropy, optimizer, clipNorm: config.clip === 0 ? Infinity : config.clip, steps: config.steps - optimizer.steps };
  if (fitOptions.steps > 0) {
    model.train();
    for await (const progress of fit(model, streams, run.state === undefined ? fitOptions : { ...fitOptions, state: run.state })) {
      releaseState(run.state);
      run.state = retainState(progress.state);
      const { step, loss, gradNorm = NaN, tokens } = progress;
      yield { kind: 'step', step, loss, bitsPerCharacter: bitsPerCharacter(loss), gradNorm, tokens };
      if (isEvaluated(config, step) && step < config.steps && run.heldOut.length > 0) yield await evaluated(run);
    }
  }
  if (run.heldOut.length > 0) yield await evaluated(run);
  if (options.sample !== undefined) yield await sampled(run, options.sample);
}

function isEvaluated({ evaluateEvery }: TextConfig, step: number): boolean {
  return evaluateEvery > 0 && step % evaluateEvery === 0;
}

async function evaluated({ model, heldOut, optimizer }: TextRun): Promise<EvaluationProgress> {
  return { kind: 'evaluation', step: optimizer.steps, ...(await evaluateText(model, heldOut)) };
}

async function sampled({ model, vocabulary, optimizer }: TextRun, options: SampleOptions): Promise<SampleProgress> {
  let text = '';
  for await (const symbol of sampleText(model, vocabulary, options)) text += symbol;
  return { kind: 'sample', step: optimizer.steps, text };
}

const vocabularies: Readonly<Record<TextConfig['vocabulary'], (text: string) => Vocabulary>> = { characters: characterVocabulary, bytes: byteVocabulary };

// Options of the optimisers other than lr keep PyTorch's defaults, but for the momentum that makes plain descent usable.
const optimizers: Readonly<Record<OptimizerName, (lr: number) => Optimizer>> = {
  sgd: (lr) => sgd({ lr, momentum: 0.9, nesterov: true }),
  rmsprop: (lr) => rmsprop({ lr }),
  adam: (lr) => adam({ lr }),
  adamw: (lr) => adamw({ lr }),
};
