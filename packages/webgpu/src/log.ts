import type { GpuMemory } from './memory.ts';
import type { Block } from './pool.ts';
import type { Program, Slot } from './program.ts';

/** The blocks of a kernel's tensors and of its program's own memory when it was recorded. */
export type Blocks = Readonly<Record<Slot['kind'], readonly Block[]>>;
/** A kernel. */
export interface RunEntry { readonly kind: 'run'; readonly program: Program; readonly blocks: Blocks; readonly inputs: readonly GpuMemory[]; readonly outputs: readonly GpuMemory[] }
/** From the host into a buffer that was used before in the same log. */
export interface WriteEntry { readonly kind: 'write'; readonly block: Block; readonly words: Uint32Array<ArrayBuffer> }
/** To the host. */
export interface ReadEntry { readonly kind: 'read'; readonly memory: GpuMemory; readonly block: Block; readonly resolve: (content: ArrayBuffer) => void; readonly reject: (error: Error) => void }
/** What was asked of a backend, in order, and not submitted yet. */
export type Entry = RunEntry | WriteEntry | ReadEntry;
