import { TensorError } from '@unroll/tensor/backend';
import { Allocator } from './allocator.ts';
import type { MemoryLimits } from './assembler.ts';
import { Constants } from './constants.ts';

const pageBytes = 65536;
/** Pages of a memory of 4 GiB, the most that 32-bit addresses reach. */
const mostPages = 65536;
/** A memory grows by at least this much at a time, if it may. */
const growthPages = 16;

/** A piece of the memory: its first byte, a multiple of 64, and the size asked for. */
export interface Block { readonly address: number; readonly bytes: number }

/** The whole memory as typed arrays. */
export interface Views { readonly float32: Float32Array; readonly int32: Int32Array; readonly bytes: Uint8Array }

/** Bytes: taken from the system, in live blocks, in arenas; and the number of live blocks. */
export interface HeapStatistics { readonly reserved: number; readonly used: number; readonly arenas: number; readonly blocks: number }

export interface HeapOptions {
  /** Whether other threads may see the memory. A shared one grows in no time and leaves old views intact. */
  readonly shared: boolean;
  /** Most pages of 64 KiB; 65536 (4 GiB) unless given. */
  readonly maximumPages?: number;
}

/**
 * One WebAssembly.Memory and an allocator over it. The first page holds constants, so no block has address 0; the page behind the last
 * block stays unused, so vectors may be read past the end of a block.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** What modules that import the memory declare. */
  readonly limits: MemoryLimits;
  readonly constants: Constants;
  readonly #allocator: Allocator;
  readonly #live = new Map<number, number>();
  #used = 0;
  #arenas = 0;
  #scratch: Block = { address: 0, bytes: 0 };
  #views: Views | undefined;

  constructor({ shared, maximumPages = mostPages }: HeapOptions) {
    const { memory, maximum } = createMemory(shared, maximumPages);
    this.memory = memory;
    this.limits = { initial: 1, maximum, shared };
    this.constants = new Constants(() => memory.buffer);
    this.#allocator = new Allocator(pageBytes, (end) => this.#extend(end));
  }

  /**
   * Memory for `bytes` bytes, not cleared, with room up to the next multiple of 64.
   * Throws a `TensorError` (`memory`) with the sizes when there is no more.
   */
  allocate(bytes: number): Block {
    const address = this.#allocator.place(bytes);
    this.#live.set(address, bytes);
    this.#used += bytes;
    return { address, bytes };
  }

  /** Gives a block back. Throws a `TensorError` (`disposed`) when it is free already. */
  free({ address, bytes }: Block): void {
    if (this.#live.get(address) !== bytes) throw new TensorError('disposed', `wasm: no block of ${bytes} bytes is allocated at address ${address}; free each block once.`);
    this.#live.delete(address);
    this.#used -= bytes;
    this.#allocator.release(address, bytes);
  }

  /** Memory that a compiled kernel has to itself for as long as it lives. */
  reserveArena(bytes: number): Block {
    const address = this.#allocator.place(bytes);
    this.#arenas += bytes;
    return { address, bytes };
  }

  /** The same where there is memory left; nothing depends on it. */
  tryArena(bytes: number): Block | undefined {
    try {
      return this.reserveArena(bytes);
    } catch {
      return undefined;
    }
  }

  releaseArena({ address, bytes }: Block): void {
    this.#arenas -= bytes;
    this.#allocator.release(address, bytes);
  }

  /**
   * The address of at least `bytes` bytes that all kernels use in turn: what is there lasts for one run of a kernel, which asks once,
   * when it is compiled. The address stays good.
   */
  scratch(bytes: number): number {
    // An outgrown one stays, since compiled kernels know its address; doubling bounds what that costs.
    if (bytes > this.#scratch.bytes) this.#scratch = this.reserveArena(Math.max(bytes, 2 * this.#scratch.bytes));
    return this.#scratch.address;
  }

  /** Views of the memory as it is now: not to be kept, an unshared memory that grows detaches them. */
  get views(): Views {
    const { buffer } = this.memory;
    if (this.#views?.bytes.buffer !== buffer) this.#views = { float32: new Float32Array(buffer), int32: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
    return this.#views;
  }

  get statistics(): HeapStatistics {
    return { reserved: this.memory.buffer.byteLength, used: this.#used, arenas: this.#arenas, blocks: this.#live.size };
  }

  /** Grows the memory so that blocks may reach up to `end`. */
  #extend(end: number): void {
    const pages = this.memory.buffer.byteLength / pageBytes;
    const needed = Math.ceil(end / pageBytes) + 1 - pages;
    if (needed <= 0) return;
    const most = this.limits.maximum - pages;
    // An unshared memory may be copied as it grows: in parts of its size, that happens seldom.
    const generous = Math.min(most, Math.max(needed, growthPages, this.limits.shared ? 0 : Math.ceil(pages / 4)));
    if (needed > most || !(this.#grow(generous) || this.#grow(needed))) throw this.#exhausted(needed * pageBytes);
  }

  #grow(pages: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  #exhausted(more: number): TensorError {
    const { reserved, used, arenas } = this.statistics;
    return new TensorError('memory',
      `wasm: the memory cannot grow by ${more} bytes: ${reserved} of at most ${this.limits.maximum * pageBytes} are taken, ${used} of them by tensors and ${arenas} by compiled kernels; dispose of tensors, or use a smaller batch.`);
  }
}

// Some systems refuse to set aside 4 GiB of addresses; then less has to do.
function createMemory(shared: boolean, maximumPages: number): { memory: WebAssembly.Memory; maximum: number } {
  for (let maximum = maximumPages; ; maximum = Math.floor(maximum / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 2, maximum, shared }), maximum };
    } catch (error) {
      if (maximum < mostPages / 16) throw new TensorError('memory', `wasm: no memory of ${maximum * pageBytes} bytes can be reserved (${String(error)}).`);
    }
  }
}
