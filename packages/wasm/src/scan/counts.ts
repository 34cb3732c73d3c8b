import { drawsRandom, type Step } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';

/** How many tensors go in. */
export function inputCount({ step, masked }: ScanKernel): number {
  return step.states.length + step.sequences.length + step.vectors.length + tensorsOf(step.weights) + (drawsRandom(step) ? 1 : 0) + (masked ? 1 : 0);
}

/** How many come out. */
export function outputCount({ states, outputs, accumulations }: Step): number {
  return states.length + outputs.length + accumulations.length;
}

/** Which input is the matrix of a weight. */
export function matrixInput({ states, sequences, vectors, weights }: Step, weight: number): number {
  return states.length + sequences.length + vectors.length + tensorsOf(weights.slice(0, weight));
}

function tensorsOf(weights: Step['weights']): number {
  return weights.reduce((sum, { bias }) => sum + (bias ? 2 : 1), 0);
}
