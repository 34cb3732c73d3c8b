import { TensorError, type Buffer } from '@unroll/tensor/backend';
import type { Block, Pool } from './pool.ts';
import { sizeClass } from './pool.ts';

/** A part of a block. */
export interface Place {
  readonly block: Block;
  /** In bytes, a multiple of 256. */
  readonly offset: number;
  /** How many are there for the one who has it. */
  readonly bytes: number;
}

/**
 * What a tensor holds between two times that it is written: written once, then only read. Its place in memory is found when the
 * commands that need it are handed over, so that what is used together can lie together. Users are a tensor, and commands.
 */
export class Value {
  readonly bytes: number;
  readonly #memory: Memory;
  #place: Place | undefined;
  #users = 1;
  #fault: Error | undefined;

  constructor(bytes: number, memory: Memory) {
    this.bytes = bytes;
    this.#memory = memory;
    memory.promised += sizeClass(bytes);
  }

  retain(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    if (this.#place === undefined) this.#memory.promised -= sizeClass(this.bytes);
    else this.#memory.leave(this.#place.block);
  }

  /** Where it is; undefined before that is decided. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** Decides where it is, or moves it: its numbers have to be brought there. */
  settle(place: Place): void {
    const before = this.#place;
    this.#memory.enter(place.block);
    this.#place = place;
    if (before === undefined) this.#memory.promised -= sizeClass(this.bytes);
    else this.#memory.leave(before.block);
  }

  /** Why there is nothing right in it: the device had no memory, or refused what was to write it. */
  get fault(): Error | undefined {
    return this.#place?.block.fault ?? this.#fault;
  }

  spoil(fault: Error): void {
    this.#fault ??= fault;
  }
}

/** The blocks that values are in, with the number of values in each, and the bytes of values that have no place yet. */
export class Memory {
  promised = 0;
  readonly #pool: Pool;
  readonly #tenants = new Map<Block, number>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  enter(block: Block): void {
    this.#tenants.set(block, (this.#tenants.get(block) ?? 0) + 1);
  }

  /** The last one gives the block back. */
  leave(block: Block): void {
    const left = (this.#tenants.get(block) ?? 1) - 1;
    if (left > 0) {
      this.#tenants.set(block, left);
      return;
    }
    this.#tenants.delete(block);
    this.#pool.give(block);
  }
}

/** A tensor's memory: what it holds now. */
export class GpuMemory implements Buffer {
  readonly bytes: number;
  /** Whose it is. */
  readonly owner: object;
  #value: Value;
  #freed = false;

  constructor(owner: object, value: Value) {
    this.bytes = value.bytes;
    this.owner = owner;
    this.#value = value;
  }

  get value(): Value {
    if (this.#freed) throw new TensorError('disposed', `webgpu: this buffer of ${this.bytes} bytes was freed.`);
    return this.#value;
  }

  /** Holds another value from now on, whose first user it is. */
  hold(value: Value): void {
    this.value.release();
    this.#value = value;
  }

  free(): void {
    this.value.release();
    this.#freed = true;
  }
}
