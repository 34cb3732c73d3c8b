import type { Cell } from '@unroll/cells';
import { fitInputScaling, scaleInputs, type Scaling, type SequenceSet, type SequenceShape, type TargetKind, type TargetPer } from '@unroll/datasets';
import { Generator } from '@unroll/tensor';
import type { Objective } from '@unroll/train';
import { checkLayers, checkShapes, firstLayer } from '../description.ts';
import { check } from '../errors.ts';
import { cellOf } from '../model.ts';
import {
  assemble, chosenTensors, filled, parseRun, partsOf, resumed, resumedConfig, type ParsedRun, type Recipe, type RecipeKind, type Run, type RunCheckpoint, type SequenceData,
} from '../run.ts';
import type { SequenceItem } from './batches.ts';
import { runConfig, sequenceDefaults, sequenceRules, type SequenceConfig } from './config.ts';
import { evaluateSequences, type SequenceEvaluation } from './evaluate.ts';
import { sequenceLoss } from './loss.ts';
import { SequenceModel } from './model.ts';
import type { SequenceInput } from './predict.ts';

/** A run whose model answers whole sequences, or each of their steps. */
export type SequenceRun<Kind extends RecipeKind, Config extends SequenceConfig = SequenceConfig> = Run<Kind, Config, SequenceModel, SequenceEvaluation>;

/** A model that is ready to answer, and what its inputs and answers are. */
export interface LoadedSequences<Kind extends RecipeKind = RecipeKind, Config extends SequenceConfig = SequenceConfig> {
  readonly kind: Kind;
  readonly config: Config;
  readonly shape: SequenceShape;
  readonly scaling: Scaling | undefined;
  readonly model: SequenceModel;
}

/** A recipe over sequences whose answers are as long as they are, or one each. */
export type SequenceRecipe<Kind extends RecipeKind, Prediction> = Recipe<Kind, SequenceConfig, SequenceData, SequenceRun<Kind>, LoadedSequences<Kind>, SequenceInput, Prediction>;

/** Which sequences a recipe takes. */
export interface Taken {
  readonly per: TargetPer;
  readonly targets: readonly TargetKind[];
  /** What makes such sets, for errors. */
  readonly sets: string;
}

/** `classify` and `tag` differ in what they take and in how they say it. */
export function recipeOf<Kind extends RecipeKind, Prediction>(
  kind: Kind, taken: Taken, predict: (model: SequenceRun<Kind> | LoadedSequences<Kind>, inputs: readonly SequenceInput[]) => Promise<Prediction[]>,
): SequenceRecipe<Kind, Prediction> {
  const config: SequenceRecipe<Kind, Prediction>['config'] = (options = {}) => runConfig<SequenceConfig>(options, sequenceDefaults, sequenceRules);
  const prepared = (data: SequenceData, { config: described, cell, scaling: known }: Described): SequenceRun<Kind> => {
    for (const set of 'train' in data ? [data.train, data.heldOut] : [data]) if (set !== undefined) checkTaken(kind, taken, set.shape);
    const { train, heldOut } = partsOf(data, described);
    const scaling = known ?? (train.shape.inputs === 'values' && described.scaling !== 'none' ? fitInputScaling(train, described.scaling) : undefined);
    const scaled = (set: SequenceSet): SequenceSet => (scaling === undefined ? set : scaleInputs(set, scaling));
    return createSequences(kind, { config: described, cell, scaling, learnt: scaled(train), heldOut: heldOut === undefined ? undefined : scaled(heldOut) });
  };
  return {
    kind, defaults: sequenceDefaults, config, predict,
    create: (data, options = {}) => {
      const described = config(options);
      return prepared(data, { config: described, cell: cellOf(options.cell ?? described.cell), scaling: undefined });
    },
    load: (description, tensors, options) => loadSequences(kind, parseRun(kind, description, config), chosenTensors(tensors, options)),
    resume: (data, description, tensors, options = {}) => {
      const parsed = parseRun(kind, description, config);
      const { cell, scaling } = parsed;
      return resumed(prepared(data, { config: config({ ...resumedConfig(parsed.config, options), cell }), cell, scaling }), parsed, tensors, options);
    },
  };
}

interface Described { readonly config: SequenceConfig; readonly cell: Cell; /** Where it is known already. */ readonly scaling: Scaling | undefined }

/** What `createSequences` makes a run from. */
export interface SequenceParts<Config extends SequenceConfig> extends Pick<Run<RecipeKind, Config, SequenceModel, SequenceEvaluation>, 'config' | 'cell' | 'scaling' | 'learnt' | 'heldOut'> {}

/** A run of sequences that are scaled already, at its beginning. */
export function createSequences<Kind extends RecipeKind>(kind: Kind, { config, cell, scaling, learnt, heldOut }: SequenceParts<SequenceConfig>): SequenceRun<Kind> {
  const generator = new Generator(config.seed);
  const model = new SequenceModel({ ...config, cell }, learnt.shape, { generator });
  return assemble<Kind, SequenceConfig, SequenceModel, SequenceEvaluation>({
    kind, config, cell, generator, model, scaling, learnt, heldOut,
    objective: sequenceObjective(model, learnt.shape.targets),
    evaluate: (set) => evaluateSequences(model, set),
    record: ({ accuracy }) => (accuracy === undefined ? {} : { accuracy }),
  });
}

/** From a batch to its loss. */
export function sequenceObjective(model: SequenceModel, targets: TargetKind): Objective<never, SequenceItem> {
  return ({ inputs, targets: asked, batch }) => sequenceLoss(targets, model.forward(inputs, batch.lengths === undefined ? {} : { lengths: batch.lengths }), asked, batch);
}

/** The model of a description with these tensors. */
export function loadSequences<Kind extends RecipeKind, Config extends SequenceConfig>(
  kind: Kind, { config, cell, shape, scaling }: ParsedRun<Config>, tensors: RunCheckpoint['tensors'],
): LoadedSequences<Kind, Config> {
  checkSizes(config, cell, shape, tensors);
  return { kind, config, shape, scaling, model: filled(new SequenceModel({ ...config, cell }, shape), tensors) };
}

// Before a model is built: a damaged description must not ask for more memory than the tensors it came with.
function checkSizes({ embedding, hidden, layers, bidirectional }: SequenceConfig, cell: Cell, { inputs, inputSize, targetSize }: SequenceShape, tensors: RunCheckpoint['tensors']): void {
  const ids = inputs === 'ids';
  checkShapes([
    ...(ids ? [['embedding.weight', [inputSize, embedding]] as const] : []), ['head.weight', [targetSize, hidden * (bidirectional ? 2 : 1)]],
    ...firstLayer('rnn', cell, { inputSize: ids ? embedding : inputSize, hiddenSize: hidden }),
  ], tensors);
  checkLayers('rnn', layers, tensors);
}

function checkTaken(kind: RecipeKind, { per, targets, sets }: Taken, shape: SequenceShape): void {
  check(shape.per === per && targets.includes(shape.targets), 'argument',
    () => `${kind}: it learns ${targets.join(' or ')} per ${per}, got sequences with ${shape.targets} per ${shape.per}; make them with ${sets}.`);
}
