import type { Expr } from '@unroll/expr';
import type { DType, Kernel, ScanKernel } from '@unroll/tensor/backend';
import { inline, type Command, type Program, type Slot } from './program.ts';

/** Everything but recurrences, which are made of it. */
export type PlainKernel = Exclude<Kernel, ScanKernel>;

/** A kernel on parts of the tensors of a larger one, or on memory of the larger one's program. */
export interface Piece<K extends Kernel = PlainKernel> {
  readonly kernel: K;
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
}

/** Pieces, in order, that together do what a kernel does, and bytes of the memory that they share. */
export interface Pieces<K extends Kernel = PlainKernel> { readonly scratch: readonly number[]; readonly pieces: readonly Piece<K>[] }

/** The program of a kernel that was cut, of those of its pieces. */
export function assembled<K extends Kernel>({ scratch: shared, pieces }: Pieces<K>, programOf: (kernel: K) => Program): Program {
  const scratch = [...shared];
  const commands: Command[] = [];
  for (const piece of pieces) {
    const program = programOf(piece.kernel);
    commands.push(...inline(program, { ...piece, scratchFrom: scratch.length }));
    scratch.push(...program.scratch);
  }
  return { scratch, commands };
}

/** One result of `size` elements out of two. */
export function combined(size: number, dtype: DType, body: Expr, inputs: readonly [Slot, Slot], output: Slot): Piece {
  const field = { shape: [size], dtype };
  return { kernel: { kind: 'map', bodies: [body], shape: [size], inputs: [field, field], compute: dtype, dtype }, inputs, outputs: [output] };
}

/** Parts of buffers start at multiples of so many elements. */
const aligned = 64;

/** The fewest rows after which rows of all of these widths start where a part of a buffer may; those of width 0 are not cut. */
export function unitOf(widths: readonly number[]): number {
  return Math.max(1, ...widths.map((width) => aligned / shared(width)));
}

/** Where parts of `step` begin, the last of which may be shorter. */
export function startsOf(count: number, step: number): number[] {
  return Array.from({ length: Math.ceil(count / step) }, (_, k) => k * step);
}

// Private.

/** The largest power of two up to `aligned` that divides a width. */
function shared(width: number): number {
  for (let factor = aligned; ; factor /= 2) if (width % factor === 0) return factor;
}
