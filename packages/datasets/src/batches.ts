import { DataError, integerOption, numberOption } from './errors.ts';
import { Rng } from './rng.ts';

/** Where a pass over the sequences stands: the batch that comes next. Plain JSON. */
export interface BatchCursor {
  /** Passes completed. */
  readonly epoch: number;
  /** Batches taken in this pass. */
  readonly step: number;
}

/** How sequences are put together. */
export interface BatchOptions {
  /** B: sequences a batch; the last batch of a pass has what remains. */
  readonly batch: number;
  /** Decides the order of every pass; 0 unless given. */
  readonly seed?: number;
  /** False: the order of the sequences, in every pass. */
  readonly shuffle?: boolean;
  /** Lengths of the sequences (`lengthsOf`): batches are then made of sequences of similar length. */
  readonly lengths?: ArrayLike<number>;
  /** Among how many batches' worth of shuffled sequences similar lengths are sought; 50 unless given. More: less padding, less chance. */
  readonly pool?: number;
  /** Leaves out the last batch of a pass where it is smaller than B. */
  readonly dropLast?: boolean;
  /** Where to begin; the start of the first pass unless given. */
  readonly cursor?: BatchCursor;
}

/** Which sequences belong together. */
export interface IndexBatch {
  readonly indices: Int32Array;
  /** Passes completed before this one. */
  readonly epoch: number;
  /** True for the last batch of a pass. */
  readonly last: boolean;
}

/**
 * The order in which sequences are learnt: endless passes, each in an order of its own that is decided by the seed and the
 * number of the pass alone, so that `cursor` is all it takes to go on elsewhere.
 *
 * With `lengths`, sequences are shuffled, sorted by length within pools of some batches, cut into batches, and the batches
 * shuffled: similar lengths together, little padding, and still another mixture in each pass.
 *
 * @example
 * const order = new BatchOrder(set.size, { batch: 64, seed: 1, lengths: lengthsOf(set) });
 * for (const { indices } of order) step(set.batch(indices));   // endless: break when done
 */
export class BatchOrder implements Iterable<IndexBatch> {
  /** Batches a pass. */
  readonly stepsPerEpoch: number;
  readonly #options: BatchOptions;
  readonly #size: number;
  #epoch = 0;
  #step = 0;
  #batches: { readonly epoch: number; readonly list: readonly Int32Array[] } | undefined;

  /** @throws DataError `invalid-option` for sizes that do not fit, `invalid-state` for a cursor that is not of this order */
  constructor(size: number, options: BatchOptions) {
    this.#size = integerOption('BatchOrder', 'number of sequences', size, 1);
    const batch = integerOption('BatchOrder', 'batch', options.batch, 1);
    integerOption('BatchOrder', 'pool', options.pool ?? 50, 1);
    integerOption('BatchOrder', 'seed', options.seed ?? 0, 0);
    if (options.lengths !== undefined && options.lengths.length !== size) {
      throw new DataError('invalid-option', `BatchOrder: ${options.lengths.length} lengths were given for ${size} sequences; give one for each`);
    }
    this.stepsPerEpoch = options.dropLast === true ? Math.floor(size / batch) : Math.ceil(size / batch);
    if (this.stepsPerEpoch === 0) throw new DataError('invalid-option', `BatchOrder: ${size} sequences do not fill one batch of ${batch}; lower the batch`);
    this.#options = options;
    if (options.cursor !== undefined) this.restore(options.cursor);
  }

  /** The batch that `next` will give, to be saved with the model. */
  get cursor(): BatchCursor {
    return { epoch: this.#epoch, step: this.#step };
  }

  /** Goes to a saved cursor. Throws DataError `invalid-state` where this order has no such step, and stays where it was. */
  restore({ epoch, step }: BatchCursor): void {
    const counts = [epoch, step].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!counts || step >= this.stepsPerEpoch) {
      throw new DataError('invalid-state', `BatchOrder.restore: no step ${step} of epoch ${epoch} where a pass has ${this.stepsPerEpoch} batches; restore with the data and batch of the saved cursor`);
    }
    this.#epoch = epoch;
    this.#step = step;
  }

  /** The batch at the cursor; the cursor moves on, and wraps at the end of the pass. */
  next(): IndexBatch {
    const [epoch, step] = [this.#epoch, this.#step];
    if (this.#batches?.epoch !== epoch) this.#batches = { epoch, list: batchesOf(this.#size, this.#options, epoch) };
    const indices = this.#batches.list[step] as Int32Array;
    this.#step = (step + 1) % this.stepsPerEpoch;
    if (this.#step === 0) this.#epoch++;
    return { indices: indices.slice(), epoch, last: this.#step === 0 };
  }

  /** Batches without end from the cursor on; a second loop continues where the first was left. */
  *[Symbol.iterator](): Generator<IndexBatch, never, void> {
    for (;;) yield this.next();
  }
}

/** Which sequences are learnt from and which only measured. */
export interface IndexSplit {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/** What is held out. */
export interface SplitOptions {
  /** Share that is held out, above 0 and below 1, rounded to whole sequences. */
  readonly fraction: number;
  readonly seed?: number;
  /** A class for each sequence: the share is then taken of each class by itself, and each class of two or more keeps one to learn from. */
  readonly labels?: ArrayLike<number>;
}

/** Holds out a share of sequences that have no order in time, drawn with a seed. Both sides are in ascending order. */
export function splitIndices(size: number, { fraction, seed = 0, labels }: SplitOptions): IndexSplit {
  integerOption('splitIndices', 'number of sequences', size, 2);
  numberOption('splitIndices', 'fraction', fraction, Number.MIN_VALUE, 1 - Number.EPSILON);
  const groups = new Map<number, number[]>();
  for (let index = 0; index < size; index++) {
    const label = labels?.[index] ?? 0;
    const members = groups.get(label) ?? [];
    members.push(index);
    groups.set(label, members);
  }
  const rng = new Rng(seed);
  const heldOut = new Set<number>();
  for (const [, members] of [...groups].sort(([a], [b]) => a - b)) {
    const count = Math.min(members.length - 1, Math.round(members.length * fraction));
    for (const index of rng.shuffle(members).slice(0, count)) heldOut.add(index);
  }
  if (heldOut.size === 0) throw new DataError('invalid-option', `splitIndices: a share of ${fraction} of ${size} sequences is none; hold out more`);
  const all = Array.from({ length: size }, (_, index) => index);
  return { train: Int32Array.from(all.filter((index) => !heldOut.has(index))), heldOut: Int32Array.from([...heldOut].sort((a, b) => a - b)) };
}

function batchesOf(size: number, { batch, seed = 0, shuffle = true, lengths, pool = 50, dropLast = false }: BatchOptions, epoch: number): Int32Array[] {
  const rng = rngOfPass(seed, epoch);
  const order = Int32Array.from({ length: size }, (_, index) => index);
  if (shuffle) rng.shuffle(order);
  if (lengths !== undefined) sortPools(order, lengths, batch * pool);
  const batches = Array.from({ length: Math.ceil(size / batch) }, (_, i) => order.slice(i * batch, (i + 1) * batch));
  if (dropLast && size % batch !== 0) batches.pop();
  return shuffle && lengths !== undefined ? rng.shuffle(batches) : batches;
}

function sortPools(order: Int32Array, lengths: ArrayLike<number>, pool: number): void {
  for (let from = 0; from < order.length; from += pool) {
    order.subarray(from, from + pool).sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
  }
}

/** A generator for each pass: the number of the pass is the upper part of its seed, mixed bits of the order's seed the lower. */
export function rngOfPass(seed: number, epoch: number): Rng {
  return new Rng(new Rng(seed).bits() + (epoch % 2 ** 21) * 2 ** 32);
}
