import { BatchOrder, ignored, lengthsOf, type BatchCursor, type SequenceBatch, type SequenceSet } from '@unroll/datasets';
import type { Batch } from '@unroll/train';

/** Sequences side by side, as training takes them. */
export interface SequenceItem extends Batch {
  readonly inputs: Float32Array | Int32Array;
  readonly targets: Float32Array | Int32Array;
  readonly shape: readonly number[];
  readonly targetShape: readonly number[];
  /** How many targets count: steps, sequences or symbols of answers. */
  readonly count: number;
  /** [B] steps of each input, where they differ. */
  readonly lengths?: Int32Array;
  /** (T, B) or (S, B): 1 where something is asked. */
  readonly mask?: Float32Array;
}

/** How sequences are put together. */
export interface SequenceBatchOptions {
  readonly batch: number;
  readonly seed: number;
  /** Whether sequences of similar length go together. */
  readonly bucketing: boolean;
}

/** Endless batches of a set, in an order that the seed and the number of the pass decide. `cursor` is all it takes to go on elsewhere. */
export class SequenceBatches implements Iterable<SequenceItem> {
  readonly #set: SequenceSet;
  readonly #order: BatchOrder;

  /** @throws DataError `invalid-option` for sizes that do not fit */
  constructor(set: SequenceSet, { batch, seed, bucketing }: SequenceBatchOptions) {
    this.#set = set;
    this.#order = new BatchOrder(set.size, { batch, seed, ...(bucketing ? { lengths: lengthsOf(set) } : {}) });
  }

  /** Batches a pass. */
  get stepsPerEpoch(): number { return this.#order.stepsPerEpoch; }

  /** The batch that comes next; plain JSON. */
  get cursor(): BatchCursor { return this.#order.cursor; }

  /** Goes to a saved cursor. Throws DataError `invalid-state` where there is no such batch. */
  restore(cursor: BatchCursor): void {
    this.#order.restore(cursor);
  }

  *[Symbol.iterator](): Generator<SequenceItem, never, void> {
    for (;;) yield itemOf(this.#set.batch(this.#order.next().indices));
  }
}

/** One pass over a set, similar lengths together, with the places of the sequences in the set. For measuring. */
export function* passOver(set: SequenceSet, batch: number): Generator<{ readonly indices: Int32Array; readonly item: SequenceItem }, void, void> {
  for (const { indices, last } of new BatchOrder(set.size, { batch, shuffle: false, lengths: lengthsOf(set) })) {
    yield { indices, item: itemOf(set.batch(indices)) };
    if (last) return;
  }
}

/** A batch of sequences as training takes it. */
export function itemOf({ inputs, inputShape, targets, targetShape, lengths, mask }: SequenceBatch): SequenceItem {
  const asked = targets instanceof Int32Array ? targets.reduce((count, target) => count + (target === ignored ? 0 : 1), 0) : askedRows(targetShape, mask);
  return { inputs, shape: inputShape, targets, targetShape, count: asked, reset: true, ...(lengths === undefined ? {} : { lengths }), ...(mask === undefined ? {} : { mask }) };
}

function askedRows(shape: readonly number[], mask: Float32Array | undefined): number {
  return mask === undefined ? shape.slice(0, -1).reduce((product, size) => product * size, 1) : mask.reduce((sum, one) => sum + one, 0);
}
