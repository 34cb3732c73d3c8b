import type { Cell } from '@unroll/cells';
import { byteVocabulary, characterVocabulary, splitHoldout, TextStreams, type Vocabulary } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import { Generator } from '@unroll/tensor';
import {
  adagrad, adam, adamw, bitsPerCharacter, crossEntropy, EarlyStopping, ema, fit, History, nadam, radam, ReduceLROnPlateau, releaseState, retainState, rmsprop, scheduleOf,
  sgd, WeightSnapshot, type Optimizer, type OptimizerName, type TextConfig, type WeightAverage,
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
  /** Hears the loss of each evaluation that `config.evaluateEvery` asks for; its rate counts where `config.schedule` is `plateau`. */
  readonly plateau: ReduceLROnPlateau;
  /** Hears the same; ends the training where `config.patience` or `config.target` say so. */
  readonly stopping: EarlyStopping;
  /** The weights of the best of these evaluations. */
  readonly best: WeightSnapshot;
  /** Averaged weights, where `config.ema` is above 0. */
  readonly ema: WeightAverage | undefined;
  /** `loss`, `gradNorm` and `lr` of the updates, `heldOut` of these evaluations. */
  readonly history: History;
  /** State of the streams after the last update. */
  state: RecurrentState | undefined;
  /** Frees parameters, optimiser, weights and state. */
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
  /** Learning rate. */
  readonly lr: number;
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
    plateau: new ReduceLROnPlateau(config.lr, { factor: 0.5, patience: 2 }),
    stopping: new EarlyStopping({ ...(config.patience > 0 ? { patience: config.patience } : {}), ...(config.target > 0 ? { target: config.target } : {}) }),
    best: new WeightSnapshot(model),
    ema: config.ema > 0 ? ema(model, config.ema) : undefined,
    history: new History(),
    state: undefined,
    dispose() {
      this.best.dispose();
      this.ema?.dispose();
      this.model.dispose();
      this.optimizer.dispose();
      releaseState(this.state);
      this.state = undefined;
    },
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
  const { config, optimizer } = run;
  if (options.sample !== undefined) yield await sampled(run, options.sample);
  let isMeasured = false;
  if (optimizer.steps < config.steps && run.stopping.stopped === undefined) {
    for await (const progress of updates(run)) {
      yield progress;
      isMeasured = progress.kind === 'evaluation';
    }
  }
  if (run.heldOut.length > 0 && !isMeasured) yield await evaluated(run);
  if (options.sample !== undefined) yield await sampled(run, options.sample);
}

/** All updates that are left, each followed by the evaluation that is due. */
async function* updates(run: TextRun): AsyncGenerator<StepProgress | EvaluationProgress, void, void> {
  const { config, model, optimizer, streams, plateau, stopping } = run;
  // The run may have been left, or saved, between an update and its evaluation.
  if (isDue(run)) yield await evaluated(run);
  if (stopping.stopped !== undefined) return;
  const schedule = scheduleOf(config, plateau);
  const parts = { ...(run.state === undefined ? {} : { state: run.state }), ...(run.ema === undefined ? {} : { ema: run.ema }), ...(schedule === undefined ? {} : { schedule }) };
  const clipNorm = config.clip === 0 ? Infinity : config.clip;
  model.train();
  for await (const progress of fit(model, streams, { loss: crossEntropy, optimizer, clipNorm, accumulate: config.accumulate, steps: config.steps - optimizer.steps, ...parts })) {
    releaseState(run.state);
    run.state = retainState(progress.state);
    const { step, loss, gradNorm = NaN, lr, tokens } = progress;
    run.history.add(step, { loss, gradNorm, lr });
    yield { kind: 'step', step, loss, bitsPerCharacter: bitsPerCharacter(loss), gradNorm, lr, tokens };
    if (isDue(run)) yield await evaluated(run);
    if (stopping.stopped !== undefined) return;
  }
}

/** Whether schedule and early stopping wait for an evaluation of this step. */
function isDue({ config: { evaluateEvery }, optimizer: { steps }, heldOut, history }: TextRun): boolean {
  return evaluateEvery > 0 && heldOut.length > 0 && steps > 0 && steps % evaluateEvery === 0 && history.latest('heldOut')?.step !== steps;
}

/** Evaluates the averaged weights where there are any. Those who wait for it hear of it. */
async function evaluated(run: TextRun): Promise<EvaluationProgress> {
  const { model, heldOut, optimizer: { steps: step }, plateau, stopping, best, history } = run;
  return withAverage(run, async () => {
    const evaluation = await evaluateText(model, heldOut);
    if (isDue(run)) {
      history.add(step, { heldOut: evaluation.loss });
      plateau.step(evaluation.loss);
      if (stopping.step(evaluation.loss)) best.take();
    }
    return { kind: 'evaluation', step, ...evaluation };
  });
}

async function sampled(run: TextRun, options: SampleOptions): Promise<SampleProgress> {
  return withAverage(run, async () => {
    let text = '';
    for await (const symbol of sampleText(run.model, run.vocabulary, options)) text += symbol;
    return { kind: 'sample', step: run.optimizer.steps, text };
  });
}

function withAverage<T>({ ema: averaged }: TextRun, body: () => Promise<T>): Promise<T> {
  return averaged === undefined ? body() : averaged.within(body);
}

const vocabularies: Readonly<Record<TextConfig['vocabulary'], (text: string) => Vocabulary>> = { characters: characterVocabulary, bytes: byteVocabulary };

// Options of the optimisers other than lr keep PyTorch's defaults, but for the momentum that makes plain descent usable.
const optimizers: Readonly<Record<OptimizerName, (lr: number) => Optimizer>> = {
  sgd: (lr) => sgd({ lr, momentum: 0.9, nesterov: true }),
  rmsprop: (lr) => rmsprop({ lr }),
  adagrad: (lr) => adagrad({ lr }),
  adam: (lr) => adam({ lr }),
  adamw: (lr) => adamw({ lr }),
  nadam: (lr) => nadam({ lr }),
  radam: (lr) => radam({ lr }),
};
