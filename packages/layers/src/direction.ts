import { projectionWeight, type Cell } from '@unroll/cells';
import type { Step } from '@unroll/expr';
import { scan, type Generator, type Shape, type Tensor } from '@unroll/tensor';
import { constantParameter, uniformParameter, type ParameterOptions } from './init.ts';
import { innerMode, mergedSize } from './merge.ts';
import type { Settings } from './options.ts';
import { noNoise, sizedStep } from './steps.ts';

/** The parameters that a step runs with. */
export interface StepParameters {
  /** In the order of `stateDict`. */
  readonly named: readonly (readonly [name: string, tensor: Tensor])[];
  /** In the order of the step: each matrix, then its bias. */
  readonly weights: readonly Tensor[];
  readonly vectors: readonly Tensor[];
}

/** One direction of one layer: how it reads, and its parameters. */
export interface Direction extends StepParameters {
  /** What its names end with: `_l1_reverse`. */
  readonly suffix: string;
  readonly reverse: boolean;
  readonly inputSize: number;
}

/** All directions by layer, with parameters. */
export function buildDirections(cell: Cell, settings: Settings): Direction[][] {
  const directions = settings.bidirectional ? ['', '_reverse'] : [''];
  const width = settings.projSize > 0 ? settings.projSize : settings.hiddenSize;
  const above = mergedSize(innerMode(settings.mergeMode), directions.length, width);
  return Array.from({ length: settings.numLayers }, (_, layer) => directions.map((name, d) => {
    const inputSize = layer === 0 ? settings.inputSize : above;
    const step = sizedStep(cell, { ...settings, inputSize }, { noise: noNoise, training: false });
    const suffix = `_l${layer}${name}`;
    return { suffix, reverse: (d === 1) !== settings.goBackwards, inputSize, ...buildParameters(step, cell.start, suffix, settings) };
  }));
}

/** Parameters of a step, from U(−1/√H, 1/√H); vectors that the cell starts from a number have that number. */
export function buildParameters(step: Step, start: Cell['start'], suffix: string, { hiddenSize, parameters }: { readonly hiddenSize: number; readonly parameters: ParameterOptions }): StepParameters {
  const bound = 1 / Math.sqrt(hiddenSize);
  const draw = ([name, shape]: readonly [string, Shape]): readonly [string, Tensor] => {
    const value = start[name];
    return [name, value === undefined ? uniformParameter(shape, bound, parameters) : constantParameter(shape, value, parameters)];
  };
  const made = new Map(parameterShapes(step).map(draw));
  const find = (name: string): Tensor => made.get(name) as Tensor;
  return {
    named: [...made].map(([name, tensor]) => [name + suffix, tensor]),
    weights: step.weights.flatMap(({ name, bias }) => [find(`weight_${name}`), ...(bias ? [find(`bias_${name}`)] : [])]),
    vectors: step.vectors.map(({ name }) => find(name)),
  };
}

/** What a direction runs over. */
export interface Run {
  /** (T, B, I). */
  readonly input: Tensor;
  /** Each (B, width). */
  readonly initial: readonly Tensor[];
  /** (T, B), 1 where a step counts. */
  readonly mask: Tensor | undefined;
  readonly reverse: boolean;
  /** Where dropout and zoneout are drawn from. */
  readonly generator: Generator | undefined;
  readonly checkpointEvery?: number | undefined;
}

/** What it gives: the states after each row's last step, each (B, width), and what the step writes out, each (T, B, width). */
export interface RunResult {
  readonly states: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Runs a step with its parameters over a sequence. */
export function runStep(step: Step, { weights, vectors }: StepParameters, { input, initial, mask, reverse, generator, checkpointEvery }: Run): RunResult {
  return scan(step, {
    states: initial, sequences: [input], vectors, weights, reverse, ...(mask === undefined ? {} : { mask }), ...(generator === undefined ? {} : { generator }),
    ...(checkpointEvery === undefined ? {} : { checkpointEvery }),
  });
}

// PyTorch's order: matrices, then biases, then the projection; last the vectors, which it does not have.
function parameterShapes({ weights, vectors }: Step): (readonly [name: string, shape: Shape])[] {
  const matrices = weights.map(({ name, blocks, rows, columns }) => [`weight_${name}`, [blocks * rows, columns]] as const);
  const isProjection = ([name]: readonly [string, Shape]): boolean => name === `weight_${projectionWeight}`;
  return [
    ...matrices.filter((entry) => !isProjection(entry)),
    ...weights.filter(({ bias }) => bias).map(({ name, blocks, rows }) => [`bias_${name}`, [blocks * rows]] as const),
    ...matrices.filter(isProjection),
    ...vectors.map(({ name, width }) => [name, [width]] as const),
  ];
}
