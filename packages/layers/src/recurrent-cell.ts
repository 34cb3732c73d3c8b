import type { Cell } from '@unroll/cells';
import type { Step } from '@unroll/expr';
import { scope, unsqueeze, type Tensor } from '@unroll/tensor';
import { buildParameters, runStep, type StepParameters } from './direction.ts';
import { check, shapeText, size } from './errors.ts';
import type { ParameterOptions } from './init.ts';
import { layouts } from './layout.ts';
import { Module } from './module.ts';
import { checkNames, type RecurrentState } from './options.ts';
import { asState, initialStates, type StateFields } from './states.ts';
import { noNoise, sizedStep } from './steps.ts';

/** Options of single cells. */
export interface RecurrentCellOptions extends ParameterOptions {
  /** Default true: two bias vectors. */
  readonly bias?: boolean;
}

/**
 * Any cell, one step of time, in one layer: what a loop of one's own is built from. Parameters as those of `Recurrent`, without an
 * ending: `weight_ih` (G·H, I), `weight_hh` (G·H, H), `bias_ih`, `bias_hh` (G·H). `Recurrent` runs whole sequences faster.
 *
 * @throws LayerError `argument` for sizes or options that are not
 */
export class RecurrentCell<State extends RecurrentState = RecurrentState> extends Module {
  readonly cell: Cell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  readonly #step: Step;
  readonly #parameters: StepParameters;
  readonly #fields: StateFields;

  constructor(cell: Cell, inputSize: number, hiddenSize: number, { bias = true, ...parameters }: RecurrentCellOptions = {}) {
    super();
    checkNames(cell.name, parameters, ['bias']);
    this.cell = cell;
    this.inputSize = size(cell.name, 'inputSize', inputSize);
    this.hiddenSize = size(cell.name, 'hiddenSize', hiddenSize);
    this.bias = bias;
    this.#step = sizedStep(cell, { inputSize, hiddenSize, bias }, { noise: noNoise, training: false });
    this.#parameters = buildParameters(this.#step, cell.start, '', { hiddenSize, parameters });
    this.#fields = { name: cell.name, states: this.#step.states, rows: undefined };
  }

  /**
   * (B, I) and the state before the step, zeros where none is given, to the state after it; each state is (B, H). Without a batch:
   * (I), states (H).
   *
   * @throws LayerError `shape` or `dtype` where input or state do not fit
   */
  forward(input: Tensor, state?: State): State {
    this.#checkInput(input);
    return scope(() => {
      const layout = input.rank === 1 ? layouts.single : layouts.time;
      const row = input.rank === 1 ? unsqueeze(input, 0) : input;
      const initial = initialStates(state, this.#fields, { batch: row.shape[0] as number, dtype: input.dtype, layout });
      const { states } = runStep(this.#step, this.#parameters, { input: unsqueeze(row, 0), initial, mask: undefined, reverse: false, generator: undefined });
      return asState(states.map((after) => layout.leaveRows(after, 0))) as State;
    });
  }

  protected override ownTensors(): Iterable<readonly [string, Tensor]> {
    return this.#parameters.named;
  }

  #checkInput(input: Tensor): void {
    const { name } = this.cell;
    check((input.rank === 1 || input.rank === 2) && input.shape.at(-1) === this.inputSize && input.size > 0, 'shape',
      () => `${name}: input of a single step must be (B, ${this.inputSize}), or (${this.inputSize}) without a batch, got ${shapeText(input.shape)}.`);
    const { dtype } = this.#parameters.weights[0] ?? input;
    check(input.dtype === dtype, 'dtype', () => `${name}: input is ${input.dtype}, the parameters are ${dtype}; convert with cast(input, '${dtype}').`);
  }
}
