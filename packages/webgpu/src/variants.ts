import { inputsOf, outputsOf, sizeOf, type Kernel, type Signature } from '@unroll/tensor/backend';
import { WebGpuError } from './errors.ts';
import type { Choice, Program, Slot, Target } from './program.ts';

/** The program of the variant with a name, or of the likely best one. */
export function chosen(kernel: Kernel, { variants }: Choice, name: string | undefined): Program {
  const variant = name === undefined ? variants[0] : variants.find((own) => own.name === name);
  if (variant === undefined) throw new WebGpuError('limit', `webgpu: this ${kernel.kind} cannot run ${name === undefined ? 'on this device' : `as "${name}"`}; it can as ${variants.map((own) => own.name).join(', ') || 'nothing'}.`);
  return variant.make();
}

/** A program, checked for what is larger than its commands can bind. */
export function bindable(kernel: Kernel, program: Program, { limits: { maxStorageBufferBindingSize: most } }: Target): Program {
  const bytes: Readonly<Record<Slot['kind'], readonly number[]>> = { input: inputsOf(kernel).map(bytesOf), output: outputsOf(kernel).map(bytesOf), scratch: program.scratch };
  for (const command of program.commands) {
    const wide = command.kind === 'dispatch' ? command.slots.find((slot) => slot.bytes === undefined && (bytes[slot.kind][slot.index] ?? 0) - (slot.offset ?? 0) > most) : undefined;
    if (wide !== undefined) throw tooWide(kernel, wide, bytes[wide.kind][wide.index] ?? 0, most);
  }
  return program;
}

// Private.

function tooWide({ kind }: Kernel, slot: Slot, bytes: number, most: number): WebGpuError {
  const what = slot.kind === 'scratch' ? `needs ${bytes} bytes for its own use` : `uses a tensor of ${bytes} bytes`;
  return new WebGpuError('limit', `webgpu: a ${kind} ${what}, this device binds ${most} at a time; use smaller batches.`);
}

function bytesOf({ shape }: Signature): number {
  return sizeOf(shape) * 4;
}
