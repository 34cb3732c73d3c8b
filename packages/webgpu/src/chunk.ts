import { inputsOf, outputsOf, sizeOf, type Kernel, type KernelKind, type MapKernel, type MatMulKernel, type Shape, type Signature } from '@unroll/tensor/backend';
import type { Slot, Target } from './program.ts';

/** One piece of a kernel whose tensors are larger than what a device binds: a kernel of its own on parts of them. */
export interface Piece {
  readonly kernel: Kernel;
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
}

/** Whether a device cannot bind all tensors of a kernel as a whole. */
export function isTooLarge(kernel: Kernel, target: Target): boolean {
  return largest(kernel) > target.limits.maxStorageBufferBindingSize;
}

/** Bytes of the largest tensor. */
export function largest(kernel: Kernel): number {
  return Math.max(0, ...[...inputsOf(kernel), ...outputsOf(kernel)].map(bytesOf));
}

/** Pieces that together do what the kernel does, undefined where it cannot be cut so that all of them fit. */
export function piecesOf(kernel: Kernel, target: Target): Piece[] | undefined {
  const cut = (cuts[kernel.kind] as (kernel: Kernel) => Cut | undefined)(kernel);
  if (cut === undefined) return undefined;
  const { count, inputs, outputs } = cut;
  const widest = Math.max(1, ...inputs, ...outputs);
  // Parts of buffers start at multiples of 256 bytes, which those of 64 elements are.
  const step = Math.floor(target.limits.maxStorageBufferBindingSize / (widest * 4 * 64)) * 64;
  if (step === 0) return undefined;
  const slots = (kind: Slot['kind'], widths: readonly number[], first: number, length: number): Slot[] =>
    widths.map((width, index): Slot => (width === 0 ? { kind, index } : { kind, index, offset: first * width * 4, bytes: length * width * 4 }));
  const pieces = Array.from({ length: Math.ceil(count / step) }, (_, k): Piece => {
    const [first, length] = [k * step, Math.min(step, count - k * step)];
    return { kernel: cut.part(length), inputs: slots('input', inputs, first, length), outputs: slots('output', outputs, first, length) };
  });
  return pieces.some((piece) => isTooLarge(piece.kernel, target)) ? undefined : pieces;
}

// Private.

/** An axis along which a kernel can be cut: its length, elements of each tensor for one index along it (0: it does not have the axis), and the kernel for fewer of them. */
interface Cut {
  readonly count: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  part(length: number): Kernel;
}

type Cuts = { readonly [K in KernelKind]: (kernel: Extract<Kernel, { kind: K }>) => Cut | undefined };

const cuts: Cuts = {
  map: cutMap,
  reduce: (kernel) => ({
    count: kernel.outer, inputs: [kernel.length * kernel.inner], outputs: [kernel.inner], part: (outer) => ({ ...kernel, outer }),
  }),
  matmul: cutProduct,
  gather: (kernel) => ({ count: kernel.count, inputs: [0, 1], outputs: [kernel.width], part: (count) => ({ ...kernel, count }) }),
  scatter: () => undefined,
  copy: () => undefined,
  random: () => undefined,
  scan: () => undefined,
};

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

/** By products, or one product by rows. */
function cutProduct(kernel: MatMulKernel): Cut | undefined {
  const { m, n, k, batch, sharedA, sharedB, bias } = kernel;
  const none = bias ? [0] : [];
  if (batch > 1) return { count: batch, inputs: [sharedA ? 0 : m * k, sharedB ? 0 : k * n, ...none], outputs: [m * n], part: (length) => ({ ...kernel, batch: length }) };
  if (kernel.transposeA) return undefined;
  return { count: m, inputs: [k, 0, ...none], outputs: [n], part: (length) => ({ ...kernel, m: length }) };
}

function bytesOf({ shape }: Signature): number {
  return sizeOf(shape) * 4;
}
