import { add, input, tanh } from '@unroll/expr';
import { linear, map, matmul, mul, permute, reshape, scope, softmax, squeeze, unsqueeze, where, type DType, type Tensor } from '@unroll/tensor';
import { check, oneOf, shapeText, size } from './errors.ts';
import type { ParameterOptions } from './init.ts';
import { Linear } from './linear.ts';
import { maskOf } from './masks.ts';
import { Module } from './module.ts';
import type { ForwardOptions } from './options.ts';

/** What attention reads: T steps of B rows, as `prepare` makes it once for any number of queries. All tensors have their rows on axis 1. */
export interface AttentionSource {
  /** (T, B, H). Zero where a step does not count. */
  readonly memory: Tensor;
  /** (T, B, A): what queries are compared with, where that is not the memory itself. */
  readonly keys?: Tensor;
  /** (T, B), 1 where a step counts. */
  readonly mask?: Tensor;
}

/** What a query finds. S steps of queries have an axis for them in front of both. */
export interface Attended {
  /** (B, H): the weighted mean of the memory. Zero for a row without any step that counts. */
  readonly context: Tensor;
  /** (B, T): from 0 to 1 with sum 1, exactly 0 where a step does not count. */
  readonly weights: Tensor;
}

/**
 * What attentions have in common: weights from scores, context = Σₜ weightₜ memoryₜ. T steps of the source, B batch, H channels of
 * the memory, Q of the query, S steps of queries.
 */
export abstract class Attention extends Module {
  /** Q. */
  readonly querySize: number;
  /** H. */
  readonly memorySize: number;
  readonly #name: string;

  constructor(name: string, querySize: number, memorySize: number) {
    super();
    this.#name = name;
    this.querySize = size(name, 'querySize', querySize);
    this.memorySize = size(name, 'memorySize', memorySize);
  }

  /**
   * One query a row (B, Q), or S of them (S, B, Q), over memory (T, B, H), which is what a recurrent layer puts out. With `lengths` or
   * `mask` (T, B) steps of the memory may be left out; they are not read.
   *
   * @throws LayerError `shape`, `dtype` or `argument` where query, memory, lengths or mask do not fit
   */
  forward(query: Tensor, memory: Tensor, options: ForwardOptions = {}): Attended {
    return scope(() => this.attend(query, this.prepare(memory, options)));
  }

  /** The share of the work that does not depend on the query. For decoding step by step. */
  prepare(memory: Tensor, options: ForwardOptions = {}): AttentionSource {
    this.#checkMemory(memory);
    const [steps = 0, batch = 0] = memory.shape;
    return scope(() => {
      const mask = maskOf(options, { name: this.#name, steps, batch, dtype: memory.dtype, layout: 'time' });
      const read = mask === undefined ? memory : where(unsqueeze(mask, -1), memory, 0);
      const keys = this.keysOf(read);
      return { memory: read, ...(keys === read ? {} : { keys }), ...(mask === undefined ? {} : { mask }) };
    });
  }

  /** The rest of the work. */
  attend(query: Tensor, { memory, keys = memory, mask }: AttentionSource): Attended {
    this.#checkQuery(query, memory);
    return scope(() => {
      const scores = this.scoresOf(query.rank === 2 ? unsqueeze(query, 0) : query, keys);
      const weights = mask === undefined ? softmax(scores) : maskedSoftmax(scores, unsqueeze(permute(mask, [1, 0]), 1));
      const context = matmul(weights, permute(memory, [1, 0, 2]));
      const [inOrder, found] = [permute(weights, [1, 0, 2]), permute(context, [1, 0, 2])];
      return query.rank === 2 ? { context: squeeze(found, 0), weights: squeeze(inOrder, 0) } : { context: found, weights: inOrder };
    });
  }

  /** Of the memory, (T, B, H) → (T, B, A); the memory itself where scores read that. */
  protected abstract keysOf(memory: Tensor): Tensor;
  /** Of queries (S, B, Q) and keys (T, B, A): (B, S, T). */
  protected abstract scoresOf(query: Tensor, keys: Tensor): Tensor;

  #checkMemory(memory: Tensor): void {
    check(memory.rank === 3 && memory.shape[2] === this.memorySize && memory.size > 0, 'shape',
      () => `${this.#name}: memory must be (T, B, ${this.memorySize}), got ${shapeText(memory.shape)}; the last axis holds memorySize channels.`);
    this.#checkType('memory', memory);
  }

  #checkQuery(query: Tensor, memory: Tensor): void {
    const batch = memory.shape[1] as number;
    check((query.rank === 2 || query.rank === 3) && query.shape.at(-1) === this.querySize && query.shape.at(-2) === batch, 'shape',
      () => `${this.#name}: query must be (${batch}, ${this.querySize}), or (S, ${batch}, ${this.querySize}) for several steps, with the rows of memory ${shapeText(memory.shape)}, got ${shapeText(query.shape)}.`);
    check(query.dtype === memory.dtype, 'dtype', () => `${this.#name}: query is ${query.dtype}, memory is ${memory.dtype}; convert one of them with cast().`);
  }

  #checkType(what: string, { dtype }: Tensor): void {
    const own: DType = Object.values(this.parameters())[0]?.dtype ?? dtype;
    check(dtype !== 'int32' && dtype === own, 'dtype', () => `${this.#name}: ${what} must be ${own === 'int32' ? 'float32' : own}, got ${dtype}; convert it with cast().`);
  }
}

/** Options of `DotAttention`. */
export interface DotAttentionOptions extends ParameterOptions {
  /** Default 'dot': qᵀ m, without parameters, where query and memory have equally many channels. 'general': qᵀ W m. */
  readonly score?: 'dot' | 'general';
}

/**
 * Attention whose scores are dot products, of the query with the memory or with `memory.weight` (Q, H) times it (`score: 'general'`),
 * drawn like those of `Linear`. Luong et al. 2015, Effective approaches to attention-based neural machine translation, section 3.1.
 *
 * @example
 * const { context, weights } = new DotAttention(64).forward(query, memory, { lengths });      // (3, 64), (7, 3, 64) → (3, 64), (3, 7)
 * @throws LayerError `argument` for sizes that are not whole numbers from 1, or differ without `score: 'general'`
 */
export class DotAttention extends Attention {
  readonly memory: Linear | undefined;

  constructor(querySize: number, memorySize: number = querySize, { score = 'dot', ...options }: DotAttentionOptions = {}) {
    super('DotAttention', querySize, memorySize);
    oneOf('DotAttention', 'score', score, ['dot', 'general']);
    check(score === 'general' || querySize === memorySize, 'argument',
      () => `DotAttention: a dot product needs as many channels in the query as in the memory, got ${querySize} and ${memorySize}; pass score: 'general'.`);
    this.memory = score === 'general' ? new Linear(memorySize, querySize, { bias: false, ...options }) : undefined;
  }

  protected override keysOf(memory: Tensor): Tensor {
    return this.memory?.forward(memory) ?? memory;
  }

  // qᵀ k
  protected override scoresOf(query: Tensor, keys: Tensor): Tensor {
    return matmul(permute(query, [1, 0, 2]), permute(keys, [1, 0, 2]), { transposeB: true });
  }
}

/** Options of `AdditiveAttention`. */
export interface AdditiveAttentionOptions extends ParameterOptions {
  /** A, channels in which query and memory meet. Default: those of the query. */
  readonly attentionSize?: number;
}

/**
 * Attention whose scores are vᵀ tanh(W q + U m): `query.weight` W (A, Q), `memory.weight` U (A, H), `score.weight` v (1, A), drawn
 * like those of `Linear`. Bahdanau et al. 2015, Neural machine translation by jointly learning to align and translate, section A.1.2.
 * It holds S·T·B·A numbers at once for S steps of queries.
 *
 * @throws LayerError `argument` for sizes that are not whole numbers from 1
 */
export class AdditiveAttention extends Attention {
  readonly attentionSize: number;
  readonly query: Linear;
  readonly memory: Linear;
  readonly score: Linear;

  constructor(querySize: number, memorySize: number = querySize, { attentionSize = querySize, ...options }: AdditiveAttentionOptions = {}) {
    super('AdditiveAttention', querySize, memorySize);
    this.attentionSize = size('AdditiveAttention', 'attentionSize', attentionSize);
    this.query = new Linear(querySize, attentionSize, { bias: false, ...options });
    this.memory = new Linear(memorySize, attentionSize, { bias: false, ...options });
    this.score = new Linear(attentionSize, 1, { bias: false, ...options });
  }

  protected override keysOf(memory: Tensor): Tensor {
    return this.memory.forward(memory);
  }

  // vᵀ tanh(W q + k)
  protected override scoresOf(query: Tensor, keys: Tensor): Tensor {
    const [steps = 0, batch = 0] = query.shape;
    const [met] = map([tanh(add(input('x0'), input('x1')))], [unsqueeze(this.query.forward(query), 1), unsqueeze(keys, 0)]);
    const scores = linear(met as Tensor, this.score.weight);
    return permute(reshape(scores, [steps, keys.shape[0] as number, batch]), [2, 0, 1]);
  }
}

// Private.

// A number below all scores, with which a row that is masked everywhere has no NaN; its weights become 0 with the mask.
const unseen = -1e30;

function maskedSoftmax(scores: Tensor, mask: Tensor): Tensor {
  return mul(softmax(where(mask, scores, unseen)), mask);
}
