import type { Cell } from '@unroll/cells';
import { capture, flip, scope, squeeze, unsqueeze, where, zeros, type Captured, type Tensor } from '@unroll/tensor';
import { buildDirections } from './direction.ts';
import { check, shapeText } from './errors.ts';
import { heldOutput } from './hold.ts';
import { layouts, type Layout } from './layout.ts';
import { maskOf } from './masks.ts';
import { Module } from './module.ts';
import { merged, mergedSize } from './merge.ts';
import { settingsOf, type ForwardOptions, type RecurrentOptions, type RecurrentState } from './options.ts';
import { runStack, type DirectionResult, type Stack } from './stack.ts';
import { asList, asState, initialStates, stacked, stateShapes, type StateFields } from './states.ts';
import { noNoise, sizedStep } from './steps.ts';

/** Which values `inspect` gives. */
export interface InspectOptions extends ForwardOptions {
  /** Names of gates, states and other values of the cell. Default: all that the cell names. */
  readonly values?: readonly string[];
  /** Default 'all'. */
  readonly layers?: 'all' | 'last';
}

/** A forward pass with what went on inside of it. */
export interface Inspection<State extends RecurrentState = RecurrentState> {
  readonly output: Tensor;
  readonly state: State;
  /** Named like parameters: `f_l0`, `c_l1_reverse`. Each laid out like the input, (T, B, H), and 0 where a step is masked. */
  readonly values: Readonly<Record<string, Tensor>>;
}

/**
 * Any cell over time, in L layers and D directions. T time, B batch, I input, H hidden, P = `projSize` or, without it, H.
 *
 * Each layer and direction is one `scan`: its input projection, its recurrent products, its gates, masks and noise in one kernel.
 * Parameters bear PyTorch's names: `weight_ih_l0` (G·H, I), `weight_hh_l0` (G·H, P), `bias_ih_l0`, `bias_hh_l0` (G·H),
 * `weight_hr_l0` (P, H), vectors of the cell under their own name (`p_l0`, (H)), with `_reverse` behind for the second direction;
 * layers above the first have as many inputs as the merged output of the one below. All are drawn from U(−1/√H, 1/√H), in the order
 * of their names in `stateDict()`; vectors for which the cell says a number start there.
 *
 * @example
 * const rnn = new Recurrent(defineCell({ ... }), 64, 256, { numLayers: 2 });
 * const [output, state] = rnn.forward(input, undefined, { lengths: [7, 2, 5] });      // (7, 3, 64) → (7, 3, 256)
 * @throws LayerError `argument` for sizes, probabilities or options that are not, or do not fit the cell
 */
export class Recurrent<State extends RecurrentState = RecurrentState> extends Module {
  readonly cell: Cell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Channels of the output. */
  readonly outputSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  readonly #stack: Stack;
  readonly #fields: StateFields;

  constructor(cell: Cell, inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super();
    const settings = settingsOf(cell, inputSize, hiddenSize, options);
    this.cell = cell;
    ({
      inputSize: this.inputSize, hiddenSize: this.hiddenSize, numLayers: this.numLayers, bias: this.bias, batchFirst: this.batchFirst, dropout: this.dropout,
      bidirectional: this.bidirectional, projSize: this.projSize,
    } = settings);
    const directions = this.bidirectional ? 2 : 1;
    this.outputSize = mergedSize(settings.mergeMode, directions, this.projSize > 0 ? this.projSize : hiddenSize);
    this.#stack = { cell, settings, layers: buildDirections(cell, settings) };
    this.#fields = { name: cell.name, states: sizedStep(cell, settings, { noise: noNoise, training: false }).states, rows: this.numLayers * directions };
  }

  /** Shape of each state for a batch of B rows, in the order of the cell's states: (L·D, B, P) for the first, (L·D, B, H) for the others. */
  stateShapes(batch: number): number[][] {
    return stateShapes(this.#fields, batch);
  }

  /**
   * The whole sequence: (T, B, I), or (B, T, I) with `batchFirst`, or (T, I) without a batch, to the outputs of the last layer at every
   * step, (…, D·P), and the state after each row's last step. Without `state` the layers start from zero; without a batch states are
   * (L·D, H). The state may be passed on to the next call: a sequence in pieces gives what it gives whole.
   *
   * With `lengths`, rows may end before T, in any order: outputs behind are zero, the state is that of the row's own last step, and the
   * reverse direction starts at the row's own end. With `mask`, any steps may be left out, also all of a row: its state goes through.
   *
   * @throws LayerError `shape`, `dtype` or `argument` where input, state, lengths or mask do not fit
   */
  forward(input: Tensor, state?: State, options: ForwardOptions = {}): readonly [output: Tensor, state: State] {
    return scope(() => {
      const result = this.#run(input, state, options, () => []);
      return [result.output, result.state] as const;
    });
  }

  /**
   * `forward`, and every gate and state at every step beside it.
   *
   * @throws LayerError as `forward`; `argument` for values that the cell does not have
   */
  inspect(input: Tensor, state?: State, { values = this.cell.values.map(({ name }) => name), layers = 'all', ...options }: InspectOptions = {}): Inspection<State> {
    return scope(() => this.#run(input, state, options, (layer) => (layers === 'all' || layer === this.numLayers - 1 ? values : [])));
  }

  /**
   * One step of time, for streaming and sampling: (B, I) and the state before it to (B, P) and the state after it; or (I) to (P).
   * In training each call draws dropout and zoneout anew.
   *
   * @throws LayerError `argument` for a bidirectional layer, which needs the whole sequence
   */
  step(input: Tensor, state?: State): readonly [output: Tensor, state: State] {
    const { name } = this.cell;
    check(!this.bidirectional, 'argument', () => `${name}: a bidirectional layer reads the sequence from its end too, so it cannot go step by step; call forward().`);
    check(input.rank === 1 || input.rank === 2, 'shape', () => `${name}: step() takes one step (B, ${this.inputSize}), got ${shapeText(input.shape)}; call forward() for a sequence.`);
    return scope(() => {
      const axis = this.batchFirst && input.rank === 2 ? 1 : 0;
      const [output, next] = this.forward(unsqueeze(input, axis), state);
      return [this.#stack.settings.returnSequences ? squeeze(output, axis) : output, next] as const;
    });
  }

  /**
   * `step` for streams, captured: numbers in, B·I of them, numbers out, B·P; the state is carried from call to call, from zeros on. Nothing
   * is allocated in between, so a small layer answers in microseconds. What it returns is to be disposed of.
   *
   * @example
   * const stream = lstm.eval().stream();
   * const [y] = stream.run(samples);
   * @throws TensorError `backend` on backends whose memory the host does not see; `argument` in training, where something is random
   * @throws LayerError as `step`
   */
  stream(batch = 1): Captured {
    const dtype = this.#stack.layers[0]?.[0]?.weights[0]?.dtype ?? 'float32';
    return scope(() => capture(([x], before) => {
      const [y, after] = this.step(x, asState(before) as State);
      return { outputs: [y], state: asList(after) };
    }, { inputs: [{ shape: [batch, this.inputSize], dtype }], state: this.stateShapes(batch).map((shape) => zeros(shape, { dtype })) }));
  }

  protected override *ownTensors(): Iterable<readonly [string, Tensor]> {
    for (const direction of this.#stack.layers.flat()) yield* direction.named;
  }

  #run(input: Tensor, state: State | undefined, options: ForwardOptions, values: (layer: number) => readonly string[]): Inspection<State> {
    const { dtype } = input;
    const layout = this.#layoutOf(input);
    const sequence = layout.enter(input);
    const [steps = 0, batch = 0] = sequence.shape;
    const states = initialStates(state, this.#fields, { batch, dtype, layout });
    const mask = maskOf(options, { name: this.cell.name, steps, batch, dtype, layout: layout.name });
    // Padding may be anything, also NaN, which times 0 would still be NaN in a gradient.
    const read = mask === undefined ? sequence : where(unsqueeze(mask, -1), sequence, 0);
    const results = runStack(this.#stack, { input: read, states, mask, training: this.training, values });
    const finals = results.flat().map((result) => result.states);
    const next = this.cell.state.map((_, k) => layout.leaveRows(stacked(finals.map((final) => final[k] as Tensor)), 1));
    const named = results.flat().flatMap(({ direction, values }) => [...values].map(([name, value]) => [name + direction.suffix, this.#leave(value, layout)] as const));
    return { output: this.#output(results.at(-1) ?? [], mask, layout), state: asState(next) as State, values: Object.fromEntries(named) };
  }

  #output(results: readonly DirectionResult[], mask: Tensor | undefined, layout: Layout): Tensor {
    const { mergeMode, returnSequences, maskedOutputs } = this.#stack.settings;
    if (!returnSequences) return merged(results.map(({ states }) => layout.leaveRows(states[0] as Tensor, 0)), mergeMode);
    const outputs = results.map(({ output, initial, direction: { reverse } }) =>
      (mask === undefined || maskedOutputs === 'zero' ? output : heldOutput(output, { initial: initial[0] as Tensor, mask, reverse })));
    return merged(outputs.map((output) => this.#leave(output, layout)), mergeMode);
  }

  // In the order of reading, laid out like the input.
  #leave(sequence: Tensor, layout: Layout): Tensor {
    return layout.leave(this.#stack.settings.goBackwards ? flip(sequence, 0) : sequence);
  }

  #layoutOf(input: Tensor): Layout {
    const { name } = this.cell;
    const layout = input.rank === 2 ? layouts.single : this.batchFirst ? layouts.batch : layouts.time;
    const expected = shapeText([...layout.axes, this.inputSize]) + (input.rank === 2 || input.rank === 3 ? '' : `, or (T, ${this.inputSize}) of one row`);
    check((input.rank === 2 || input.rank === 3) && input.shape.at(-1) === this.inputSize, 'shape', () => `${name}: input must be ${expected}, got ${shapeText(input.shape)}; the last axis holds inputSize channels.`);
    check(input.size > 0, 'shape', () => `${name}: input must have at least one step and one row, got ${shapeText(input.shape)}.`);
    const { dtype } = this.#stack.layers[0]?.[0]?.weights[0] ?? input;
    check(input.dtype === dtype, 'dtype', () => `${name}: input is ${input.dtype}, the parameters are ${dtype}; embed ids first, or convert with cast(input, '${dtype}').`);
    return layout;
  }
}
