import { stopGradient } from '@unroll/autograd';
import type { Cell } from '@unroll/cells';
import type { SequenceShape } from '@unroll/datasets';
import { Linear, Module, Recurrent, type RecurrentState } from '@unroll/layers';
import { concat, narrow, oneHot, scope, squeeze, tensor, type Generator, type Tensor } from '@unroll/tensor';

/**
 * One recurrent layer of any cell, and a linear layer on what it remembers. Ids come in as one-hot vectors, so that the input weight
 * has a column for each symbol and nothing stands between the symbol and the cell.
 */
export class SequenceModel extends Module {
  readonly rnn: Recurrent;
  readonly head: Linear;
  /** Steps through which the gradient goes back; 0: all. */
  truncate = 0;
  /** Steps of each row of the next batch, where they are fewer than T. */
  lengths: Int32Array | undefined;
  readonly #shape: SequenceShape;

  constructor(cell: Cell, shape: SequenceShape, hidden: number, generator: Generator) {
    super();
    this.#shape = shape;
    this.rnn = new Recurrent(cell, shape.inputSize, hidden, { generator });
    this.head = new Linear(hidden, shape.targetSize, { generator });
  }

  /** Whether its outputs are scores of classes. */
  get isClassifier(): boolean {
    return this.#shape.targets === 'classification';
  }

  /** Ids (T, B) or values (T, B, I) → (T, B, O), or (B, O) where a sequence has one answer. */
  forward(inputs: Tensor): Tensor {
    return scope(() => {
      const { outputs, last } = this.#remember(this.encode(inputs));
      return this.head.forward(this.#shape.per === 'sequence' ? last : outputs);
    });
  }

  /** What the recurrent layer reads: (T, B, I). */
  encode(inputs: Tensor): Tensor {
    return this.#shape.inputs === 'ids' ? oneHot(inputs, this.#shape.inputSize) : inputs;
  }

  #remember(x: Tensor): { outputs: Tensor; last: Tensor } {
    const [time = 0, batch = 0] = x.shape;
    const span = this.truncate > 0 ? Math.min(this.truncate, time) : time;
    const outputs: Tensor[] = [];
    let state: RecurrentState | undefined;
    for (let start = 0; start < time; start += span) {
      const length = Math.min(span, time - start);
      const piece = length === time ? x : narrow(x, 0, start, length);
      const mask = this.#mask(start, length, batch);
      const [output, next] = this.rnn.forward(piece, state === undefined ? undefined : stopGradient(state), mask === undefined ? {} : { mask });
      outputs.push(output);
      state = next;
    }
    return { outputs: outputs.length === 1 ? (outputs[0] as Tensor) : concat(outputs, 0), last: squeeze(firstState(state as RecurrentState), 0) };
  }

  #mask(start: number, length: number, batch: number): Tensor | undefined {
    const { lengths } = this;
    if (lengths === undefined) return undefined;
    const reached = Int32Array.from({ length: length * batch }, (_, k) => Number(start + Math.floor(k / batch) < (lengths[k % batch] as number)));
    return tensor(reached, { shape: [length, batch] });
  }
}

/** What a cell gives out, among its states. */
export function firstState(state: RecurrentState): Tensor {
  return (Array.isArray(state) ? state[0] : state) as Tensor;
}
