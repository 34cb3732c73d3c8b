import type { Cell } from '@unroll/cells';
import type { SequenceShape } from '@unroll/datasets';
import { Dropout, Embedding, Linear, Module, Recurrent, type ForwardOptions } from '@unroll/layers';
import { scope, type DType, type Generator, type Tensor } from '@unroll/tensor';
import type { NetworkConfig } from '@unroll/train';
import { cellOf } from '../model.ts';

/** Which network: the part of a description that decides which parameters there are. */
export interface SequenceArchitecture extends Omit<NetworkConfig, 'cell'> {
  /** A cell, or its name in the registry of `@unroll/cells`. */
  readonly cell: Cell | string;
  readonly bidirectional: boolean;
}

/** Options of `SequenceModel`. */
export interface SequenceModelOptions {
  /** Where the initial parameters and dropout masks are drawn from. */
  readonly generator?: Generator;
  /** Default float32. */
  readonly dtype?: DType;
}

/**
 * Sequences to an answer each, or to one at every step: embedding of ids (V, E), or values as they are; recurrent layers of any
 * cell (L layers, D directions); head (D·H → O). Answers for a whole sequence are read after its last step, of the second direction
 * after its first one. Dropout, where there is any, lies between the layers and before the head. An id that is not among the V reads as zeros.
 */
export class SequenceModel extends Module {
  readonly embedding: Embedding | undefined;
  readonly rnn: Recurrent;
  readonly drop: Dropout;
  readonly head: Linear;

  /** Throws RecipeError `argument` for a name that no cell has, and for a cell without parameters. */
  constructor({ cell, hidden, layers, embedding, dropout, bidirectional }: SequenceArchitecture, { inputs, inputSize, targetSize, per }: SequenceShape, options: SequenceModelOptions = {}) {
    super();
    const { generator } = options;
    const ids = inputs === 'ids';
    this.embedding = ids ? new Embedding(inputSize, embedding, options) : undefined;
    this.rnn = new Recurrent(cellOf(cell), ids ? embedding : inputSize, hidden, { numLayers: layers, dropout, bidirectional, returnSequences: per === 'step', ...options });
    this.drop = new Dropout(dropout, generator === undefined ? {} : { generator });
    this.head = new Linear(this.rnn.outputSize, targetSize, options);
  }

  /** Ids int32 (T, B) or values (T, B, I) → (T, B, O) per step, (B, O) per sequence. */
  forward(inputs: Tensor, options: ForwardOptions = {}): Tensor {
    return scope(() => {
      const [output] = this.rnn.forward(this.embedding?.forward(inputs) ?? inputs, undefined, options);
      return this.head.forward(this.drop.forward(output));
    });
  }
}
