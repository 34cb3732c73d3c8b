import { stepOf, type Cell, type CellSizes } from '@unroll/cells';
import type { Step } from '@unroll/expr';
import { scan, type Shape, type Tensor } from '@unroll/tensor';
import { uniformParameter, type ParameterOptions } from './init.ts';

/** One direction of one layer: a step with sizes, and the parameters it runs with. */
export interface Direction {
  readonly step: Step;
  readonly reverse: boolean;
  /** In the order of `stateDict`. */
  readonly named: readonly (readonly [name: string, tensor: Tensor])[];
  /** In the order of the step: each matrix, then its bias. */
  readonly weights: readonly Tensor[];
  readonly vectors: readonly Tensor[];
}

/** Sizes of a stack of layers. */
export interface StackSizes extends CellSizes {
  readonly numLayers: number;
  readonly bidirectional: boolean;
}

/** What a direction gives: the states after its last step, each (B, H), and its outputs at every step, (T, B, H). */
export interface DirectionResult {
  readonly states: readonly Tensor[];
  readonly output: Tensor;
}

/** All directions by layer, with parameters drawn from U(−1/√H, 1/√H). */
export function buildDirections(cell: Cell, sizes: StackSizes, options: ParameterOptions): Direction[][] {
  const directions = sizes.bidirectional ? [false, true] : [false];
  let { inputSize } = sizes;
  return Array.from({ length: sizes.numLayers }, (_, layer) => {
    const step = sizedStep(cell, { ...sizes, inputSize });
    inputSize = directions.length * outputSize(step);
    return directions.map((reverse) => buildDirection(step, reverse, `_l${layer}${reverse ? '_reverse' : ''}`, 1 / Math.sqrt(sizes.hiddenSize), options));
  });
}

/** Runs one direction over a sequence (T, B, I) from states (B, H). */
export function runDirection({ step, reverse, weights, vectors }: Direction, input: Tensor, initial: readonly Tensor[]): DirectionResult {
  const { states, outputs } = scan(step, { states: initial, sequences: [input], vectors, weights, reverse });
  return { states, output: outputs[0] as Tensor };
}

// H of the layer, which is the input of the one above.
function outputSize(step: Step): number {
  return step.outputs.reduce((sum, { width }) => sum + width, 0);
}

function buildDirection(step: Step, reverse: boolean, suffix: string, bound: number, options: ParameterOptions): Direction {
  const made = new Map(parameterShapes(step).map(([name, shape]) => [name, uniformParameter(shape, bound, options)]));
  const find = (name: string): Tensor => made.get(name) as Tensor;
  return {
    step,
    reverse,
    named: [...made].map(([name, tensor]) => [name + suffix, tensor]),
    weights: step.weights.flatMap(({ name, bias }) => [find(`weight_${name}`), ...(bias ? [find(`bias_${name}`)] : [])]),
    vectors: step.vectors.map(({ name }) => find(name)),
  };
}

/** PyTorch's order: all matrices, then all biases; then the vectors, which it does not have. */
function parameterShapes({ weights, vectors }: Step): (readonly [name: string, shape: Shape])[] {
  return [
    ...weights.map(({ name, blocks, rows, columns }) => [`weight_${name}`, [blocks * rows, columns]] as const),
    ...weights.filter(({ bias }) => bias).map(({ name, blocks, rows }) => [`bias_${name}`, [blocks * rows]] as const),
    ...vectors.map(({ name, width }) => [name, [width]] as const),
  ];
}

// Backends cache what they compile by step, so equal layers share one.
const steps = new WeakMap<Cell, Map<string, Step>>();

function sizedStep(cell: Cell, { inputSize, hiddenSize, bias }: CellSizes): Step {
  const known = steps.get(cell) ?? new Map<string, Step>();
  steps.set(cell, known);
  const key = `${inputSize} ${hiddenSize} ${bias}`;
  const step = known.get(key) ?? stepOf(cell, { inputSize, hiddenSize, bias });
  known.set(key, step);
  return step;
}
