import type { Generator, GeneratorState, Tensor } from '@unroll/tensor';
import type { WeightAverage } from './average.ts';
import { releaseState, replaceTensors, retainState } from './carry.ts';
import { check } from './errors.ts';
import type { NamedTensors, Optimizer } from './optimizer.ts';
import { savedFields, savedNumbers } from './saved.ts';
import type { WeightSnapshot } from './weights.ts';

/** Something that says where it stands as plain JSON, and goes back there: `ReduceLROnPlateau`, `EarlyStopping`, `History`. */
export interface Resumable {
  state(): unknown;
  restore(state: unknown): void;
}

/** All that decides how a training goes on. What a training does not have is left out. */
export interface Training<State = unknown> {
  readonly model: { stateDict(): Record<string, Tensor>; loadStateDict(values: NamedTensors): unknown };
  readonly optimizer: Optimizer;
  /** Where dropout masks are drawn from. */
  readonly generator?: Generator | undefined;
  /** The data, and which batch comes next: `TextStreams` of `@unroll/datasets`, for instance. */
  readonly data?: { readonly cursor: unknown; restore(cursor: unknown): void } | undefined;
  /** The recurrent state: tensors in nested arrays and plain objects. */
  readonly state?: State | undefined;
  readonly plateau?: Resumable | undefined;
  readonly stopping?: Resumable | undefined;
  readonly history?: Resumable | undefined;
  readonly ema?: WeightAverage | undefined;
  /** The best weights so far. */
  readonly best?: WeightSnapshot | undefined;
}

/** Where a training stands, for one file: named tensors, and JSON beside them. */
export interface TrainingState {
  readonly json: TrainingJson;
  /** The model's under the names of its state dict; the others under `optimizer.`, `state.`, `ema.` and `best.`. */
  readonly tensors: NamedTensors;
}

/** The part of a `TrainingState` that is plain JSON. */
export interface TrainingJson {
  /** Updates made. */
  readonly steps: number;
  readonly lr: number;
  readonly generator?: GeneratorState;
  readonly cursor?: unknown;
  /** The recurrent state, with `{"tensor": k}` where the tensor `state.k` is. */
  readonly state?: unknown;
  readonly plateau?: unknown;
  readonly stopping?: unknown;
  readonly history?: unknown;
  /** Weights averaged. */
  readonly ema?: { readonly updates: number };
}

/**
 * Where a training stands. The tensors are its own, not copies: read or copy them before the next step.
 *
 * @throws TrainError `state` while the model has averaged or remembered weights, `argument` for a parameter with a name that is taken
 */
export function captureTraining({ model, optimizer, generator, data, state, plateau, stopping, history, ema, best }: Training): TrainingState {
  const parameters = model.stateDict();
  const taken = Object.keys(parameters).find((name) => groupOf(name) !== undefined);
  check(taken === undefined, 'argument', () => `captureTraining: the name ${taken} of a parameter begins like those of a training's own tensors; give it another one.`);
  const gathered = optimizer.stateDict();
  const [structure, states] = numbered(state);
  const averaged = ema?.stateDict();
  const json = {
    steps: gathered.steps, lr: gathered.lr, generator: generator?.state(), cursor: data?.cursor, state: structure,
    plateau: plateau?.state(), stopping: stopping?.state(), history: history?.state(), ema: averaged && { updates: averaged.updates },
  };
  const groups: Readonly<Record<Group, NamedTensors>> = { optimizer: gathered.tensors, state: states, ema: averaged?.tensors ?? {}, best: best?.stateDict() ?? {} };
  return {
    json: Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined)) as unknown as TrainingJson,
    tensors: { ...parameters, ...Object.fromEntries(Object.entries(groups).flatMap(([group, tensors]) => Object.entries(tensors).map(([name, tensor]) => [`${group}.${name}`, tensor]))) },
  };
}

/**
 * Makes a training go on where another one stood, of the same kind and on the same data: it then takes the very steps that the other
 * would have taken. What the saved one did not have begins afresh.
 *
 * @param json what JSON gave; it is not trusted
 * @param tensors stay the caller's
 * @returns the recurrent state, which is the caller's to free (`releaseState`); `training.state` is not touched
 * @throws TrainError `state`, or what a part throws, where the saved training is another one or damaged; then nothing has changed
 */
export function restoreTraining<State = unknown>(training: Training<State>, { json, tensors }: { readonly json: unknown; readonly tensors: NamedTensors }): State | undefined {
  const before = captureTraining(training);
  // What the tensors of the training are now, since they take over other values.
  const values = retainState(before.tensors);
  try {
    return apply(training, json, tensors) as State | undefined;
  } catch (error) {
    releaseState(apply(training, before.json, values));
    throw error;
  } finally {
    releaseState(values);
  }
}

/** Those tensors of a `TrainingState` that are the model's, without what only training needs. */
export function modelTensors(tensors: NamedTensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => groupOf(name) === undefined));
}

/** The averaged weights in a `TrainingState`, under the names of the parameters; none where none were averaged. */
export function averagedTensors(tensors: NamedTensors): Record<string, Tensor> {
  return ofGroup('ema', tensors);
}

/** The best weights in a `TrainingState`, under the names of the parameters; none where none were remembered. */
export function bestTensors(tensors: NamedTensors): Record<string, Tensor> {
  return ofGroup('best', tensors);
}

const groupNames = ['optimizer', 'state', 'ema', 'best'] as const;
type Group = (typeof groupNames)[number];

function groupOf(name: string): Group | undefined {
  return groupNames.find((group) => name.startsWith(`${group}.`));
}

function ofGroup(group: Group, tensors: NamedTensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).flatMap(([name, tensor]) => (groupOf(name) === group ? [[name.slice(group.length + 1), tensor]] : [])));
}

function apply({ model, optimizer, generator, data, plateau, stopping, history, ema, best }: Training, json: unknown, tensors: NamedTensors): unknown {
  const { steps, lr } = savedNumbers('restoreTraining', json, ['steps', 'lr'], []);
  const saved = savedFields('restoreTraining', json);
  model.loadStateDict(modelTensors(tensors));
  optimizer.loadStateDict({ steps, lr, tensors: ofGroup('optimizer', tensors) });
  generator?.restore(savedFields('restoreTraining: generator', saved['generator']) as unknown as GeneratorState);
  data?.restore(savedFields('restoreTraining: cursor', saved['cursor']));
  for (const [part, state] of [[plateau, saved['plateau']], [stopping, saved['stopping']], [history, saved['history']]] as const) {
    if (state !== undefined) part?.restore(state);
  }
  const { updates } = savedNumbers('restoreTraining: ema', saved['ema'] ?? { updates: 0 }, ['updates'], []);
  ema?.loadStateDict({ updates, tensors: ofGroup('ema', tensors) });
  best?.loadStateDict(ofGroup('best', tensors));
  return retainState(assembled(saved['state'], ofGroup('state', tensors)));
}

/** A state with numbers in the place of its tensors, and the tensors by number. */
function numbered(state: unknown): readonly [structure: unknown, tensors: NamedTensors] {
  const tensors: Tensor[] = [];
  const structure = replaceTensors(state, (tensor) => ({ tensor: tensors.push(tensor) - 1 }));
  return [structure, Object.fromEntries(tensors.entries())];
}

/** Deeper states are damaged files. */
const deepest = 16;

/** The way back. */
function assembled(structure: unknown, tensors: NamedTensors, depth = 0): unknown {
  check(depth <= deepest, 'state', () => `restoreTraining: the saved recurrent state is nested more than ${deepest} deep; the file is damaged.`);
  if (Array.isArray(structure)) return structure.map((item) => assembled(item, tensors, depth + 1));
  if (typeof structure !== 'object' || structure === null) return structure;
  if ('tensor' in structure && typeof structure.tensor === 'number') return numberedTensor(structure.tensor, tensors);
  return Object.fromEntries(Object.entries(structure).map(([key, item]) => [key, assembled(item, tensors, depth + 1)]));
}

function numberedTensor(number: number, tensors: NamedTensors): Tensor {
  const found = tensors[String(number)];
  check(found !== undefined, 'state', () => `restoreTraining: the recurrent state lacks its tensor state.${number}; the file is damaged.`);
  return found;
}
