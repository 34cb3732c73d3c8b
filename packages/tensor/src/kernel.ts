import { text, type Expr, type Step } from '@unroll/expr';
import type { DType } from './dtype.ts';

/** Sizes of the axes, outermost first; `[]` is a scalar. Tensors are always contiguous, last axis fastest. */
export type Shape = readonly number[];

/**
 * A new value from each element: `outputs[j][i] = bodies[j](inputs[0][i], inputs[1][i], …)`, inputs broadcast to `shape` as in NumPy.
 * The bodies name the inputs `x0`, `x1`, …. Computed in type `compute`, stored in `dtype`; floats stored as int32 lose their fraction
 * (−1.7 → −1), stay within its range and give 0 for NaN.
 */
export interface MapKernel {
  readonly kind: 'map';
  readonly bodies: readonly Expr[];
  readonly shape: Shape;
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  /** int32 only where every input and `dtype` are int32 and every operation is exact on integers; arithmetic wraps around. */
  readonly compute: DType;
  readonly dtype: DType;
}

export type ReduceOp = 'sum' | 'max' | 'min' | 'argmax';
/** `[outer, length, inner] → [outer, inner]` over the middle axis. `argmax` writes int32: the first largest index (NaN counts as largest). */
export interface ReduceKernel {
  readonly kind: 'reduce';
  readonly op: ReduceOp;
  readonly dtype: DType;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/**
 * `C[b] = A[b] B[b] (+ bias)`: A is (M, K), or (K, M) where `transposeA`; B is (K, N), or (N, K) where `transposeB`; C is (batch, M, N).
 * `sharedA` / `sharedB`: that operand has no batch axis and serves every b. Inputs: A, B, then bias (N) where `bias`.
 */
export interface MatMulKernel {
  readonly kind: 'matmul';
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly sharedA: boolean;
  readonly sharedB: boolean;
  readonly bias: boolean;
}

/** Rows by index: table (rows, width) and int32 indices (count) → (count, width). An index outside 0 … rows−1 gives a row of zeros. */
export interface GatherKernel {
  readonly kind: 'gather';
  readonly dtype: DType;
  readonly rows: number;
  readonly width: number;
  readonly count: number;
}

/** The adjoint of gather: int32 indices (count) and values (count, width) → (rows, width), equal indices added in ascending order of count. */
export interface ScatterKernel {
  readonly kind: 'scatter';
  readonly dtype: DType;
  readonly rows: number;
  readonly width: number;
  readonly count: number;
}

/** One strided block: for every index i of `shape`, `out[to + Σ iₐ toStridesₐ] = inputs[input][from + Σ iₐ fromStridesₐ]` (in elements). */
export interface CopyPart {
  readonly input: number;
  readonly shape: Shape;
  readonly from: number;
  readonly fromStrides: readonly number[];
  readonly to: number;
  readonly toStrides: readonly number[];
}
/** Layout changes (transpose, slice, pad, concat, flip …) as strided blocks. What no part covers is zero; no element is covered or read twice. */
export interface CopyKernel {
  readonly kind: 'copy';
  readonly dtype: DType;
  readonly shape: Shape;
  readonly inputs: readonly Shape[];
  readonly parts: readonly CopyPart[];
}

export type Distribution = 'uniform' | 'normal' | 'bernoulli';
/** Numbers from a counter: element i depends on (seed, i) alone, so every backend draws the same. `probability` is that of 1 in bernoulli. */
export interface RandomKernel {
  readonly kind: 'random';
  readonly distribution: Distribution;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Two unsigned 32-bit words. */
  readonly seed: readonly [number, number];
  readonly probability: number;
}

/**
 * A recurrence over time: see `Step` for the mathematics of one step and the order of inputs and outputs.
 * T steps over B rows; `reverse` runs from T−1 down to 0. `masked`: one more input, float (T, B): where it is 0 the row's states
 * are carried on, its outputs are 0 and it adds nothing to the accumulations. Random numbers are those of `fillStepRandom`.
 */
export interface ScanKernel {
  readonly kind: 'scan';
  readonly step: Step;
  readonly dtype: DType;
  /** T. */
  readonly steps: number;
  /** B. */
  readonly batch: number;
  readonly reverse: boolean;
  readonly masked: boolean;
  /**
   * For whoever records, and for nobody else: it ran in pieces of so many steps. Behind its own outputs are the states before each piece
   * but the first, in the order in which they were computed; what else a backward pass reads is to be computed again then.
   */
  readonly checkpointEvery?: number;
}

/** Everything that a backend can be asked to do: plain data, without identity. */
export type Kernel = MapKernel | ReduceKernel | MatMulKernel | GatherKernel | ScatterKernel | CopyKernel | RandomKernel | ScanKernel;
export type KernelKind = Kernel['kind'];

/** Shape and type of a tensor. */
export interface Signature { readonly shape: Shape; readonly dtype: DType }

const keys = new WeakMap<Kernel, string>();
const stepNumbers = new WeakMap<Step, number>();
const stepTexts = new Map<string, number>();

/** Text that is equal for kernels that do the same: the key under which compiled code is cached. */
export function kernelKey(kernel: Kernel): string {
  const known = keys.get(kernel);
  if (known !== undefined) return known;
  const key = kernel.kind === 'scan' ? scanKey(kernel) : textOf(kernel);
  keys.set(kernel, key);
  return key;
}

function textOf(value: Kernel | Step): string {
  return JSON.stringify(value, (_, inner: unknown) => (isExpr(inner) ? text(inner) : inner));
}

// Every call of a layer makes a kernel of its own over the same step, whose text is long: equal steps share a short number.
function scanKey({ step, dtype, steps, batch, reverse, masked }: ScanKernel): string {
  return `scan ${stepNumber(step)} ${dtype} ${steps} ${batch} ${reverse} ${masked}`;
}

function stepNumber(step: Step): number {
  const known = stepNumbers.get(step);
  if (known !== undefined) return known;
  const line = textOf(step);
  const number = stepTexts.get(line) ?? stepTexts.size;
  stepTexts.set(line, number);
  stepNumbers.set(step, number);
  return number;
}

function isExpr(value: unknown): value is Expr {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const { kind } = value;
  return kind === 'constant' || kind === 'input' || kind === 'apply' || kind === 'dot' || kind === 'mean' || (kind === 'random' && 'stream' in value);
}
