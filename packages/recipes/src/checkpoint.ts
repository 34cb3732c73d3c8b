import { cellFromText, EquationError, textOf, weightsOf, type Cell } from '@unroll/cells';
import { vocabularyFromJson, type Vocabulary, type VocabularyJson } from '@unroll/datasets';
import type { RecurrentState } from '@unroll/layers';
import type { Tensor } from '@unroll/tensor';
import { averagedTensors, captureTraining, modelTensors, restoreTraining, type TextConfig, type TrainingJson } from '@unroll/train';
import { check, RecipeError } from './errors.ts';
import { trainingOf } from './learning.ts';
import { cellOf, isRegistered, TextModel, textRunConfig } from './model.ts';
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
 * Everything that is needed to sample from a run's model, or to go on exactly where it stands.
 *
 * @throws CellError where the cell is not in the registry and has no text (`textOf`)
 */
export function checkpointOf(run: TextRun): TextCheckpoint {
  const { config, vocabulary, model } = run;
  const { cell } = model.rnn;
  const { json: training, tensors } = captureTraining(trainingOf(run, run.streams));
  return { description: { kind: 'text', version: 1, config, ...(isRegistered(cell) ? {} : { cellText: textOf(cell) }), vocabulary: vocabulary.toJSON(), training }, tensors };
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
export function resumeText(text: string, description: unknown, tensors: TextCheckpoint['tensors'], options: ResumeOptions = {}): TextRun {
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
  return { ...parseConfig(asRecord(config, 'config'), cellText), vocabulary: vocabularyFromJson(vocabulary), training: training === undefined ? undefined : parseTraining(training) };
}

function parseConfig(config: Readonly<Record<string, unknown>>, cellText: unknown): Pick<Parsed, 'config' | 'cell'> {
  // In JSON an object is no cell, but a fault that has to be named.
  const name = typeof config['cell'] === 'string' ? config['cell'] : (JSON.stringify(config['cell']) ?? 'nothing');
  const cell = cellText === undefined ? name : parseCell(cellText);
  return { config: textRunConfig({ ...config, cell }), cell: cellOf(cell) };
}

function parseCell(text: unknown): Cell {
  check(typeof text === 'string', 'checkpoint', () => `checkpoint: cellText must be equations, got ${JSON.stringify(text)}; the file is damaged.`);
  try {
    return cellFromText(text);
  } catch (error) {
    if (!(error instanceof EquationError)) throw error;
    throw new RecipeError('checkpoint', `checkpoint: the equations of its cell are damaged: ${error.message.split('\n', 1).join()}`);
  }
}

function parseTraining(training: unknown): Readonly<Record<string, unknown>> {
  const saved = asRecord(training, 'training');
  const { steps } = saved;
  check(Number.isSafeInteger(steps) && (steps as number) >= 0, 'checkpoint', () => `checkpoint: training.steps must be a whole number from 0, got ${String(steps)}.`);
  return saved;
}

function asRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'checkpoint', () => `checkpoint: ${name} must be an object, got ${JSON.stringify(value) ?? 'nothing'}; the file is damaged.`);
  return value as Readonly<Record<string, unknown>>;
}

// Before a model is built: a damaged description must not ask for more memory than the tensors it came with.
function checkSizes({ config: { embedding, hidden, layers }, cell, vocabulary: { size } }: Parsed, tensors: TextCheckpoint['tensors']): void {
  const weights = weightsOf(cell, { inputSize: embedding, hiddenSize: hidden, bias: true });
  const expected: readonly (readonly [name: string, shape: readonly number[]])[] = [
    ['embedding.weight', [size, embedding]], ['head.weight', [size, hidden]],
    ...weights.map(({ name, blocks, rows, columns }) => [`rnn.weight_${name}_l0`, [blocks * rows, columns]] as const),
  ];
  for (const [name, shape] of expected) {
    const got = tensors[name]?.shape;
    check(got?.join() === shape.join(), 'checkpoint',
      () => `checkpoint: ${name} must be (${shape.join(', ')}) by its description, got ${got === undefined ? 'nothing' : `(${got.join(', ')})`}; description and tensors are of different models.`);
  }
  const found = new Set(Object.keys(tensors).flatMap((name) => /^rnn\..+_l(\d+)$/.exec(name)?.[1] ?? [])).size;
  check(found === layers, 'checkpoint', () => `checkpoint: there are tensors of ${found} recurrent layers, the description says ${layers}; description and tensors are of different models.`);
}
