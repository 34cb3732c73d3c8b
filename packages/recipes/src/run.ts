import type { Cell } from '@unroll/cells';
import { scalingFromJson, splitIndices, subset, type InputKind, type Scaling, type SequenceSet, type SequenceShape, type TargetKind, type TargetPer } from '@unroll/datasets';
import type { Module } from '@unroll/layers';
import type { Tensor } from '@unroll/tensor';
import { averagedTensors, bestTensors, captureTraining, modelTensors, restoreTraining, type TrainingJson } from '@unroll/train';
import { asRecord, cellTextOf, parseConfig, parseTraining, type ParsedConfig } from './description.ts';
import { check } from './errors.ts';
import { disposeLesson, learn, learnerOf, trainingOf, withBest, type Learner, type Lesson, type Measured, type MeasuredProgress, type UpdateProgress } from './learning.ts';
import { SequenceBatches, type SequenceItem } from './sequence/batches.ts';
import type { RunOptions, SequenceConfig } from './sequence/config.ts';

/** What is learnt from, and what is only measured. One set alone is split as `config.holdout` says. */
export type SequenceData = SequenceSet | { readonly train: SequenceSet; readonly heldOut?: SequenceSet | undefined };

/** Recipes over sequences, by what they answer. */
export type RecipeKind = 'classify' | 'tag' | 'forecast' | 'translate';

/** Everything that a run over sequences consists of. Plain parts: use any of them by itself. */
export interface Run<Kind extends RecipeKind, Config extends SequenceConfig, Model extends Module, Result extends Measured> extends Lesson<never, SequenceItem, Result> {
  readonly kind: Kind;
  readonly config: Config;
  readonly cell: Cell;
  readonly model: Model;
  /** What the sequences are: the kind of inputs and targets, their sizes and symbols. */
  readonly shape: SequenceShape;
  /** How inputs are scaled, where they are. */
  readonly scaling: Scaling | undefined;
  /** What is learnt from. */
  readonly learnt: SequenceSet;
  /** What is only measured. */
  readonly heldOut: SequenceSet | undefined;
  /** What is trained on, and where the run stands in it. */
  readonly batches: SequenceBatches;
  /** On what was kept for the end, where anything was. */
  readonly test?: (() => Promise<Result>) | undefined;
  /** What a description holds beside all that. */
  readonly extras?: () => Readonly<Record<string, unknown>>;
  /** Frees parameters, optimiser and weights. */
  dispose(): void;
}

/** A run of any kind, for those who only save and free it. */
export type AnyRun<Kind extends RecipeKind = RecipeKind> = Omit<Run<Kind, SequenceConfig, Module, Measured>, 'onMeasured' | 'record' | 'objective'>;

/** What training reports: each update, and each evaluation. */
export type RunProgress<Result extends Measured> = UpdateProgress | MeasuredProgress<Result>;

/** What a run over sequences is, as plain JSON: with the tensors of its state dict, all that is needed to build it again. */
export interface RunDescription<Kind extends RecipeKind = RecipeKind, Config extends SequenceConfig = SequenceConfig> {
  readonly kind: Kind;
  readonly version: 1;
  readonly config: Config;
  /** Equations of a cell that is not in the registry, in the notation of `cellFromText`; `config.cell` is its name. */
  readonly cellText?: string;
  readonly shape: SequenceShape;
  readonly scaling?: Scaling;
  /** How many sequences there were: going on needs the same ones. */
  readonly sizes: { readonly learnt: number; readonly heldOut: number };
  /** Where its training stands; absent where only the model was kept. */
  readonly training?: TrainingJson;
}

/** A model, or a whole run, for a file: JSON and tensors by name. The tensors are the run's own, not copies. */
export interface RunCheckpoint<Kind extends RecipeKind = RecipeKind> {
  readonly description: RunDescription<Kind>;
  /** The model's under the names of its state dict, those that only training needs as `captureTraining` names them. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** What of a checkpoint becomes the model: `best` (the default) is what early stopping found best; where there is none, the average, and else the last. */
export interface LoadOptions { readonly weights?: 'best' | 'last' }

/** What may change when a run goes on. */
export type ResumeRunOptions = Partial<Pick<SequenceConfig, 'steps' | 'epochs' | 'lr' | 'clip' | 'evaluateEvery' | 'patience' | 'target'>>;

/**
 * A task as a whole: what it takes to make runs of it, to load what they saved and to answer with it. `train`, `evaluate` and
 * `saved` work on the runs of all.
 */
export interface Recipe<Kind extends RecipeKind, Config extends SequenceConfig, Data, RunType extends AnyRun, Loaded, Input, Prediction, PredictOptions = object> {
  readonly kind: Kind;
  /** Everything but the cell. */
  readonly defaults: Readonly<Omit<Config, 'cell'>>;
  /** A complete, checked description: what is left out takes its default, the cell an LSTM. Throws ConfigError. */
  config(options?: RunOptions<Config>): Config;
  /** A model and all that is needed to train it on these data. Throws ConfigError, RecipeError `argument` or DataError. */
  create(data: Data, options?: RunOptions<Config>): RunType;
  /** The model of a checkpoint. `description` is not trusted: pass what JSON gave. Throws RecipeError `checkpoint`, ConfigError, DataError or StateDictError; nothing is left behind then. */
  load(description: unknown, tensors: RunCheckpoint['tensors'], options?: LoadOptions): Loaded;
  /** A run that goes on where its checkpoint was taken: with the same data, it takes the very steps that it would have taken. Throws as `load`. */
  resume(data: Data, description: unknown, tensors: RunCheckpoint['tensors'], options?: ResumeRunOptions): RunType;
  /** Answers, by a run as it stands or by what was loaded. */
  predict(model: RunType | Loaded, inputs: readonly Input[], options?: PredictOptions): Promise<Prediction[]>;
}

/**
 * Trains until all updates are made or an evaluation ends it, and reports each update and each evaluation. Leave the loop at any
 * time: the run stands where it was left, and a second `train` goes on.
 *
 * @throws DivergenceError where loss or gradient are no numbers any more; the model is that of the step before
 */
export function train<Result extends Measured>(run: Lesson<never, SequenceItem, Result>): AsyncGenerator<RunProgress<Result>, void, void> {
  return learn(run);
}

/** On what was kept for the end, or else held out, with the best weights so far. Throws RecipeError `argument` where nothing was. */
export async function evaluate<Result extends Measured>({ measure, test, ...run }: Learner & { readonly measure?: (() => Promise<Result>) | undefined; readonly test?: (() => Promise<Result>) | undefined }): Promise<Result> {
  const chosen = test ?? measure;
  check(chosen !== undefined, 'argument', () => 'evaluate: the run has nothing held out to measure; give holdout, or the data in two parts.');
  return withBest(run, chosen);
}

/** As `checkpointOf`, of a run over sequences. */
export function runCheckpoint<Kind extends RecipeKind>(run: AnyRun<Kind>): RunCheckpoint<Kind> {
  const { kind, config, cell, shape, scaling, batches, learnt, heldOut } = run;
  const { json: training, tensors } = captureTraining(trainingOf<never>(run, batches));
  const sizes = { learnt: learnt.size, heldOut: heldOut?.size ?? 0 };
  return { description: { kind, version: 1, config, ...cellTextOf(cell), shape, ...(scaling === undefined ? {} : { scaling }), sizes, ...run.extras?.(), training }, tensors };
}

/** The two parts of some data; a set alone is split with a seed, classes of whole sequences in equal shares. */
export function partsOf(data: SequenceData, { holdout, seed }: Pick<SequenceConfig, 'holdout' | 'seed'>): { readonly train: SequenceSet; readonly heldOut: SequenceSet | undefined } {
  if ('train' in data) return { train: data.train, heldOut: data.heldOut };
  if (holdout === 0) return { train: data, heldOut: undefined };
  const { targets, per } = data.shape;
  const labels = targets === 'classification' && per === 'sequence' ? { labels: Int32Array.from({ length: data.size }, (_, index) => data.target(index)[0] as number) } : {};
  const { train, heldOut } = splitIndices(data.size, { fraction: holdout, seed, ...labels });
  return { train: subset(data, train), heldOut: subset(data, heldOut) };
}

/** What a recipe makes its runs from. */
export interface RunParts<Kind extends RecipeKind, Config extends SequenceConfig, Model extends Module, Result extends Measured>
  extends Pick<Run<Kind, Config, Model, Result>, 'kind' | 'config' | 'cell' | 'model' | 'generator' | 'scaling' | 'learnt' | 'heldOut' | 'objective' | 'record' | 'onMeasured' | 'test' | 'extras'> {
  readonly evaluate: (set: SequenceSet) => Promise<Result>;
}

/** A run at its beginning. The model is the run's from now on, and freed where it cannot be made. */
export function assemble<Kind extends RecipeKind, Config extends SequenceConfig, Model extends Module, Result extends Measured>(
  { evaluate: evaluateOn, ...parts }: RunParts<Kind, Config, Model, Result>,
): Run<Kind, Config, Model, Result> {
  const { config, model, generator, learnt, heldOut } = parts;
  try {
    checkListeners(config, heldOut);
    const batches = new SequenceBatches(learnt, config);
    return {
      ...parts, batches, ...learnerOf(config, model, generator),
      shape: learnt.shape,
      steps: config.steps > 0 ? config.steps : Math.ceil((config.epochs * batches.stepsPerEpoch) / config.accumulate),
      evaluateEvery: config.evaluateEvery > 0 ? config.evaluateEvery : Math.max(1, Math.round(batches.stepsPerEpoch / config.accumulate)),
      measure: heldOut === undefined ? undefined : () => evaluateOn(heldOut),
      state: undefined,
      dispose() { disposeLesson(this); },
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** What a description says, as far as all recipes understand it. */
export interface ParsedRun<Config> extends ParsedConfig<Config> {
  readonly shape: SequenceShape;
  readonly scaling: Scaling | undefined;
  readonly sizes: RunDescription['sizes'];
  readonly training: Readonly<Record<string, unknown>> | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads a description that is not trusted. Throws RecipeError `checkpoint`, ConfigError or DataError. */
export function parseRun<Config>(kind: RecipeKind, description: unknown, configOf: (options: { readonly cell: Cell | string }) => Config): ParsedRun<Config> {
  const fields = asRecord(description, 'description');
  const { version, config, cellText, shape, scaling, sizes, training } = fields;
  check(fields['kind'] === kind, 'checkpoint', () => `checkpoint: it describes ${JSON.stringify(fields['kind']) ?? 'nothing'}, not ${JSON.stringify(kind)}; load it as what it is.`);
  check(version === 1, 'checkpoint', () => `checkpoint: its format has version ${String(version)}, this release reads version 1; use the release that wrote it, or a newer one.`);
  return {
    ...parseConfig(config, cellText, configOf),
    shape: parseShape(asRecord(shape, 'shape')),
    scaling: scaling === undefined ? undefined : scalingFromJson(scaling),
    sizes: parseSizes(asRecord(sizes, 'sizes')),
    training: training === undefined ? undefined : parseTraining(training),
    fields,
  };
}

/** The tensors of a checkpoint that become the model. */
export function chosenTensors(tensors: RunCheckpoint['tensors'], { weights = 'best' }: LoadOptions = {}): Record<string, Tensor> {
  const best = weights === 'best' ? bestTensors(tensors) : {};
  return { ...modelTensors(tensors), ...averagedTensors(tensors), ...best };
}

/** Gives a new model its tensors, or frees it where they do not fit. */
export function filled<Model extends Module>(model: Model, tensors: Readonly<Record<string, Tensor>>): Model {
  try {
    model.loadStateDict(tensors);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The description of a run that goes on, with what may change. */
export function resumedConfig<Config extends SequenceConfig>(config: Config, { steps, epochs, ...options }: ResumeRunOptions): Config {
  const length = { ...(epochs === undefined ? {} : { epochs, steps: 0 }), ...(steps === undefined ? {} : { steps }) };
  return { ...config, ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)), ...length };
}

/** Puts a new run where a saved one stood, or frees it. Throws RecipeError `checkpoint` where the data are others, or there was no training. */
export function resumed<RunType extends AnyRun>(run: RunType, { shape, sizes, training }: ParsedRun<unknown>, tensors: RunCheckpoint['tensors'], { lr }: ResumeRunOptions): RunType {
  try {
    check(training !== undefined, 'checkpoint', () => 'resume: the checkpoint holds a model without its training; start a new run with its parameters instead.');
    const now = { learnt: run.learnt.size, heldOut: run.heldOut?.size ?? 0 };
    check(now.learnt === sizes.learnt && now.heldOut === sizes.heldOut && JSON.stringify(parseShape({ ...run.shape })) === JSON.stringify(shape), 'checkpoint',
      () => `resume: the run was made with ${sizes.learnt} sequences and ${sizes.heldOut} held out, ${shape.inputSize} inputs and ${shape.targetSize} targets; these are ${now.learnt}, ${now.heldOut}, ${run.shape.inputSize} and ${run.shape.targetSize}, or their symbols differ; go on with the same data.`);
    restoreTraining<never>(trainingOf<never>(run, run.batches), { json: training, tensors });
    // A plateau goes down from the rate that it is told, not from the one that it had reached.
    if (lr !== undefined) run.plateau.restore({ ...run.plateau.state(), lr });
    run.optimizer.lr = lr ?? run.optimizer.lr;
    return run;
  } catch (error) {
    run.dispose();
    throw error;
  }
}

/** Throws where something waits for evaluations that never come. */
function checkListeners({ schedule, patience, target }: SequenceConfig, heldOut: SequenceSet | undefined): void {
  const listens = schedule === 'plateau' ? 'schedule "plateau"' : patience > 0 ? 'patience' : target > 0 ? 'target' : undefined;
  check(listens === undefined || heldOut !== undefined, 'argument', () => `create: ${listens} waits for evaluations, but nothing is held out; give holdout above 0, or the data in two parts.`);
}

const inputKinds: Readonly<Record<InputKind, true>> = { values: true, ids: true };
const targetKinds: Readonly<Record<TargetKind, true>> = { regression: true, classification: true, binary: true };
const pers: Readonly<Record<TargetPer, true>> = { step: true, sequence: true, answer: true };

function parseShape({ inputs, inputSize, targets, targetSize, per, inputSymbols, targetSymbols }: Readonly<Record<string, unknown>>): SequenceShape {
  const named = (name: string, value: unknown, table: object): void => check(typeof value === 'string' && Object.hasOwn(table, value), 'checkpoint',
    () => `checkpoint: shape.${name} must be one of ${Object.keys(table).join(', ')}, got ${JSON.stringify(value) ?? 'nothing'}; the file is damaged.`);
  named('inputs', inputs, inputKinds);
  named('targets', targets, targetKinds);
  named('per', per, pers);
  for (const [name, value] of [['inputSize', inputSize], ['targetSize', targetSize]] as const) {
    check(isCount(value) && value >= 1, 'checkpoint', () => `checkpoint: shape.${name} must be a whole number from 1, got ${JSON.stringify(value) ?? 'nothing'}; the file is damaged.`);
  }
  for (const [name, value, size] of [['inputSymbols', inputSymbols, inputSize], ['targetSymbols', targetSymbols, targetSize]] as const) {
    check(value === undefined || (Array.isArray(value) && value.length === size && value.every((symbol) => typeof symbol === 'string')), 'checkpoint',
      () => `checkpoint: shape.${name} must be ${String(size)} strings; the file is damaged.`);
  }
  const symbols = { ...(inputSymbols === undefined ? {} : { inputSymbols }), ...(targetSymbols === undefined ? {} : { targetSymbols }) };
  return { inputs, inputSize, targets, targetSize, per, ...symbols } as SequenceShape;
}

function parseSizes({ learnt, heldOut }: Readonly<Record<string, unknown>>): RunDescription['sizes'] {
  check(isCount(learnt) && isCount(heldOut), 'checkpoint', () => `checkpoint: sizes must be whole numbers, got ${String(learnt)} and ${String(heldOut)}; the file is damaged.`);
  return { learnt, heldOut };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
