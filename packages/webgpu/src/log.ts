import type { Kernel } from '@unroll/tensor/backend';
import type { Place, Value } from './value.ts';
import type { Program, Slot } from './program.ts';

/** A kernel, and what it reads and writes. */
export interface RunEntry { readonly kind: 'run'; readonly kernel: Kernel; readonly inputs: readonly Value[]; readonly outputs: readonly Value[] }
/** From the host, to where recorded commands had something else. */
export interface WriteEntry { readonly kind: 'write'; readonly value: Value; readonly words: Uint32Array<ArrayBuffer> }
/** To the host. */
export interface ReadEntry { readonly kind: 'read'; readonly value: Value; readonly resolve: (content: ArrayBuffer) => void; readonly reject: (error: Error) => void }
/** What was asked of a backend, in order. Each entry is a user of its values. */
export type Entry = RunEntry | WriteEntry | ReadEntry;

/** Where the tensors and the memory of a program are. */
export type Places = Readonly<Record<Slot['kind'], readonly Place[]>>;
/** A program with its memory: a kernel's, or one for several kernels. What goes wrong with it goes wrong with all that it writes. */
export interface Run { readonly kind: 'run'; readonly program: Program; readonly places: Places; readonly inputs: readonly Value[]; readonly outputs: readonly Value[] }
/** What is ready to be encoded. */
export type Placed = Run | { readonly kind: 'write'; readonly place: Place; readonly words: Uint32Array<ArrayBuffer> } | { readonly kind: 'read'; readonly place: Place; readonly entry: ReadEntry };
