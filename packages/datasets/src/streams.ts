import { DataError, integerOption } from './errors.ts';

/**
 * Some steps of several streams at once, time-major as nn.RNN reads them.
 * Element (t, b) of `inputs` and `targets` is at index t * B + b.
 */
export interface TextBatch {
  /** [T, B] ids to read. */
  readonly inputs: Int32Array;
  /** [T, B] ids to predict: each the one that follows its input. */
  readonly targets: Int32Array;
  /** [T, B]. */
  readonly shape: readonly [time: number, batch: number];
  /** True where the streams begin: start from a zero state. False: carry on the state that the batch before left. */
  readonly reset: boolean;
}

/** Where a pass over the streams stands: the batch that comes next. Plain JSON. */
export interface StreamCursor {
  /** Passes completed. */
  readonly epoch: number;
  /** Batches taken in this pass. */
  readonly step: number;
}

/** Sizes of the batches. */
export interface StreamOptions {
  /** B: number of streams read side by side. */
  readonly batch: number;
  /** T: steps per batch, the truncation of back-propagation through time. */
  readonly length: number;
  /** Where to begin; the start of the first pass unless given. */
  readonly cursor?: StreamCursor;
}

/**
 * A text as B parallel streams for truncated back-propagation through time with the state carried on.
 *
 * The ids are cut into B consecutive pieces of n = floor(ids.length / B); at most B - 1 ids at the end are unused.
 * With `data = ids[:B*n].view(B, n).t()` in PyTorch's terms, step s of a pass reads rows [s T, s T + T) and predicts rows
 * [s T + 1, s T + T + 1), so that each stream's batches continue one another without a gap. A pass has
 * floor((n - 1) / T) steps, all of the same shape; the fewer than T + 1 rows that remain are left out. Then the streams
 * wrap: the next batch is step 0 again, in the same order, with `reset` true.
 *
 * @example
 * const streams = new TextStreams(ids, { batch: 32, length: 64 });
 * for (const { inputs, targets, shape, reset } of streams) { ... }   // endless: break when done
 */
export class TextStreams implements Iterable<TextBatch> {
  readonly batch: number;
  readonly length: number;
  /** n: ids per stream. */
  readonly streamLength: number;
  /** Batches in one pass over the text. */
  readonly stepsPerEpoch: number;
  readonly #ids: Int32Array;
  #epoch = 0;
  #step = 0;

  /** @throws DataError `text-too-short` where a stream would be shorter than T + 1, `invalid-option` for bad sizes. */
  constructor(ids: Int32Array, options: StreamOptions) {
    this.batch = integerOption('TextStreams', 'batch', options.batch, 1);
    this.length = integerOption('TextStreams', 'length', options.length, 1);
    this.streamLength = Math.floor(ids.length / this.batch);
    this.stepsPerEpoch = Math.floor((this.streamLength - 1) / this.length);
    if (this.stepsPerEpoch < 1) throw tooShort(ids.length, this.batch, this.length);
    this.#ids = ids;
    if (options.cursor !== undefined) this.restore(options.cursor);
  }

  /** The batch that `next` will give, to be saved with the model. */
  get cursor(): StreamCursor {
    return { epoch: this.#epoch, step: this.#step };
  }

  /**
   * Goes to a saved cursor. In the middle of a pass the next batch has `reset` false: the recurrent state belongs to what is
   * restored. Throws DataError `invalid-state` where these streams have no such step, and stays where it was.
   */
  restore(cursor: StreamCursor): void {
    const { epoch, step } = cursor;
    if (!isCount(epoch) || !isCount(step) || step >= this.stepsPerEpoch) {
      throw new DataError(
        'invalid-state',
        `TextStreams.restore: no step ${step} of epoch ${epoch} in streams of ${this.stepsPerEpoch} steps a pass; ` +
          'restore with the text, batch and length of the saved cursor',
      );
    }
    this.#epoch = epoch;
    this.#step = step;
  }

  /** The batch at the cursor; the cursor moves on, and wraps at the end of the pass. */
  next(): TextBatch {
    const step = this.#step;
    this.#step = (step + 1) % this.stepsPerEpoch;
    if (this.#step === 0) this.#epoch++;
    return cut(this.#ids, {
      start: step * this.length,
      time: this.length,
      batch: this.batch,
      stride: this.streamLength,
      reset: step === 0,
    });
  }

  /** Batches without end from the cursor on; a second loop continues where the first was left. */
  *[Symbol.iterator](): Generator<TextBatch, never, void> {
    for (;;) yield this.next();
  }
}

/** Sizes of the windows of an evaluation. */
export interface EvaluationOptions {
  /** T: steps per window. Has no influence on the result where the state is carried through. */
  readonly length: number;
  /** B: streams read side by side; chosen from the length of the text unless given. */
  readonly batch?: number;
}

/** A held-out text in windows, to be gone through once or more. */
export interface EvaluationWindows extends Iterable<TextBatch> {
  /** B of all windows but those of the remainder. */
  readonly batch: number;
  /** Ids predicted by all windows together: the sum of T * B over them, always ids.length - 1. */
  readonly predictions: number;
}

/**
 * A held-out text as continuous streams: each id but the first, which nothing precedes, is predicted exactly once.
 *
 * The mean over the text is the sum of each window's mean loss times its T * B, divided by `predictions`. Windows have
 * the shape [T, B], the last of the streams a smaller T; what does not divide by B, fewer than B ids at the end of the
 * text, follows as windows of shape [T, 1]. Carry the state from window to window and start from zero where `reset` is true.
 *
 * With one stream the text is read as one, exactly but slowly. By default there are more (one per 1,000 predictions, at most
 * 32), which is many times quicker; the price is one cold start per 1,000 characters or more, a few thousandths of a nat.
 *
 * @throws DataError `text-too-short` where there are fewer than two ids, or fewer predictions than streams
 */
export function evaluationWindows(ids: Int32Array, options: EvaluationOptions): EvaluationWindows {
  const predictions = ids.length - 1;
  const time = integerOption('evaluationWindows', 'length', options.length, 1);
  const batch = integerOption('evaluationWindows', 'batch', options.batch ?? evaluationBatch(predictions), 1);
  if (predictions < batch) {
    throw new DataError(
      'text-too-short',
      `evaluationWindows: ${ids.length} symbols are too few to predict in ${batch} stream${batch === 1 ? '' : 's'}, ` +
        `which needs ${batch + 1}; hold out more`,
    );
  }
  const stride = Math.floor(predictions / batch);
  return {
    batch,
    predictions,
    *[Symbol.iterator](): Generator<TextBatch, void, void> {
      yield* passOver(ids, 0, batch, stride, time);
      yield* passOver(ids, batch * stride, 1, predictions - batch * stride, time);
    },
  };
}

function evaluationBatch(predictions: number): number {
  return Math.min(32, Math.max(1, Math.floor(predictions / 1000)));
}

function* passOver(ids: Int32Array, from: number, batch: number, stride: number, length: number): Generator<TextBatch, void, void> {
  for (let row = 0; row < stride; row += length) {
    const time = Math.min(length, stride - row);
    yield cut(ids, { start: from + row, time, batch, stride, reset: row === 0 });
  }
}

interface Cut {
  readonly start: number;
  readonly time: number;
  readonly batch: number;
  readonly stride: number;
  readonly reset: boolean;
}

// input[t, b] = ids[start + b stride + t],  target[t, b] = ids[start + b stride + t + 1]
function cut(ids: Int32Array, { start, time, batch, stride, reset }: Cut): TextBatch {
  const inputs = new Int32Array(time * batch);
  const targets = new Int32Array(time * batch);
  for (let b = 0; b < batch; b++) {
    const from = start + b * stride;
    for (let t = 0; t < time; t++) {
      inputs[t * batch + b] = ids[from + t] as number;
      targets[t * batch + b] = ids[from + t + 1] as number;
    }
  }
  return { inputs, targets, shape: [time, batch], reset };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function tooShort(size: number, batch: number, length: number): DataError {
  return new DataError(
    'text-too-short',
    `TextStreams: ${size} symbols are too few for ${batch} streams of ${length + 1} (one more than the length), ` +
      `which need ${batch * (length + 1)}; give a longer text, or lower batch or length`,
  );
}
