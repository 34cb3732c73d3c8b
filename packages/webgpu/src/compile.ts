import type { Kernel, KernelKind } from '@unroll/tensor/backend';
import { isTooLarge, largest, piecesOf } from './chunk.ts';
import { WebGpuError } from './errors.ts';
import { compileCopy } from './kernels/copy.ts';
import { compileGather, compileScatter } from './kernels/gather.ts';
import { compileMap } from './kernels/map.ts';
import { compileMatMul } from './kernels/matmul.ts';
import { compileRandom } from './kernels/random.ts';
import { compileReduce } from './kernels/reduce.ts';
import { compileScan } from './kernels/scan.ts';
import { anyDevice, inline, type Choice, type Command, type Compile, type Program, type Shader, type Target } from './program.ts';

type Compilers = { readonly [K in KernelKind]: Compile<Extract<Kernel, { kind: K }>> };

/** How each kind of kernel is made to run. A new kind does not compile until it has its row here. */
const compilers: Compilers = {
  map: compileMap, reduce: compileReduce, matmul: compileMatMul, gather: compileGather, scatter: compileScatter,
  copy: compileCopy, random: compileRandom, scan: compileScan,
};

/** The ways to run a kernel on a device. */
export function choiceOf(kernel: Kernel, target: Target): Choice {
  // The row for a kernel's kind takes that kind; TypeScript cannot see that the two unions move together.
  return (compilers[kernel.kind] as Compile<Kernel>)(kernel, target);
}

/** One way to run a kernel, the likely best one unless named: all of its code, without a device. Tensors that are too large to bind are cut. */
export function programOf(kernel: Kernel, target: Target = anyDevice, variant?: string): Program {
  if (isTooLarge(kernel, target)) return cutProgram(kernel, target, variant);
  const { variants } = choiceOf(kernel, target);
  const chosen = variant === undefined ? variants[0] : variants.find(({ name }) => name === variant);
  if (chosen === undefined) throw new WebGpuError('limit', `webgpu: this ${kernel.kind} cannot run ${variant === undefined ? 'on this device' : `as "${variant}"`}; it can as ${variants.map(({ name }) => name).join(', ') || 'nothing'}.`);
  return bindable(kernel, chosen.make(), target);
}

/** The code of every way to run a kernel, without a device: to look at, and to see whether a device would take it. */
export function shadersOf(kernel: Kernel, target: Target = anyDevice): Shader[] {
  return choiceOf(kernel, target).variants.flatMap(({ make }) => make().commands.flatMap((command) => (command.kind === 'dispatch' ? [command.shader] : [])));
}

// Private.

/** A program, checked for memory of its own that is larger than what its commands can bind. */
function bindable(kernel: Kernel, program: Program, { limits: { maxStorageBufferBindingSize: most } }: Target): Program {
  const slots = program.commands.flatMap((command) => (command.kind === 'dispatch' ? command.slots : []));
  const wide = slots.find(({ kind, index, bytes }) => kind === 'scratch' && bytes === undefined && (program.scratch[index] ?? 0) > most);
  if (wide !== undefined) throw new WebGpuError('limit', `webgpu: a ${kernel.kind} needs ${program.scratch[wide.index]} bytes for its own use, this device binds ${most} at a time; use smaller batches.`);
  return program;
}

function cutProgram(kernel: Kernel, target: Target, variant: string | undefined): Program {
  const cut = piecesOf(kernel, target);
  if (cut === undefined) {
    throw new WebGpuError('limit', `webgpu: a ${kernel.kind} uses a tensor of ${largest(kernel)} bytes, this device binds ${target.limits.maxStorageBufferBindingSize} at a time, and it cannot be cut; use smaller batches.`);
  }
  const scratch = [...cut.scratch];
  const commands: Command[] = [];
  for (const piece of cut.pieces) {
    // Those that make one of two results are of another kind than the kernel, and have no variants.
    const program = programOf(piece.kernel, target, piece.kernel.kind === kernel.kind ? variant : undefined);
    commands.push(...inline(program, { ...piece, scratchFrom: scratch.length }));
    scratch.push(...program.scratch);
  }
  return { scratch, commands };
}
