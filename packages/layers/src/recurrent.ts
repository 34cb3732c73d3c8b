import type { Cell } from '@unroll/cells';
import { concat, narrow, permute, scope, squeeze, stack, unsqueeze, zeros, type Generator, type Shape, type Tensor } from '@unroll/tensor';
import { buildDirections, runDirection, type Direction } from './direction.ts';
import { dropout } from './dropout.ts';
import { check, probability, size } from './errors.ts';
import type { ParameterOptions } from './init.ts';
import { Module } from './module.ts';

/** Options of all recurrent layers; names, meanings and defaults of nn.RNN. */
export interface RecurrentOptions extends ParameterOptions {
  /** L, layers stacked on one another. Default 1. */
  readonly numLayers?: number;
  /** Default true: two bias vectors in each layer and direction. */
  readonly bias?: boolean;
  /** Default false: input and output are (T, B, …). True: (B, T, …). States are (L·D, B, H) in both cases. */
  readonly batchFirst?: boolean;
  /** Probability of dropout on the output of every layer but the last, in training. Default 0. */
  readonly dropout?: number;
  /** Default false. True: a second direction from the last step to the first; the output is both, (…, 2·H). */
  readonly bidirectional?: boolean;
}

/** The state of a cell with one state, or of one with several: a tuple in the order of the cell's definition. Each (L·D, B, H). */
export type RecurrentState = Tensor | readonly Tensor[];

/**
 * Any cell over time, in L layers and D directions. T time, B batch, I input, H hidden.
 *
 * Each layer and direction is one `scan`: its input projection, its recurrent products and its gates in one kernel. Parameters
 * bear PyTorch's names: `weight_ih_l0` (G·H, I), `weight_hh_l0` (G·H, H), `bias_ih_l0`, `bias_hh_l0` (G·H), vectors of the cell
 * under their own name (`p_l0`, (H)), with `_reverse` behind for the second direction; layers above the first have D·H inputs.
 * All are drawn from U(−1/√H, 1/√H), in the order of their names in `stateDict()`.
 *
 * @example
 * const rnn = new Recurrent(defineCell({ ... }), 64, 256, { numLayers: 2 });
 * const [output, state] = rnn.forward(input);      // (T, B, 64) → (T, B, 256)
 * @throws LayerError `argument` for sizes, probabilities or options that are not
 */
export class Recurrent<State extends RecurrentState = RecurrentState> extends Module {
  readonly cell: Cell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly #generator: Generator | undefined;
  readonly #layers: readonly (readonly Direction[])[];

  constructor(cell: Cell, inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, dropout: p = 0, bidirectional = false, ...parameters } = options;
    checkOptions(cell.name, parameters);
    this.cell = cell;
    this.inputSize = size(cell.name, 'inputSize', inputSize);
    this.hiddenSize = size(cell.name, 'hiddenSize', hiddenSize);
    this.numLayers = size(cell.name, 'numLayers', numLayers);
    this.dropout = probability(cell.name, 'dropout', p);
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.bidirectional = bidirectional;
    this.#generator = parameters.generator;
    this.#layers = buildDirections(cell, this, parameters);
  }

  /** Shape of each state for a batch of B rows, in the order of the cell's states: (L·D, B, H). */
  stateShapes(batch: number): number[][] {
    const [first = []] = this.#layers;
    return (first[0]?.step.states ?? []).map(({ width }) => [this.numLayers * first.length, batch, width]);
  }

  /**
   * The whole sequence: (T, B, I), or (B, T, I) with `batchFirst`, to the outputs of the last layer at every step, (…, D·H), and
   * the state after each row's last step. Without `state` the layers start from zero. The state may be passed on to the next
   * call: a sequence in pieces gives what it gives whole.
   *
   * @throws LayerError `shape` or `dtype` where input or state do not fit
   */
  forward(input: Tensor, state?: State): readonly [output: Tensor, state: State] {
    this.#checkInput(input);
    return scope(() => {
      const timeFirst = this.batchFirst ? permute(input, [1, 0, 2]) : input;
      const [output, next] = this.#run(timeFirst, this.#statesOf(state, timeFirst));
      return [this.batchFirst ? permute(output, [1, 0, 2]) : output, next] as const;
    });
  }

  /**
   * One step of time, for streaming and sampling: (B, I) and the state before it to (B, H) and the state after it.
   *
   * @throws LayerError `argument` for a bidirectional layer, which needs the whole sequence
   */
  step(input: Tensor, state?: State): readonly [output: Tensor, state: State] {
    check(!this.bidirectional, 'argument', () => `${this.cell.name}: a bidirectional layer reads the sequence from its end too, so it cannot go step by step; call forward().`);
    check(input.rank === 2, 'shape', () => `${this.cell.name}: step() takes one step (B, ${this.inputSize}), got ${shapeText(input.shape)}; call forward() for a sequence.`);
    return scope(() => {
      const axis = this.batchFirst ? 1 : 0;
      const [output, next] = this.forward(unsqueeze(input, axis), state);
      return [squeeze(output, axis), next] as const;
    });
  }

  protected override *ownTensors(): Iterable<readonly [string, Tensor]> {
    for (const direction of this.#layers.flat()) yield* direction.named;
  }

  #run(input: Tensor, initial: readonly (readonly Tensor[])[]): [output: Tensor, state: State] {
    const finals: (readonly Tensor[])[] = [];
    let output = input;
    for (const [layer, directions] of this.#layers.entries()) {
      if (layer > 0 && this.training) output = dropout(output, this.dropout, this.#generator);
      const before: Tensor = output;
      const results = directions.map((direction, d) => runDirection(direction, before, initial[layer * directions.length + d] ?? []));
      finals.push(...results.map(({ states }) => states));
      output = joined(results.map((result) => result.output));
    }
    const states = this.cell.state.map((_, k) => stacked(finals.map((final) => final[k] as Tensor)));
    return [output, (states.length === 1 ? states[0] : states) as State];
  }

  /** The initial states by layer and direction; within, in the order of the cell's states. */
  #statesOf(state: State | undefined, input: Tensor): readonly (readonly Tensor[])[] {
    const rows = this.#layers.flat();
    const shapes = this.stateShapes(input.shape[1] as number);
    if (state === undefined) {
      const zero = shapes.map(([, batch = 0, width = 0]) => zeros([batch, width], { dtype: input.dtype }));
      return rows.map(() => zero);
    }
    const given: readonly Tensor[] = Array.isArray(state) ? state : [state];
    this.#checkState(given, shapes, input);
    return rows.map((_, row) => given.map((tensor) => rowOf(tensor, row)));
  }

  #checkInput(input: Tensor): void {
    const { name } = this.cell;
    const layout = this.batchFirst ? '(B, T, ' : '(T, B, ';
    check(input.rank !== 2, 'shape', () => `${name}: input without a batch axis is not supported yet, got ${shapeText(input.shape)}; give ${layout}${this.inputSize}), with unsqueeze(input, ${this.batchFirst ? 0 : 1}) for one row.`);
    check(input.rank === 3 && input.shape[2] === this.inputSize, 'shape', () => `${name}: input must be ${layout}${this.inputSize}), got ${shapeText(input.shape)}; the last axis holds inputSize channels.`);
    check(input.size > 0, 'shape', () => `${name}: input must have at least one step and one row, got ${shapeText(input.shape)}.`);
    const { dtype } = this.#layers[0]?.[0]?.weights[0] ?? input;
    check(input.dtype === dtype, 'dtype', () => `${name}: input is ${input.dtype}, the parameters are ${dtype}; embed ids first, or convert with cast(input, '${dtype}').`);
  }

  #checkState(given: readonly Tensor[], shapes: readonly Shape[], { dtype }: Tensor): void {
    const { name, state } = this.cell;
    check(given.length === shapes.length, 'argument', () => `${name}: the state is ${state.length === 1 ? 'one tensor' : `[${state.join(', ')}]`}, got ${given.length} tensors.`);
    for (const [k, tensor] of given.entries()) {
      const shape = shapes[k] as Shape;
      check(shapeText(tensor.shape) === shapeText(shape), 'shape', () => `${name}: state ${state[k]} must be (layers x directions, B, H) = ${shapeText(shape)}, got ${shapeText(tensor.shape)}.`);
      check(tensor.dtype === dtype, 'dtype', () => `${name}: state ${state[k]} must be ${dtype} like the input, got ${tensor.dtype}; convert it with cast().`);
    }
  }
}

function joined(outputs: readonly Tensor[]): Tensor {
  return outputs.length === 1 ? (outputs[0] as Tensor) : concat(outputs, -1);
}

/** L·D states (B, H) → (L·D, B, H). */
function stacked(rows: readonly Tensor[]): Tensor {
  return rows.length === 1 ? unsqueeze(rows[0] as Tensor, 0) : stack(rows, 0);
}

/** One state (B, H) of (L·D, B, H). */
function rowOf(states: Tensor, row: number): Tensor {
  return squeeze(states.shape[0] === 1 ? states : narrow(states, 0, row, 1), 0);
}

// Someone who writes JavaScript, or an option of a later version, would otherwise be ignored in silence.
function checkOptions(name: string, options: ParameterOptions): void {
  const option = Object.keys(options).find((key) => key !== 'dtype' && key !== 'generator');
  check(option === undefined, 'argument', () => `${name}: there is no option "${option}"; there are numLayers, bias, batchFirst, dropout, bidirectional, dtype and generator.`);
}

function shapeText(shape: Shape): string {
  return `(${shape.join(', ')})`;
}
