import type { Cell } from '@unroll/cells';
import { vocabularyFromJson, type Vocabulary, type VocabularyJson } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import type { Tensor } from '@unroll/tensor';
import { averagedTensors, captureTraining, modelTensors, restoreTraining, type TextConfig, type TrainingJson } from '@unroll/train';
import { asRecord, cellTextOf, checkLayers, checkShapes, firstLayer, parseConfig, parseTraining } from './description.ts';
import { check } from './errors.ts';
import { trainingOf } from './learning.ts';
import { TextModel, textRunConfig } from './model.ts';
import { runCheckpoint, type AnyRun, type RecipeKind, type RunCheckpoint } from './run.ts';
import { assembleRun, type TextRun } from './text.ts';

/** What a text model is, as plain JSON: with the tensors of its state dict, all that is needed to build it again. */
export interface TextDescription {
  readonly kind: 'text';
  readonly version: 1;
  readonly config: TextConfig;
  /** Equations of a cell that is not in the registry, in the notation of `cellFromText`; `config.cell` is its name. */
  readonly cellText?: string;
  readonly vocabulary: VocabularyJson;
  /** Where its training stands; absent where only the model was kept. */
  readonly training?: TrainingJson;
}

/** A model, or a whole run, for a file: JSON and tensors by name. The tensors are the run's own, not copies. */
export interface TextCheckpoint {
  readonly description: TextDescription;
  /** The model's under the names of its state dict, those that only training needs as `captureTraining` names them. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** A model that is ready to write, and the symbols it writes in. */
export interface LoadedText {
  readonly config: TextConfig;
  readonly vocabulary: Vocabulary;
  readonly model: TextModel;
}

/**
 * Everything that is needed to use a run's model, or to go on exactly where it stands.
 *
 * @throws CellError where the cell is not in the registry and has no text (`textOf`)
 */
export function checkpointOf(run: TextRun): TextCheckpoint;
export function checkpointOf<Kind extends RecipeKind>(run: AnyRun<Kind>): RunCheckpoint<Kind>;
export function checkpointOf(run: TextRun | AnyRun): TextCheckpoint | RunCheckpoint {
  return run.kind === 'text' ? textCheckpoint(run) : runCheckpoint(run);
}

function textCheckpoint(run: TextRun): TextCheckpoint {
  const { config, vocabulary, model } = run;
  const { json: training, tensors } = captureTraining(trainingOf(run, run.streams));
  return { description: { kind: 'text', version: 1, config, ...cellTextOf(model.rnn.cell), vocabulary: vocabulary.toJSON(), training }, tensors };
}

/**
 * The model of a checkpoint, with the averaged weights where there are any. `description` is not trusted: pass what JSON gave. The
 * tensors stay the caller's.
 *
 * @throws RecipeError `checkpoint`, ConfigError, DataError or StateDictError where it cannot be what it says; nothing is left behind then
 */
export function loadText(description: unknown, tensors: TextCheckpoint['tensors']): LoadedText {
  const parsed = parseDescription(description);
  const { config, cell, vocabulary } = parsed;
  const own = { ...modelTensors(tensors), ...averagedTensors(tensors) };
  checkSizes(parsed, own);
  const model = new TextModel({ ...config, cell }, vocabulary.size);
  try {
    model.loadStateDict(own);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { config, vocabulary, model };
}

/** What may change when a run goes on. */
export type ResumeOptions = Partial<Pick<TextConfig, 'steps' | 'lr' | 'clip' | 'evaluateEvery' | 'patience' | 'target'>>;

/**
 * A run that goes on where its checkpoint was taken: with the same text, it takes the very steps that it would have taken.
 *
 * @throws as `loadText`, and RecipeError `checkpoint` where the checkpoint holds a model without its training
 */
export function resumeText(text: string | readonly string[], description: unknown, tensors: TextCheckpoint['tensors'], options: ResumeOptions = {}): TextRun {
  const parsed = parseDescription(description);
  const { config: saved, cell, vocabulary, training } = parsed;
  check(training !== undefined, 'checkpoint', () => 'resumeText: the checkpoint holds a model without its training; start a new run with its parameters instead.');
  const config = textRunConfig({ ...saved, ...options, cell });
  checkSizes(parsed, modelTensors(tensors));
  const run = assembleRun(text, { config, cell, vocabulary });
  try {
    run.state = restoreTraining<RecurrentState>(trainingOf(run, run.streams), { json: training, tensors });
    // A plateau goes down from the rate that it is told, not from the one that it had reached.
    if (options.lr !== undefined) run.plateau.restore({ ...run.plateau.state(), lr: options.lr });
    run.optimizer.lr = options.lr ?? run.optimizer.lr;
  } catch (error) {
    run.dispose();
    throw error;
  }
  return run;
}

interface Parsed { readonly config: TextConfig; readonly cell: Cell; readonly vocabulary: Vocabulary; readonly training: Readonly<Record<string, unknown>> | undefined }

function parseDescription(description: unknown): Parsed {
  const { kind, version, config, cellText, vocabulary, training } = asRecord(description, 'description');
  check(kind === 'text', 'checkpoint', () => `checkpoint: it describes ${JSON.stringify(kind) ?? 'nothing'}, not a text model; give a file that was saved after training on text.`);
  check(version === 1, 'checkpoint', () => `checkpoint: its format has version ${String(version)}, this release reads version 1; use the release that wrote it, or a newer one.`);
  return { ...parseConfig(config, cellText, textRunConfig), vocabulary: vocabularyFromJson(vocabulary), training: training === undefined ? undefined : parseTraining(training) };
}

// Before a model is built: a damaged description must not ask for more memory than the tensors it came with.
function checkSizes({ config: { embedding, hidden, layers }, cell, vocabulary: { size } }: Parsed, tensors: TextCheckpoint['tensors']): void {
  checkShapes([['embedding.weight', [size, embedding]], ['head.weight', [size, hidden]], ...firstLayer('rnn', cell, { inputSize: embedding, hiddenSize: hidden })], tensors);
  checkLayers('rnn', layers, tensors);
}
