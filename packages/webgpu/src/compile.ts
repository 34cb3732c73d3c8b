import type { Kernel, ScanKernel } from '@unroll/tensor/backend';
import { isTooLarge } from './chunk.ts';
import { WebGpuError } from './errors.ts';
import { compileScan } from './kernels/scan.ts';
import { assembled } from './pieces.ts';
import { plainChoice, plainProgram } from './plain.ts';
import { anyDevice, type Choice, type Program, type Shader, type Target } from './program.ts';
import { cutScan, fewerSteps, isTooLong, stepsTogether } from './scan/cut.ts';
import { bindable, chosen } from './variants.ts';

/** The ways to run a kernel on a device. */
export function choiceOf(kernel: Kernel, target: Target): Choice {
  return kernel.kind === 'scan' ? compileScan(kernel, target) : plainChoice(kernel, target);
}

/** Whether a kernel has tensors that are too large to bind, so that it runs in pieces. */
export function isCut(kernel: Kernel, target: Target): boolean {
  return kernel.kind === 'scan' ? isTooLong(kernel, target) : isTooLarge(kernel, target);
}

/** One way to run a kernel, the likely best one unless named: all of its code, without a device. Tensors that are too large to bind are cut. */
export function programOf(kernel: Kernel, target: Target = anyDevice, variant?: string): Program {
  return kernel.kind === 'scan' ? scanProgram(kernel, target, variant) : plainProgram(kernel, target, variant);
}

/** The code of every way to run a kernel, without a device: to look at, and to see whether a device would take it. */
export function shadersOf(kernel: Kernel, target: Target = anyDevice): Shader[] {
  return choiceOf(kernel, target).variants.flatMap(({ make }) => make().commands.flatMap((command) => (command.kind === 'dispatch' ? [command.shader] : [])));
}

// Private.

function scanProgram(kernel: ScanKernel, target: Target, variant: string | undefined): Program {
  const pieceOf = (piece: Kernel): Program => (piece.kind === 'scan' ? bindable(piece, chosen(piece, compileScan(piece, target), variant), target) : plainProgram(piece, target));
  for (let count = stepsTogether(kernel, target); ; count = fewerSteps(kernel, count)) {
    try {
      return count >= kernel.steps ? pieceOf(kernel) : assembled(cutScan(kernel, count), pieceOf);
    } catch (error) {
      // Each buffer by itself may be bound, but where a device binds few at once, some of them have to share one.
      if (!(error instanceof WebGpuError) || fewerSteps(kernel, count) >= count) throw error;
    }
  }
}
