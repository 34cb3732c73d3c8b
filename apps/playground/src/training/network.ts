import type { Cell } from '@unroll/cells';
import { add, Generator, scope, tensor } from '@unroll/tensor';
import { adam, crossEntropy, fit, mse, type Batch, type FitProgress, type Optimizer } from '@unroll/train';
import type { Learning } from '../config/config.ts';
import { SequenceModel } from './model.ts';
import { retentionOf } from './retention.ts';
import type { Source } from './sources/source.ts';

/** What a network is made from. */
export interface NetworkPlan {
  readonly cell: Cell;
  readonly source: Source;
  readonly hidden: number;
  readonly seed: number;
  /** Added to the biases of gates that keep a state: they begin open. */
  readonly keep: number;
}

type Updates = globalThis.AsyncGenerator<FitProgress<unknown>, void, void>;

/** A model with its optimiser on the backend that was in use when it was made: what is lost with a device, and made again. */
export class Network {
  readonly model: SequenceModel;
  readonly optimizer: Optimizer;
  readonly #source: Source;
  #clip: number;
  #updates: Updates | undefined;

  constructor({ cell, source, hidden, seed, keep }: NetworkPlan, { lr, clip, truncate }: Learning) {
    this.#source = source;
    this.model = new SequenceModel(cell, source.shape, hidden, new Generator(seed));
    openGates(this.model, keep);
    this.optimizer = adam({ lr });
    this.#clip = clip;
    this.model.truncate = truncate;
  }

  /** Training steps made. */
  get step(): number {
    return this.optimizer.steps;
  }

  /** Other settings from the next step on. */
  async learn({ lr, clip, truncate }: Learning): Promise<void> {
    await this.interrupt();
    this.optimizer.lr = lr;
    this.model.truncate = truncate;
    this.#clip = clip;
  }

  /** One training step. Throws DivergenceError, and what a device throws that is lost. */
  async update(): Promise<FitProgress<unknown>> {
    const loss = this.#source.shape.targets === 'classification' ? crossEntropy : mse;
    this.#updates ??= fit(this.model, this.#batches(), { loss, optimizer: this.optimizer, clipNorm: this.#clip });
    try {
      return (await this.#updates.next()).value as FitProgress<unknown>;
    } catch (error) {
      this.#updates = undefined;
      throw error;
    }
  }

  /** Ends the present loop; the next step begins another, from wherever the weights stand then. */
  async interrupt(): Promise<void> {
    const updates = this.#updates;
    this.#updates = undefined;
    await updates?.return();
  }

  async dispose(): Promise<void> {
    await this.interrupt();
    this.model.dispose();
    this.optimizer.dispose();
  }

  // Without end: fit asks for the next one when it begins the next step.
  *#batches(): globalThis.Generator<Batch, void, void> {
    while (true) {
      const { inputs, inputShape, targets, targetShape, lengths } = this.#source.batch(this.step);
      this.model.lengths = lengths;
      yield { inputs, targets, shape: inputShape, targetShape };
    }
  }
}

/** Gates that keep a state begin open by as much, so that a gradient comes back from far before anything is learnt (Gers et al. 2000; Jozefowicz et al. 2015). */
function openGates({ rnn }: SequenceModel, keep: number): void {
  const bias = rnn.parameters()['bias_ih_l0'];
  if (bias === undefined || keep === 0) return;
  const added = new Float32Array(bias.size);
  for (const { gate, sign } of retentionOf(rnn.cell)) {
    const row = rnn.cell.inputGates.indexOf(gate) * rnn.hiddenSize;
    if (row >= 0) added.fill(sign * keep, row, row + rnn.hiddenSize);
  }
  scope(() => bias.assign(add(bias, tensor(added))));
}
