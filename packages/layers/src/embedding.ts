import { embedding, type Tensor } from '@unroll/tensor';
import { check, size } from './errors.ts';
import { normalParameter, type ParameterOptions } from './init.ts';
import { Module } from './module.ts';

/**
 * A table of vectors, looked up by id, as nn.Embedding: `weight` (numEmbeddings, embeddingDim) from N(0, 1).
 *
 * @throws LayerError `argument` for sizes that are not whole numbers from 1
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly weight: Tensor;

  constructor(numEmbeddings: number, embeddingDim: number, options: ParameterOptions = {}) {
    super();
    this.numEmbeddings = size('Embedding', 'numEmbeddings', numEmbeddings);
    this.embeddingDim = size('Embedding', 'embeddingDim', embeddingDim);
    this.weight = normalParameter([numEmbeddings, embeddingDim], options);
  }

  /** int32 ids of any shape (…) → (…, embeddingDim). An id outside 0 … numEmbeddings − 1 gives a vector of zeros. */
  forward(ids: Tensor): Tensor {
    check(ids.dtype === 'int32', 'dtype', () => `Embedding: ids must be int32, got ${ids.dtype}; convert them with cast(ids, 'int32').`);
    return embedding(this.weight, ids);
  }
}
