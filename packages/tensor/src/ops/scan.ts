import { checkStep, drawsRandom, type Field, type Step } from '@unroll/expr';
import type { Backend } from '../backend.ts';
import type { DType } from '../dtype.ts';
import { check, TensorError } from '../errors.ts';
import { defaultGenerator, type Generator } from '../generator.ts';
import type { Shape, ScanKernel } from '../kernel.ts';
import { scope } from '../memory.ts';
import { isRecording, mayRunInPieces, ranInPieces, recording, run } from '../run.ts';
import { checkShape, sameShape, shapeText } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { currentBackend } from '../use.ts';
import { upload } from './create.ts';
import { toType } from './elementwise.ts';
import { concat, narrow } from './move.ts';

/** What goes into a recurrence, in the order in which the step names it. T time, B batch. */
export interface ScanInputs {
  /** Each (B, width): the value before the first step. */
  readonly states: readonly Tensor[];
  /** Each (T, B, width). */
  readonly sequences: readonly Tensor[];
  /** Each (width). */
  readonly vectors: readonly Tensor[];
  /** Flat: for each weight its matrix (blocks · rows, columns), then its bias (blocks · rows) where it has one. */
  readonly weights: readonly Tensor[];
  /** (T, B): where it is 0, the states of the row are carried on, its outputs are 0 and it adds nothing to the accumulations. */
  readonly mask?: Tensor;
  /** From the last step to the first; outputs stay at their time. */
  readonly reverse?: boolean;
  /** Where a step that draws random numbers gets its seed; the default generator where none is given. */
  readonly generator?: Generator;
  /**
   * While gradients are recorded: keep the states of every so many steps, and compute what lies between again in the backward pass, instead
   * of keeping every value that it reads. It takes one forward pass more; what is kept is T/k states and the values of k steps, least with
   * k = √T, beside inputs, outputs and their gradients, which are the caller's. Results are the same to the bit, gradients up to rounding,
   * since the sums of a weight's gradient are taken piece by piece.
   */
  readonly checkpointEvery?: number;
  /** T and B, only needed where neither states and sequences nor mask tell. */
  readonly steps?: number;
  readonly batch?: number;
}

/** What comes out of a recurrence. */
export interface ScanResult {
  /** Each (B, width): the value after the last step. */
  readonly states: Tensor[];
  /** Each (T, B, width). */
  readonly outputs: Tensor[];
  /** Each (rows, columns), or (rows). */
  readonly accumulations: Tensor[];
}

/**
 * Runs a step over time, as one kernel: whatever its length, one entry on a tape. Throws a `StepError` where the step itself is
 * wrong, a `TensorError` where the tensors do not fit it.
 */
export function scan(step: Step, inputs: ScanInputs): ScanResult {
  checkOnce(step);
  checkCounts(step, inputs);
  const { checkpointEvery: every } = inputs;
  if (every !== undefined) checkPieces(step, every);
  return every !== undefined && mayRunInPieces() && every < extents(step, inputs).steps ? inPieces(step, inputs, every) : whole(step, inputs);
}

// Private.

function whole(step: Step, inputs: ScanInputs): ScanResult {
  const { kernel, tensors } = checkedKernel(step, inputs);
  const { mask } = inputs;
  // Alone, a kernel leaves nothing to free.
  if (mask === undefined && !drawsRandom(step) && !isRecording()) return sorted(step, run(kernel, tensors));
  return scope(() => {
    const seed = drawsRandom(step) ? [seedOn(backendOf(tensors), inputs.generator)] : [];
    return sorted(step, run(kernel, [...tensors, ...seed, ...(mask === undefined ? [] : [toType(mask, kernel.dtype)])]));
  });
}

function checkedKernel(step: Step, { mask, reverse = false, ...inputs }: ScanInputs): { readonly kernel: ScanKernel; readonly tensors: readonly Tensor[] } {
  const { states, sequences, vectors, weights } = inputs;
  const { steps, batch } = extents(step, mask === undefined ? inputs : { ...inputs, mask });
  const tensors = [...states, ...sequences, ...vectors, ...weights];
  const { kernel, expected } = prepared(step, checkTypes(tensors), steps, batch, reverse, mask !== undefined);
  for (let k = 0; k < expected.length; k++) expectShape(expected[k] as Expectation, tensors[k] as Tensor);
  if (mask !== undefined) expectShape({ what: 'mask', shape: [steps, batch] }, mask);
  return { kernel, tensors };
}

function checkPieces(step: Step, every: number): void {
  check(Number.isSafeInteger(every) && every >= 1, 'argument', () => `scan: checkpointEvery must be a whole number from 1, got ${every}.`);
  check(!drawsRandom(step) && step.accumulations.length === 0, 'argument', () => 'scan: a step that draws random numbers, or sums over time, cannot be computed in pieces; leave checkpointEvery out.');
}

function inPieces(step: Step, inputs: ScanInputs, every: number): ScanResult {
  const { kernel, tensors } = checkedKernel(step, inputs);
  return scope(() => {
    const mask = inputs.mask === undefined ? [] : [toType(inputs.mask, kernel.dtype)];
    // To a tape all pieces are one kernel, so that it holds the inputs themselves, not pieces of them.
    const { states, outputs, before } = recording(undefined, () => runPieces(step, inputs, kernel, every));
    ranInPieces({ ...kernel, checkpointEvery: every }, [...tensors, ...mask], [...states, ...outputs, ...before]);
    return { states, outputs, accumulations: [] };
  });
}

function runPieces(step: Step, inputs: ScanInputs, { steps, reverse }: ScanKernel, every: number): { states: Tensor[]; outputs: Tensor[]; before: Tensor[] } {
  const starts = Array.from({ length: Math.ceil(steps / every) }, (_, k) => k * every);
  let states = [...inputs.states];
  const before: Tensor[] = [];
  const outputs = new Map<number, readonly Tensor[]>();
  for (const start of reverse ? starts.toReversed() : starts) {
    if (outputs.size > 0) before.push(...states);
    const result = scope(() => whole(step, { ...pieceOf(inputs, start, Math.min(every, steps - start)), states }));
    ({ states } = result);
    outputs.set(start, result.outputs);
  }
  // One output after the other: its pieces are gone before the next one is put together.
  const joined = step.outputs.map((_, k) => {
    const pieces = starts.map((start) => outputs.get(start)?.[k] as Tensor);
    const whole = concat(pieces, 0);
    for (const piece of pieces) piece.dispose();
    return whole;
  });
  return { states, outputs: joined, before };
}

function pieceOf(inputs: ScanInputs, start: number, length: number): ScanInputs {
  const cut = (tensor: Tensor): Tensor => narrow(tensor, 0, start, length);
  return { ...inputs, steps: length, sequences: inputs.sequences.map(cut), ...(inputs.mask === undefined ? {} : { mask: cut(inputs.mask) }) };
}

const checked = new WeakSet<Step>();

function backendOf([first]: readonly Tensor[]): Backend {
  return first?.backend ?? currentBackend();
}

function seedOn(backend: Backend, generator: Generator = defaultGenerator()): Tensor {
  return upload(backend, Int32Array.from(generator.next()), [2], 'int32');
}

function checkOnce(step: Step): void {
  if (checked.has(step)) return;
  checkStep(step);
  checked.add(step);
}

/** What a step is run with: made once for each length and batch, since layers run the same again and again. */
interface Prepared { readonly kernel: ScanKernel; readonly expected: readonly Expectation[] }
const known = new WeakMap<Step, Map<string, Prepared>>();
/** Of more lengths and batches than these a step forgets all. */
const mostPrepared = 256;

function prepared(step: Step, dtype: DType, steps: number, batch: number, reverse: boolean, masked: boolean): Prepared {
  const ofStep = known.get(step) ?? new Map<string, Prepared>();
  known.set(step, ofStep);
  const key = `${steps} ${batch} ${dtype} ${reverse} ${masked}`;
  const found = ofStep.get(key) ?? { kernel: { kind: 'scan', step, dtype, steps, batch, reverse, masked }, expected: expectations(step, steps, batch) };
  if (ofStep.size >= mostPrepared) ofStep.clear();
  ofStep.set(key, found);
  return found;
}

// A recorder may have asked for more outputs: they lie behind the step's own and in front of the accumulations, and end with the scope.
function sorted(step: Step, results: readonly Tensor[]): ScanResult {
  const [states, outputs] = [step.states.length, step.outputs.length];
  const rest = results.length - step.accumulations.length;
  return { states: results.slice(0, states), outputs: results.slice(states, states + outputs), accumulations: results.slice(rest) };
}

const inputKinds = ['states', 'sequences', 'vectors', 'weights'] as const;

function checkCounts(step: Step, inputs: ScanInputs): void {
  for (const kind of inputKinds) {
    const count = kind === 'weights' ? tensorsOf(step.weights) : step[kind].length;
    if (inputs[kind].length !== count) throw new TensorError('argument', `scan: the step takes ${count} tensors as ${kind}, got ${inputs[kind].length}.`);
  }
}

function tensorsOf(weights: Step['weights']): number {
  let count = weights.length;
  for (const { bias } of weights) if (bias) count += 1;
  return count;
}

function extents(step: Step, { states, sequences, mask, steps, batch }: ScanInputs): { steps: number; batch: number } {
  const [first] = sequences;
  const [field] = step.sequences;
  check(first === undefined || first.rank === 3, 'shape', () => `scan: sequence "${field?.name}" must be (T, B, ${field?.width}), got ${shapeText(first?.shape ?? [])}.`);
  const shape = first?.shape ?? mask?.shape;
  const [length, rows] = [shape?.[0] ?? steps, shape?.[1] ?? states[0]?.shape[0] ?? batch];
  check(length !== undefined && rows !== undefined, 'argument', () => 'scan: neither a sequence nor a mask tells T and B; give steps and batch.');
  checkShape('scan', [length, rows]);
  return { steps: length, batch: rows };
}

function checkTypes(tensors: readonly Tensor[]): DType {
  const dtype = tensors[0]?.dtype ?? 'float32';
  const other = tensors.find((tensor) => tensor.dtype !== dtype || tensor.dtype === 'int32');
  check(other === undefined, 'dtype', () => `scan: all tensors must be of one type, float32 or float64, got ${dtype} and ${other?.dtype}; cast the others.`);
  return dtype;
}

interface Expectation { readonly what: string; readonly shape: Shape }

function expectations(step: Step, steps: number, batch: number): Expectation[] {
  const fields = (kind: string, list: readonly Field[], shape: (width: number) => Shape): Expectation[] => list.map(({ name, width }) => ({ what: `${kind} "${name}"`, shape: shape(width) }));
  return [
    ...fields('state', step.states, (width) => [batch, width]),
    ...fields('sequence', step.sequences, (width) => [steps, batch, width]),
    ...fields('vector', step.vectors, (width) => [width]),
    ...step.weights.flatMap(({ name, blocks, rows, columns, bias }) => [
      { what: `weight "${name}"`, shape: [blocks * rows, columns] },
      ...(bias ? [{ what: `bias of weight "${name}"`, shape: [blocks * rows] }] : []),
    ]),
  ];
}

function expectShape({ what, shape: expected }: Expectation, { shape }: Tensor): void {
  if (!sameShape(shape, expected)) throw new TensorError('shape', `scan: ${what} must be ${shapeText(expected)}, got ${shapeText(shape)}.`);
}
