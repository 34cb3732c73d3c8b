import { add, input, max, min, type Expr } from '@unroll/expr';
import { inputsOf, outputsOf, sizeOf, type MapKernel, type MatMulKernel, type ReduceKernel, type ReduceOp, type Shape, type Signature } from '@unroll/tensor/backend';
import { byColumns, byRows } from './gemm/cut.ts';
import { combined, unitOf, type Piece, type Pieces, type PlainKernel } from './pieces.ts';
import type { Slot, Target } from './program.ts';

/** Kinds that cut themselves, since that takes another shader. */
const cutThemselves: ReadonlySet<PlainKernel['kind']> = new Set(['copy', 'gather', 'scatter', 'random']);

/** Whether a device cannot bind all tensors of a kernel as a whole, so that it has to be cut into pieces. */
export function isTooLarge(kernel: PlainKernel, target: Target): boolean {
  return !cutThemselves.has(kernel.kind) && largest(kernel) > target.limits.maxStorageBufferBindingSize;
}

/** Bytes of the largest tensor. */
export function largest(kernel: PlainKernel): number {
  return Math.max(0, ...[...inputsOf(kernel), ...outputsOf(kernel)].map(bytesOf));
}

/** The pieces of a kernel, which may be too large themselves; undefined where it cannot be cut. */
export function piecesOf(kernel: PlainKernel, target: Target): Pieces | undefined {
  switch (kernel.kind) {
    case 'map': return along(cutMap(kernel), target);
    case 'reduce': return along(cutOuter(kernel), target) ?? summedUp(cutLength(kernel), target);
    case 'matmul': return along(cutRows(kernel), target) ?? summedUp(cutTerms(kernel), target) ?? byRows(kernel, target) ?? byColumns(kernel, target);
    case 'gather': case 'scatter': case 'copy': case 'random': return undefined;
  }
}

// Private.

/** An axis along which a kernel can be cut: its length, elements of each tensor for one index along it (0: it does not have the axis), and the kernel for fewer of them. */
interface Cut {
  readonly count: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  part(length: number, first: number): PlainKernel;
}

/** How many indices along the axis go together: as many as can be bound, or else the fewest that start where a binding may. Undefined where that is all of them. */
function stepOf({ count, inputs, outputs }: Cut, { limits }: Target): number | undefined {
  const widths = [...inputs, ...outputs];
  const unit = unitOf(widths);
  const fitting = Math.floor(limits.maxStorageBufferBindingSize / (Math.max(1, ...widths) * 4 * unit)) * unit;
  const step = Math.max(unit, fitting);
  return step < count ? step : undefined;
}

function slotsOf(kind: Slot['kind'], widths: readonly number[], first: number, length: number): Slot[] {
  return widths.map((width, index): Slot => (width === 0 ? { kind, index } : { kind, index, offset: first * width * 4, bytes: length * width * 4 }));
}

/** One piece after another along an axis. */
function along(cut: Cut | undefined, target: Target): Pieces | undefined {
  const step = cut && stepOf(cut, target);
  if (cut === undefined || step === undefined) return undefined;
  const pieces = Array.from({ length: Math.ceil(cut.count / step) }, (_, k): Piece => {
    const [first, length] = [k * step, Math.min(step, cut.count - k * step)];
    return { kernel: cut.part(length, first), inputs: slotsOf('input', cut.inputs, first, length), outputs: slotsOf('output', cut.outputs, first, length) };
  });
  return { scratch: [], pieces };
}

/** A cut along an axis that the result does not have: each piece gives a result, and `body` makes one of two. */
interface SumCut extends Cut { readonly size: number; readonly dtype: MapKernel['dtype']; readonly body: Expr }

function summedUp(cut: SumCut | undefined, target: Target): Pieces | undefined {
  const parts = along(cut, target);
  if (cut === undefined || parts === undefined || cut.size * 4 > target.limits.maxStorageBufferBindingSize) return undefined;
  const { size, dtype, body } = cut;
  const [own, whole]: readonly [Slot, Slot] = [{ kind: 'scratch', index: 2 }, { kind: 'output', index: 0 }];
  const pieces = parts.pieces.flatMap((piece, k): Piece[] => {
    if (k === 0) return [{ ...piece, outputs: [{ kind: 'scratch', index: 0 }] }];
    const before: Slot = { kind: 'scratch', index: (k - 1) % 2 };
    return [{ ...piece, outputs: [own] }, combined(size, dtype, body, [before, own], k === parts.pieces.length - 1 ? whole : { kind: 'scratch', index: k % 2 })];
  });
  return { scratch: [size * 4, size * 4, size * 4], pieces };
}

/** Along the first axis that is an axis at all. */
function cutMap(kernel: MapKernel): Cut | undefined {
  const axis = kernel.shape.findIndex((length) => length > 1);
  const count = kernel.shape[axis];
  if (count === undefined) return undefined;
  const axisOf = (shape: Shape): number => axis - kernel.shape.length + shape.length;
  const cut = (shape: Shape, length: number): Shape => shape.map((own, k) => (k === axisOf(shape) && own === count ? length : own));
  return {
    count,
    inputs: kernel.inputs.map(({ shape }) => (shape[axisOf(shape)] === count ? sizeOf(shape) / count : 0)),
    outputs: kernel.bodies.map(() => sizeOf(kernel.shape) / count),
    part: (length) => ({ ...kernel, shape: cut(kernel.shape, length), inputs: kernel.inputs.map(({ shape, dtype }) => ({ shape: cut(shape, length), dtype })) }),
  };
}

function cutOuter(kernel: ReduceKernel): Cut {
  return { count: kernel.outer, inputs: [kernel.length * kernel.inner], outputs: [kernel.inner], part: (outer) => ({ ...kernel, outer }) };
}

const [a, b] = [input('x0'), input('x1')];
/** How two results become one; where the largest element of two is cannot be told from where it is in each. */
const merged: Readonly<Record<ReduceOp, Expr | undefined>> = { sum: add(a, b), max: max(a, b), min: min(a, b), argmax: undefined };

function cutLength(kernel: ReduceKernel): SumCut | undefined {
  const { op, outer, length, inner, dtype } = kernel;
  const body = merged[op];
  if (outer !== 1 || body === undefined) return undefined;
  return { count: length, inputs: [inner], outputs: [], size: inner, dtype, body, part: (own) => ({ ...kernel, length: own }) };
}

/** By products, or one product by rows. */
function cutRows(kernel: MatMulKernel): Cut | undefined {
  const { m, n, k, batch, sharedA, sharedB, bias } = kernel;
  const none = bias ? [0] : [];
  if (batch > 1) return { count: batch, inputs: [sharedA ? 0 : m * k, sharedB ? 0 : k * n, ...none], outputs: [m * n], part: (length) => ({ ...kernel, batch: length }) };
  if (kernel.transposeA) return undefined;
  return { count: m, inputs: [k, 0, ...none], outputs: [n], part: (length) => ({ ...kernel, m: length }) };
}

/** By terms, where both operands have them outermost. The bias comes once. */
function cutTerms(kernel: MatMulKernel): SumCut | undefined {
  const { m, n, k, batch, transposeA, transposeB, bias, dtype } = kernel;
  if (batch !== 1 || !transposeA || transposeB) return undefined;
  return { count: k, inputs: [m, n, ...(bias ? [0] : [])], outputs: [], size: m * n, dtype, body: merged.sum as Expr, part: (own, first) => ({ ...kernel, k: own, bias: bias && first === 0 }) };
}

function bytesOf({ shape }: Signature): number {
  return sizeOf(shape) * 4;
}
