import type { DType } from './dtype.ts';
import type { Kernel } from './kernel.ts';

/** A piece of a backend's memory. What is inside is the backend's own business. */
export interface Buffer {
  readonly bytes: number;
}

/** The elements of a tensor on the host, by type. */
export type HostData = Float32Array | Int32Array | Float64Array;

/**
 * What executes kernels: reference, wasm, webgpu. The core checks every kernel before it comes here, so a backend never meets
 * wrong shapes; it never meets cells, layers or gradients at all.
 *
 * Where its device is lost, with all that was on it, it throws errors with the `code` 'lost' from then on, and what is being read
 * rejects with one; only `free` goes on working.
 */
export interface Backend {
  readonly name: string;
  /** Whether tensors of this type can live here. */
  supports(dtype: DType): boolean;
  /** Memory for `bytes` bytes, not cleared. Throws a typed error with the sizes when there is no more. */
  allocate(bytes: number): Buffer;
  free(buffer: Buffer): void;
  /** Copies host data (exactly the buffer's size) in. */
  write(buffer: Buffer, data: HostData): void;
  /** Copies the buffer out, once everything enqueued before has run. */
  read(buffer: Buffer, dtype: DType): Promise<HostData>;
  /** Enqueues one kernel. Outputs are allocated and never overlap inputs. */
  dispatch(kernel: Kernel, inputs: readonly Buffer[], outputs: readonly Buffer[]): void;
  /** Compiles what these kernels need before it is needed, without holding this thread up. */
  compile?(kernels: readonly Kernel[]): Promise<void>;
  /** Bytes taken from the system, and bytes of live buffers. */
  memory(): { readonly reserved: number; readonly used: number };
  /** Only where a kernel has run when `dispatch` returns, in memory that the host can see. */
  readonly direct?: DirectAccess;
}

/** Kernels without the way around them: for what is captured once and runs again and again. */
export interface DirectAccess {
  /** What `dispatch` does with these buffers, as often as it is called. The buffers have to live as long. */
  bind(kernel: Kernel, inputs: readonly Buffer[], outputs: readonly Buffer[]): () => void;
  /** The memory itself: to be used before anything else is allocated. */
  view(buffer: Buffer, dtype: DType): HostData;
}
