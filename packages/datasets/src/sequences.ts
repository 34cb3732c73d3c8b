import { DataError, integerOption } from './errors.ts';

/** What a step of an input is: some values, or one id of a vocabulary. */
export type InputKind = 'values' | 'ids';

/** What is asked: values (squared error), one class (cross-entropy), or several bits at once (binary cross-entropy). */
export type TargetKind = 'regression' | 'classification' | 'binary';

/** How often it is asked: at each step, once a sequence, or at each step of an answer, a sequence with a length of its own. */
export type TargetPer = 'step' | 'sequence' | 'answer';

/** What kind of inputs and targets sequences have. */
export interface SequenceKind {
  readonly inputs: InputKind;
  readonly targets: TargetKind;
  readonly per: TargetPer;
}

/** The kind of sequences and the sizes of their steps. */
export interface SequenceShape extends SequenceKind {
  /** I: values a step, or the number of ids. */
  readonly inputSize: number;
  /** O: values, classes or bits. */
  readonly targetSize: number;
  /** How to show the ids of the inputs; '' is padding. */
  readonly inputSymbols?: readonly string[];
  /** How to show the classes. For answers, '' is the end of the answer and class 0. */
  readonly targetSymbols?: readonly string[];
}

/** The class at places that do not count: PyTorch's `ignore_index`. */
export const ignored = -100;

/**
 * Sequences side by side, time-major as nn.RNN reads them: the form of everything here that a network is trained on.
 * T steps (S of an answer), B sequences, I values a step, O values asked for; what is longer than a sequence is padding.
 */
export interface SequenceBatch {
  /** Values: Float32Array [T, B, I]. Ids: Int32Array [T, B]. Padding is 0. */
  readonly inputs: Float32Array | Int32Array;
  readonly inputShape: readonly number[];
  /**
   * Regression and binary: Float32Array, [T, B, O] per step, [B, O] per sequence, 0 where nothing is asked.
   * Classification: Int32Array, [T, B] per step, [B] per sequence, [S, B] per answer, `ignored` (-100) where nothing is asked.
   */
  readonly targets: Float32Array | Int32Array;
  readonly targetShape: readonly number[];
  /** [B] steps of each input; all have T where it is absent. */
  readonly lengths?: Int32Array;
  /** [B] steps of each answer, its end included. */
  readonly targetLengths?: Int32Array;
  /** [T, B], for answers [S, B]: 1 where something is asked, 0 elsewhere; everything counts where it is absent. */
  readonly mask?: Float32Array;
  /** [T, B, O]: 1 for each class that may be next, where the next symbol is drawn among several (grammars). */
  readonly legal?: Uint8Array;
}

/** Sequences that can be asked for by index. */
export interface SequenceSource {
  readonly shape: SequenceShape;
  /** How many there are. */
  readonly size: number;
  /** T of one of them. */
  length(index: number): number;
  /** T ids, or T * I values, step by step. */
  input(index: number): ArrayLike<number>;
  /** Per sequence: O values or one class. Per step: as many for each of the T steps. Answers: S classes, the last one the end. */
  target(index: number): ArrayLike<number>;
}

/** Sequences from which batches are taken. */
export interface SequenceSet extends SequenceSource {
  /** The sequences of these indices, padded to the longest. Throws DataError `invalid-option` for an index out of range. */
  batch(indices: ArrayLike<number>): SequenceBatch;
}

/** How far batches are padded. */
export interface Padding {
  /** T and S are rounded up to a multiple of this, so that few shapes occur; 1 unless given. */
  readonly multiple?: number;
  /** T at least; the longest of the batch unless given. */
  readonly length?: number;
  /** S of answers at least. */
  readonly targetLength?: number;
}

/** Batches from a source of sequences: padded behind, with `lengths` where they differ from T and `mask` where something is not asked. */
export function sequenceSet(source: SequenceSource, padding: Padding = {}): SequenceSet {
  const { shape, size } = source;
  return {
    shape,
    size,
    length: (index) => source.length(index),
    input: (index) => source.input(index),
    target: (index) => source.target(index),
    batch: (indices) => padded(source, Array.from(indices, (index) => checkedIndex(index, size)), padding),
  };
}

/** Some of the sequences, in this order and numbered anew: the training part of `splitIndices`, say. */
export function subset(set: SequenceSet, indices: ArrayLike<number>): SequenceSet {
  const places = Int32Array.from(indices, (index) => checkedIndex(index, set.size));
  const place = (index: number): number => places[checkedIndex(index, places.length)] as number;
  return {
    shape: set.shape,
    size: places.length,
    length: (index) => set.length(place(index)),
    input: (index) => set.input(place(index)),
    target: (index) => set.target(place(index)),
    batch: (chosen) => set.batch(Array.from(chosen, place)),
  };
}

/** The length of each sequence, for `BatchOrder`, which puts similar ones together. */
export function lengthsOf(set: SequenceSource): Int32Array {
  return Int32Array.from({ length: set.size }, (_, index) => set.length(index));
}

/** Where the sequences of a batch are padded. */
interface Frame {
  /** T or S. */
  readonly steps: number;
  /** Values a step. */
  readonly width: number;
  /** [B] steps of each row. */
  readonly lengths: Int32Array;
}

function padded(source: SequenceSource, indices: readonly number[], padding: Padding): SequenceBatch {
  integerOption('batch', 'number of sequences', indices.length, 1);
  const { shape } = source;
  const inputs = indices.map((index) => source.input(index));
  const targets = indices.map((index) => source.target(index));
  const input = frameOf(inputs, shape.inputs === 'ids' ? 1 : shape.inputSize, padding.length ?? 1, padding.multiple);
  const whole = input.lengths.every((length) => length === input.steps);
  return {
    inputs: fill(inputs, input, shape.inputs === 'ids' ? new Int32Array(input.steps * indices.length) : undefined),
    inputShape: [input.steps, indices.length, ...(shape.inputs === 'ids' ? [] : [input.width])],
    ...(whole ? {} : { lengths: input.lengths }),
    ...targetsOf(shape, targets, input, padding),
  };
}

function targetsOf(shape: SequenceShape, rows: readonly ArrayLike<number>[], input: Frame, padding: Padding): Pick<SequenceBatch, 'targets' | 'targetShape' | 'targetLengths' | 'mask'> {
  const classes = shape.targets === 'classification';
  const width = classes ? 1 : shape.targetSize;
  const batch = rows.length;
  const frame = shape.per === 'answer'
    ? frameOf(rows, width, padding.targetLength ?? 1, padding.multiple)
    : { steps: shape.per === 'step' ? input.steps : 1, width, lengths: shape.per === 'step' ? input.lengths : new Int32Array(batch).fill(1) };
  rows.forEach((row, b) => checkTarget(row.length, (frame.lengths[b] as number) * width));
  const targets = fill(rows, frame, classes ? new Int32Array(frame.steps * batch).fill(ignored) : undefined);
  const steps = shape.per === 'sequence' ? [] : [frame.steps];
  const whole = frame.lengths.every((length) => length === frame.steps);
  return {
    targets,
    targetShape: [...steps, batch, ...(classes ? [] : [width])],
    ...(shape.per === 'answer' ? { targetLengths: frame.lengths } : {}),
    ...(whole ? {} : { mask: maskOf(frame) }),
  };
}

function frameOf(rows: readonly ArrayLike<number>[], width: number, least: number, multiple: number = 1): Frame {
  integerOption('padding', 'multiple', multiple, 1);
  const lengths = Int32Array.from(rows, (row) => row.length / width);
  const longest = lengths.reduce((most, length) => Math.max(most, length), least);
  return { steps: Math.ceil(longest / multiple) * multiple, width, lengths };
}

// out[(t B + b) W + w] = rows[b][t W + w]
function fill<Values extends Float32Array | Int32Array>(rows: readonly ArrayLike<number>[], { steps, width }: Frame, out?: Values): Values | Float32Array {
  const batch = rows.length;
  const values = out ?? new Float32Array(steps * batch * width);
  rows.forEach((row, b) => {
    for (let i = 0; i < row.length; i++) {
      const t = Math.floor(i / width);
      values[(t * batch + b) * width + (i - t * width)] = row[i] as number;
    }
  });
  return values;
}

function maskOf({ steps, lengths }: Frame): Float32Array {
  const batch = lengths.length;
  return Float32Array.from({ length: steps * batch }, (_, place) => (Math.floor(place / batch) < (lengths[place % batch] as number) ? 1 : 0));
}

function checkedIndex(index: number, size: number): number {
  if (Number.isInteger(index) && index >= 0 && index < size) return index;
  throw new DataError('invalid-option', `batch: there is no sequence ${index}; indices go from 0 to ${size - 1}`);
}

function checkTarget(given: number, wanted: number): void {
  if (given === wanted) return;
  throw new DataError('invalid-option', `batch: a sequence has ${given} targets where its kind and length ask for ${wanted}`);
}
