import { TensorError, type Buffer } from '@unroll/tensor/backend';
import type { Block } from './pool.ts';

/** A tensor's memory: a block of the pool as long as it is not freed. */
export class GpuMemory implements Buffer {
  readonly bytes: number;
  /** Whose it is. */
  readonly owner: object;
  readonly #block: Block;
  #freed = false;
  #fault: Error | undefined;

  constructor(bytes: number, owner: object, block: Block) {
    this.bytes = bytes;
    this.owner = owner;
    this.#block = block;
  }

  get block(): Block {
    if (this.#freed) throw new TensorError('disposed', `webgpu: this buffer of ${this.bytes} bytes was freed.`);
    return this.#block;
  }

  /** Why there is nothing right in it: the device had no memory, or refused what was to write it. */
  get fault(): Error | undefined {
    return this.#block.fault ?? this.#fault;
  }

  /** Tells what went wrong with what was to be written here; undefined once something else was. */
  spoil(fault: Error | undefined): void {
    this.#fault = fault;
  }

  /** Gives up the block, and hands it over. */
  free(): Block {
    const block = this.block;
    this.#freed = true;
    return block;
  }
}
