import { vocabularyFromJson, type StreamCursor, type Vocabulary, type VocabularyJson } from '@unroll/datasets';
import { retainState, type TextConfig } from '@unroll/train';
import type { GeneratorState, Tensor } from '@unroll/tensor';
import { check } from './errors.ts';
import { TextModel, textRunConfig } from './model.ts';
import { assembleRun, type TextRun } from './text.ts';

/** What a text model is, as plain JSON: with the tensors of its state dict, all that is needed to build it again. */
export interface TextDescription {
  readonly kind: 'text';
  readonly version: 1;
  readonly config: TextConfig;
  readonly vocabulary: VocabularyJson;
  /** Where its training stands; absent where only the model was kept. */
  readonly training?: TextTraining;
}

/** Where a run stands, apart from its tensors. */
export interface TextTraining {
  /** Updates made. */
  readonly steps: number;
  readonly cursor: StreamCursor;
  readonly generator: GeneratorState;
}

/** A model, or a whole run, for a file: JSON and tensors by name. The tensors are the run's own, not copies. */
export interface TextCheckpoint {
  readonly description: TextDescription;
  /** The model's under the names of its state dict, the optimiser's under `optimizer.`, the recurrent state as `state.0`, … */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** A model that is ready to write, and the symbols it writes in. */
export interface LoadedText {
  readonly config: TextConfig;
  readonly vocabulary: Vocabulary;
  readonly model: TextModel;
}

/** Everything that is needed to sample from a run's model, or to go on exactly where it stands. */
export function checkpointOf({ config, vocabulary, model, optimizer, generator, streams, state }: TextRun): TextCheckpoint {
  const gathered = optimizer.stateDict();
  const states = Object.fromEntries((state === undefined ? [] : [state].flat()).map((tensor, k) => [String(k), tensor]));
  return {
    description: {
      kind: 'text', version: 1, config, vocabulary: vocabulary.toJSON(),
      training: { steps: gathered.steps, cursor: streams.cursor, generator: generator.state() },
    },
    tensors: { ...model.stateDict(), ...prefixed('optimizer.', gathered.tensors), ...prefixed('state.', states) },
  };
}

/**
 * The model of a checkpoint. `description` is not trusted: pass what JSON gave. The tensors stay the caller's.
 *
 * @throws RecipeError `checkpoint`, ConfigError, DataError or StateDictError where it cannot be what it says; nothing is left behind then
 */
export function loadText(description: unknown, tensors: TextCheckpoint['tensors']): LoadedText {
  const { config, vocabulary } = parseDescription(description);
  const own = modelTensors(tensors);
  checkSizes(config, vocabulary, own);
  const model = new TextModel(config, vocabulary.size);
  try {
    model.loadStateDict(own);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { config, vocabulary, model };
}

/** What may change when a run goes on. */
export type ResumeOptions = Partial<Pick<TextConfig, 'steps' | 'lr' | 'clip' | 'evaluateEvery'>>;

/**
 * A run that goes on where its checkpoint was taken: with the same text, it takes the very steps that it would have taken.
 *
 * @throws as `loadText`, and RecipeError `checkpoint` where the checkpoint holds a model without its training
 */
export function resumeText(text: string, description: unknown, tensors: TextCheckpoint['tensors'], options: ResumeOptions = {}): TextRun {
  const { config: saved, vocabulary, training } = parseDescription(description);
  check(training !== undefined, 'checkpoint', () => 'resumeText: the checkpoint holds a model without its training; start a new run with its parameters instead.');
  const config = textRunConfig({ ...saved, ...options });
  checkSizes(config, vocabulary, modelTensors(tensors));
  const run = assembleRun(text, { config, vocabulary });
  try {
    run.model.loadStateDict(modelTensors(tensors));
    run.optimizer.loadStateDict({ steps: training.steps, tensors: withPrefix('optimizer.', tensors) });
    run.generator.restore(training.generator);
    run.streams.restore(training.cursor);
    const states = Object.values(withPrefix('state.', tensors));
    if (states.length > 0) run.state = retainState(states.length === 1 ? (states[0] as Tensor) : states);
  } catch (error) {
    run.dispose();
    throw error;
  }
  return run;
}

interface Parsed { readonly config: TextConfig; readonly vocabulary: Vocabulary; readonly training: TextTraining | undefined }

function parseDescription(description: unknown): Parsed {
  const { kind, version, config, vocabulary, training } = asRecord(description, 'description');
  check(kind === 'text', 'checkpoint', () => `checkpoint: it describes ${JSON.stringify(kind) ?? 'nothing'}, not a text model; give a file that was saved after training on text.`);
  check(version === 1, 'checkpoint', () => `checkpoint: its format has version ${String(version)}, this release reads version 1; use the release that wrote it, or a newer one.`);
  return { config: textRunConfig(asRecord(config, 'config')), vocabulary: vocabularyFromJson(vocabulary), training: training === undefined ? undefined : parseTraining(training) };
}

function parseTraining(training: unknown): TextTraining {
  const { steps, cursor, generator } = asRecord(training, 'training');
  check(Number.isSafeInteger(steps) && (steps as number) >= 0, 'checkpoint', () => `checkpoint: training.steps must be a whole number from 0, got ${String(steps)}.`);
  return { steps: steps as number, cursor: asRecord(cursor, 'training.cursor') as unknown as StreamCursor, generator: asRecord(generator, 'training.generator') as unknown as GeneratorState };
}

function asRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'checkpoint', () => `checkpoint: ${name} must be an object, got ${JSON.stringify(value) ?? 'nothing'}; the file is damaged.`);
  return value as Readonly<Record<string, unknown>>;
}

// Before a model is built: a damaged description must not ask for more memory than the tensors it came with.
function checkSizes({ embedding, hidden, layers }: TextConfig, { size }: Vocabulary, tensors: TextCheckpoint['tensors']): void {
  const expected: Readonly<Record<string, readonly number[]>> = { 'embedding.weight': [size, embedding], 'head.weight': [size, hidden] };
  for (const [name, shape] of Object.entries(expected)) {
    const got = tensors[name]?.shape;
    check(got?.join() === shape.join(), 'checkpoint',
      () => `checkpoint: ${name} must be (${shape.join(', ')}) by its description, got ${got === undefined ? 'nothing' : `(${got.join(', ')})`}; description and tensors are of different models.`);
  }
  const found = Object.keys(tensors).filter((name) => name.startsWith('rnn.weight_ih_l')).length;
  check(found === layers, 'checkpoint', () => `checkpoint: there are tensors of ${found} recurrent layers, the description says ${layers}; description and tensors are of different models.`);
}

function modelTensors(tensors: TextCheckpoint['tensors']): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !/^(?:optimizer|state)\./.test(name)));
}

function prefixed(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [prefix + name, value]));
}

function withPrefix(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])));
}
