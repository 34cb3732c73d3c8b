import { rngOfPass } from './batches.ts';
import { DataError, integerOption } from './errors.ts';
import { ignored } from './sequences.ts';
import type { StreamCursor } from './streams.ts';

/** How documents are read. */
export interface RaggedOptions {
  /** B: documents read side by side. */
  readonly batch: number;
  /** T: steps of a batch at most. */
  readonly length: number;
  /** Decides the order of every pass; 0 unless given. */
  readonly seed?: number;
  /** False: the order of the documents, in every pass. */
  readonly shuffle?: boolean;
  /** Where to begin; the start of the first pass unless given. */
  readonly cursor?: StreamCursor;
}

/** A piece of B documents, time-major: what to read, and what comes next at each step. */
export interface RaggedBatch {
  /** [T, B]; padding is 0. */
  readonly inputs: Int32Array;
  /** [T, B]; `ignored` (-100) behind the end of a document. */
  readonly targets: Int32Array;
  /** T is that of the longest piece. */
  readonly shape: readonly [time: number, batch: number];
  /** [T, B]: 1 where there is something to read. A row of zeros has nothing more to read in this pass. */
  readonly mask: Float32Array;
  /** [B]: 1 where a row begins a document, so that its state has to be zero, whatever the state of the row before. */
  readonly starts: Float32Array;
  /** Whether all rows begin anew. */
  readonly reset: boolean;
  /** Symbols to predict. */
  readonly count: number;
}

/**
 * Texts of any length for stateful training (truncated back-propagation through time): B rows read a document each, piece by piece, with
 * the state carried on; who has come to the end takes the next one, with a state of zero, while the others go on. Nothing is left out
 * and nothing runs over from one document into another, which `TextStreams` over the joined texts would do.
 *
 * @example
 * const streams = new RaggedStreams(documents.map((text) => vocabulary.encode(text)), { batch: 32, length: 64, seed: 1 });
 * for (const { inputs, targets, shape, mask, starts } of streams) {   // endless: break when done
 *   // state = state times (1 - starts); read the inputs where mask is 1; keep the state
 * }
 */
export class RaggedStreams implements Iterable<RaggedBatch> {
  readonly #documents: readonly Int32Array[];
  readonly #options: RaggedOptions;
  #epoch = 0;
  #step = 0;
  #plan: { readonly epoch: number; readonly steps: readonly Piece[][] } | undefined;

  /** @throws DataError `text-too-short` for a document that has nothing to predict, `invalid-option` for sizes that are none, `invalid-state` for a cursor that is not of these streams */
  constructor(documents: readonly Int32Array[], options: RaggedOptions) {
    integerOption('RaggedStreams', 'number of documents', documents.length, 1);
    integerOption('RaggedStreams', 'batch', options.batch, 1);
    integerOption('RaggedStreams', 'length', options.length, 1);
    integerOption('RaggedStreams', 'seed', options.seed ?? 0, 0);
    const short = documents.findIndex(({ length }) => length < 2);
    if (short >= 0) throw new DataError('text-too-short', `RaggedStreams: document ${short} has ${documents[short]?.length} symbols, but two are needed to predict one; leave it out`, { position: short });
    [this.#documents, this.#options] = [documents, options];
    if (options.cursor !== undefined) this.restore(options.cursor);
  }

  /** Batches of this pass; others may have more or fewer, as documents fall together. */
  get stepsPerEpoch(): number { return this.#planOf(this.#epoch).length; }

  /** The batch that `next` will give, to be saved with the model. */
  get cursor(): StreamCursor { return { epoch: this.#epoch, step: this.#step }; }

  /** Goes to a saved cursor. Throws DataError `invalid-state` where there is no such batch, and stays where it was. */
  restore({ epoch, step }: StreamCursor): void {
    const counts = [epoch, step].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!counts || step >= this.#planOf(epoch).length) {
      throw new DataError('invalid-state', `RaggedStreams.restore: there is no step ${step} of epoch ${epoch}; restore with the documents, batch, length and seed of the saved cursor`);
    }
    [this.#epoch, this.#step] = [epoch, step];
  }

  /** The batch at the cursor; the cursor moves on, and wraps at the end of the pass. */
  next(): RaggedBatch {
    const steps = this.#planOf(this.#epoch);
    const batch = cut(this.#documents, steps[this.#step] as Piece[], this.#options);
    this.#step = (this.#step + 1) % steps.length;
    if (this.#step === 0) this.#epoch++;
    return batch;
  }

  /** Batches without end from the cursor on; a second loop continues where the first was left. */
  *[Symbol.iterator](): Generator<RaggedBatch, never, void> {
    for (;;) yield this.next();
  }

  #planOf(epoch: number): readonly Piece[][] {
    if (this.#plan?.epoch !== epoch) this.#plan = { epoch, steps: plan(this.#documents, this.#options, epoch) };
    return this.#plan.steps;
  }
}

/** What a row reads in a batch: symbols of a document from here on. */
interface Piece { readonly row: number; readonly document: number; readonly from: number }

// Whoever is free first takes the next document.
function plan(documents: readonly Int32Array[], { batch, length, seed = 0, shuffle = true }: RaggedOptions, epoch: number): Piece[][] {
  const order = Int32Array.from(documents, (_, document) => document);
  if (shuffle) rngOfPass(seed, epoch).shuffle(order);
  const [steps, free]: [Piece[][], number[]] = [[], Array<number>(batch).fill(0)];
  for (const document of order) {
    const first = Math.min(...free);
    const row = free.indexOf(first);
    const pieces = Math.ceil(((documents[document] as Int32Array).length - 1) / length);
    for (let piece = 0; piece < pieces; piece++) (steps[first + piece] ??= []).push({ row, document, from: piece * length });
    free[row] = first + pieces;
  }
  return steps;
}

function cut(documents: readonly Int32Array[], pieces: readonly Piece[], { batch, length }: RaggedOptions): RaggedBatch {
  const sizes = pieces.map(({ document, from }) => Math.min(length, (documents[document] as Int32Array).length - 1 - from));
  const time = Math.max(...sizes);
  const [inputs, targets] = [new Int32Array(time * batch), new Int32Array(time * batch).fill(ignored)];
  const [mask, starts] = [new Float32Array(time * batch), new Float32Array(batch)];
  for (const [k, { row, document, from }] of pieces.entries()) {
    const ids = documents[document] as Int32Array;
    if (from === 0) starts[row] = 1;
    for (let t = 0; t < (sizes[k] as number); t++) {
      const place = t * batch + row;
      inputs[place] = ids[from + t] as number;
      targets[place] = ids[from + t + 1] as number;
      mask[place] = 1;
    }
  }
  return { inputs, targets, shape: [time, batch], mask, starts, reset: starts.every((one) => one === 1), count: sizes.reduce((sum, size) => sum + size, 0) };
}
