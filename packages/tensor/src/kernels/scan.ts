import { drawsRandom, ops, roots, topological, widths, type Accumulation, type Dot, type Expr, type Random, type Step } from '@unroll/expr';
import type { HostData } from '../backend.ts';
import type { ScanKernel, Signature } from '../kernel.ts';
import { fillStepRandom } from './random.ts';
import type { KernelRule } from './rule.ts';

/** A recurrence over time: the raw graph of its step, at every time, for every row of the batch, node by node. */
export const scan: KernelRule<ScanKernel> = {
  inputs: (kernel) => signaturesOf(kernel).inputs,
  outputs: (kernel) => signaturesOf(kernel).outputs,
  reference(kernel, inputs, outputs) {
    const machine = interpreter(kernel, inputs);
    const { states, results, sums } = machine;
    for (let n = 0; n < kernel.steps; n++) {
      const time = kernel.reverse ? kernel.steps - 1 - n : n;
      for (let row = 0; row < kernel.batch; row++) machine.step(time, row);
    }
    [...states, ...results, ...sums].forEach((values, k) => outputs[k]?.set(values));
  },
};

interface Signatures { readonly inputs: readonly Signature[]; readonly outputs: readonly Signature[] }
// A layer runs one kernel again and again.
const signatures = new WeakMap<ScanKernel, Signatures>();

function signaturesOf(kernel: ScanKernel): Signatures {
  const known = signatures.get(kernel) ?? { inputs: inputsOf(kernel), outputs: outputsOf(kernel) };
  signatures.set(kernel, known);
  return known;
}

function inputsOf({ step, dtype, steps, batch, masked }: ScanKernel): Signature[] {
  const of = (...shape: readonly number[]): Signature => ({ shape, dtype });
  return [
    ...step.states.map(({ width }) => of(batch, width)),
    ...step.sequences.map(({ width }) => of(steps, batch, width)),
    ...step.vectors.map(({ width }) => of(width)),
    ...step.weights.flatMap(({ blocks, rows, columns, bias }) => (bias ? [of(blocks * rows, columns), of(blocks * rows)] : [of(blocks * rows, columns)])),
    ...(drawsRandom(step) ? [{ shape: [2], dtype: 'int32' as const }] : []),
    ...(masked ? [of(steps, batch)] : []),
  ];
}

function outputsOf({ step, dtype, steps, batch }: ScanKernel): Signature[] {
  return [
    ...step.states.map(({ width }) => ({ shape: [batch, width], dtype })),
    ...step.outputs.map(({ width }) => ({ shape: [steps, batch, width], dtype })),
    ...step.accumulations.map(({ rows, columns }) => ({ shape: columns === 0 ? [rows] : [rows, columns], dtype })),
  ];
}

/** The channels of one value in one row; a single number where all channels are the same. */
type Channels = Float64Array;

/** Where a named value comes from. */
interface Source { readonly kind: 'state' | 'sequence' | 'vector'; readonly data: HostData }

interface Interpreter {
  /** Per state (B, width): the values now. */
  readonly states: readonly Float64Array[];
  /** Per output (T, B, width). */
  readonly results: readonly Float64Array[];
  /** Per accumulation. */
  readonly sums: readonly Float64Array[];
  step(time: number, row: number): void;
}

function interpreter({ step, steps, batch, masked }: ScanKernel, inputs: readonly HostData[]): Interpreter {
  const { first, weights, vectors, sequences, seed, mask } = named(step, inputs, masked);
  const states = first.map((data) => Float64Array.from(data));
  const results = step.outputs.map(({ width }) => new Float64Array(steps * batch * width));
  const sums = step.accumulations.map(({ rows, columns }) => new Float64Array(rows * Math.max(columns, 1)));
  const order = topological(roots(step));
  const widthOf = widths(step);
  const values = new Map<Expr, Channels>(order.map((node) => [node, new Float64Array(widthOf.get(node) ?? (node.kind === 'constant' ? 1 : widest(step)))]));
  const of = (node: Expr): Channels => values.get(node) as Channels;

  const rowOf: Readonly<Record<Source['kind'], (time: number, row: number) => number>> = {
    state: (_, row) => row, sequence: (time, row) => time * batch + row, vector: () => 0,
  };
  const sources = new Map<string, Source>([
    ...step.states.map(({ name }, k) => [name, { kind: 'state', data: states[k] as Channels }] as const),
    ...step.sequences.map(({ name }, k) => [name, { kind: 'sequence', data: sequences[k] as HostData }] as const),
    ...step.vectors.map(({ name }, k) => [name, { kind: 'vector', data: vectors[k] as HostData }] as const),
  ]);
  const load = (name: string, into: Channels, time: number, row: number): void => {
    const { kind, data } = sources.get(name) as Source;
    const start = rowOf[kind](time, row) * into.length;
    into.set(data.subarray(start, start + into.length));
  };
  const compute = (node: Expr, time: number, row: number): void => {
    const into = of(node);
    switch (node.kind) {
      case 'constant': into.fill(node.value); break;
      case 'random': into.set(randomRow(node, seed, time, row, into.length)); break;
      case 'input': load(node.name, into, time, row); break;
      case 'apply': apply(ops[node.op].apply, node.args.map(of), into); break;
      case 'mean': into.fill(of(node.operand).reduce((sum, value) => sum + value, 0) / of(node.operand).length); break;
      case 'dot': product(node, weights.get(node.weight) as Weight, of, into); break;
    }
  };
  return {
    states, results, sums,
    step(time, row) {
      if (mask !== undefined && mask[time * batch + row] === 0) return;
      for (const node of order) compute(node, time, row);
      step.outputs.forEach(({ width, value }, k) => put(of(value), results[k] as Channels, (time * batch + row) * width, width));
      step.accumulations.forEach((sum, k) => accumulate(sum, of, widthOf, sums[k] as Channels));
      // Last, so that all of the step saw the states as they were before it.
      step.states.forEach(({ width }, k) => put(of(step.next[k] as Expr), states[k] as Channels, row * width, width));
    },
  };
}

interface Weight { readonly rows: number; readonly columns: number; readonly matrix: HostData; readonly bias: HostData | undefined }

// The inputs of the kernel, by the names that the step has for them.
function named(step: Step, inputs: readonly HostData[], masked: boolean): {
  readonly first: readonly HostData[];
  readonly sequences: readonly HostData[];
  readonly vectors: readonly HostData[];
  readonly weights: ReadonlyMap<string, Weight>;
  readonly seed: HostData;
  readonly mask: HostData | undefined;
} {
  let next = 0;
  const take = (): HostData => inputs[next++] as HostData;
  return {
    first: step.states.map(take),
    sequences: step.sequences.map(take),
    vectors: step.vectors.map(take),
    weights: new Map(step.weights.map(({ name, rows, columns, bias }) => [name, { rows, columns, matrix: take(), bias: bias ? take() : undefined }])),
    seed: drawsRandom(step) ? take() : new Int32Array(2),
    mask: masked ? take() : undefined,
  };
}

function channel(values: Channels, k: number): number {
  return (values.length === 1 ? values[0] : values[k]) as number;
}

// What fits any width is computed as wide as anything in the step is.
function widest({ states, sequences, vectors, outputs, weights, accumulations }: Step): number {
  const fields = [...states, ...sequences, ...vectors, ...outputs].map(({ width }) => width);
  return Math.max(1, ...fields, ...weights.flatMap(({ rows, columns }) => [rows, columns]), ...accumulations.flatMap(({ rows, columns }) => [rows, columns]));
}

function randomRow({ stream, span }: Random, seed: HostData, time: number, row: number, width: number): Float64Array {
  const out = new Float64Array(width);
  fillStepRandom({ seed: [seed[0] as number, seed[1] as number], stream, time: span === 'step' ? time : undefined, row }, out);
  return out;
}

function put(values: Channels, into: Channels, start: number, width: number): void {
  for (let k = 0; k < width; k++) into[start + k] = channel(values, k);
}

function apply(meaning: (a: number, b: number, c: number) => number, [a, b = a, c = a]: readonly (Channels | undefined)[], into: Channels): void {
  if (a === undefined || b === undefined || c === undefined) return;
  for (let k = 0; k < into.length; k++) into[k] = meaning(channel(a, k), channel(b, k), channel(c, k));
}

// Plain: y = W_k e + b_k. Transposed: y = Σ W_kᵀ e_k over the terms.
function product({ transposed, terms }: Dot, { rows, columns, matrix, bias }: Weight, of: (node: Expr) => Channels, into: Channels): void {
  into.fill(0);
  for (const { block, operand } of terms) {
    const values = of(operand);
    for (let r = 0; r < rows; r++) {
      const start = (block * rows + r) * columns;
      if (transposed) for (let c = 0; c < columns; c++) into[c] = (into[c] as number) + (matrix[start + c] as number) * channel(values, r);
      else into[r] = rowProduct(matrix, start, columns, values) + (into[r] as number) + ((bias?.[block * rows + r]) ?? 0);
    }
  }
}

function rowProduct(matrix: HostData, start: number, columns: number, values: Channels): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += (matrix[start + c] as number) * channel(values, c);
  return sum;
}

// Rows offset … of the sum: + left ⊗ right, or + left.
function accumulate({ rows, columns, parts }: Accumulation, of: (node: Expr) => Channels, widthOf: ReadonlyMap<Expr, number | undefined>, sum: Float64Array): void {
  for (const { offset, left, right } of parts) {
    const a = of(left);
    const b = right === undefined ? undefined : of(right);
    const count = widthOf.get(left) ?? extent(offset, rows, parts);
    for (let r = 0; r < count; r++) {
      const start = (offset + r) * Math.max(columns, 1);
      if (b === undefined) sum[start] = (sum[start] as number) + channel(a, r);
      else for (let c = 0; c < columns; c++) sum[start + c] = (sum[start + c] as number) + channel(a, r) * channel(b, c);
    }
  }
}

// What has no width of its own fills the rows up to the next part.
function extent(offset: number, rows: number, parts: Accumulation['parts']): number {
  return Math.min(rows, ...parts.map((part) => part.offset).filter((other) => other > offset)) - offset;
}
