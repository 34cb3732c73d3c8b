import type { KernelKind } from '@unroll/tensor/backend';
import { isTooLarge, largest, piecesOf } from './chunk.ts';
import { WebGpuError } from './errors.ts';
import { compileCopy } from './kernels/copy.ts';
import { compileGather } from './kernels/gather.ts';
import { compileMap } from './kernels/map.ts';
import { compileMatMul } from './kernels/matmul.ts';
import { compileRandom } from './kernels/random.ts';
import { compileReduce } from './kernels/reduce.ts';
import { compileScatter } from './kernels/scatter.ts';
import { assembled, type PlainKernel } from './pieces.ts';
import type { Choice, Compile, Program, Target } from './program.ts';
import { bindable, chosen } from './variants.ts';

type Compilers = { readonly [K in PlainKernel['kind']]: Compile<Extract<PlainKernel, { kind: K }>> };

/** How each kind of kernel is made to run. A new kind does not compile until it has its row here, or is a recurrence. */
const compilers: Compilers = {
  map: compileMap, reduce: compileReduce, matmul: compileMatMul, gather: compileGather, scatter: compileScatter,
  copy: compileCopy, random: compileRandom,
} satisfies Record<Exclude<KernelKind, 'scan'>, unknown>;

/** The ways to run a kernel whose tensors can be bound. */
export function plainChoice(kernel: PlainKernel, target: Target): Choice {
  // The row for a kernel's kind takes that kind; TypeScript cannot see that the two unions move together.
  return (compilers[kernel.kind] as Compile<PlainKernel>)(kernel, target);
}

/** One way to run a kernel, the likely best one unless named. Tensors that are too large to bind are cut. */
export function plainProgram(kernel: PlainKernel, target: Target, variant?: string): Program {
  if (!isTooLarge(kernel, target)) return bindable(kernel, chosen(kernel, plainChoice(kernel, target), variant), target);
  const cut = piecesOf(kernel, target);
  if (cut === undefined) throw uncut(kernel, target);
  // Those that make one of two results, or copy, are of another kind than the kernel, and have no variants.
  return assembled(cut, (piece) => plainProgram(piece, target, piece.kind === kernel.kind ? variant : undefined));
}

// Private.

function uncut(kernel: PlainKernel, { limits }: Target): WebGpuError {
  const remedy = kernel.kind === 'reduce' ? 'take the extremes of its parts first' : 'use smaller batches';
  return new WebGpuError('limit', `webgpu: a ${kernel.kind} uses a tensor of ${largest(kernel)} bytes, this device binds ${limits.maxStorageBufferBindingSize} at a time, and it cannot be cut; ${remedy}.`);
}
