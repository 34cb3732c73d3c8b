import type { Cell } from '@unroll/cells';
import type { Step } from '@unroll/expr';
import type { Tensor } from '@unroll/tensor';
import { runStep, type Direction } from './direction.ts';
import { dropout } from './dropout.ts';
import { innerMode, merged } from './merge.ts';
import type { Settings } from './options.ts';
import { rowOf } from './states.ts';
import { sizedStep } from './steps.ts';

/** Layers over one another, each with its directions. */
export interface Stack {
  readonly cell: Cell;
  readonly settings: Settings;
  readonly layers: readonly (readonly Direction[])[];
}

/** One run of a stack. */
export interface Pass {
  /** (T, B, I). */
  readonly input: Tensor;
  /** Each (L·D, B, width). */
  readonly states: readonly Tensor[];
  /** (T, B), 1 where a step counts. */
  readonly mask: Tensor | undefined;
  readonly training: boolean;
  /** Values of a layer that are to be written out. */
  readonly values: (layer: number) => readonly string[];
}

/** What came of one direction of one layer. */
export interface DirectionResult {
  readonly direction: Direction;
  /** Each (B, width): states before the first step, and after the last one of each row. */
  readonly initial: readonly Tensor[];
  readonly states: readonly Tensor[];
  /** The first state after every step, (T, B, P). */
  readonly output: Tensor;
  /** Values that were asked for, by name, (T, B, H). */
  readonly values: ReadonlyMap<string, Tensor>;
}

/** Runs all layers; results by layer and direction. */
export function runStack(stack: Stack, pass: Pass): readonly (readonly DirectionResult[])[] {
  const results: DirectionResult[][] = [];
  let { input } = pass;
  for (const [layer, directions] of stack.layers.entries()) {
    if (layer > 0) input = between(results[layer - 1] ?? [], stack.settings, pass.training);
    const layerInput = input;
    results.push(directions.map((direction, d) => runDirection(stack, direction, pass, { input: layerInput, row: layer * directions.length + d, values: pass.values(layer) })));
  }
  return results;
}

// Private.

// The key of a sized step takes longer to write than a short step to run.
const steps = new WeakMap<Direction, Map<string, Step>>();

function stepOf(cell: Cell, settings: Settings, direction: Direction, training: boolean, values: readonly string[]): Step {
  const ofDirection = steps.get(direction) ?? new Map<string, Step>();
  steps.set(direction, ofDirection);
  const key = `${training} ${values.join(' ')}`;
  const step = ofDirection.get(key) ?? sizedStep(cell, { ...settings, inputSize: direction.inputSize }, { noise: settings.noise, training, values });
  ofDirection.set(key, step);
  return step;
}

function between(results: readonly DirectionResult[], { mergeMode, dropout: p, parameters }: Settings, training: boolean): Tensor {
  const output = merged(results.map((result) => result.output), innerMode(mergeMode));
  return training ? dropout(output, p, parameters.generator) : output;
}

function runDirection({ cell, settings }: Stack, direction: Direction, { states, mask, training }: Pass, { input, row, values }: { readonly input: Tensor; readonly row: number; readonly values: readonly string[] }): DirectionResult {
  const { parameters: { generator }, checkpointEvery } = settings;
  const { reverse } = direction;
  const step = stepOf(cell, settings, direction, training, values);
  const initial = states.map((state) => rowOf(state, row));
  const result = runStep(step, direction, { input, initial, mask, reverse, generator, checkpointEvery });
  const outputs = new Map(step.outputs.map(({ name }, k) => [name, result.outputs[k] as Tensor]));
  return { direction, initial, states: result.states, output: result.outputs[0] as Tensor, values: new Map(values.map((name) => [name, outputs.get(name) as Tensor])) };
}
