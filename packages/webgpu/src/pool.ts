import { TensorError } from '@unroll/tensor/backend';
import type { Limits } from './program.ts';

/** GPU memory of one buffer. Its contents are nobody's business here. */
export interface Block {
  /** Of the buffer: no other one of the pool has or had it. */
  id: number;
  readonly bytes: number;
  gpu: GPUBuffer;
  /** The last batch of commands that uses it. */
  batch: number;
  /** Whether it is not known yet that the device has memory for it. Until then another buffer may come in its place. */
  isPending: boolean;
  /** Why it is not there. */
  fault: Error | undefined;
}

/** What a pool has done, and what it holds. */
export interface PoolStatistics {
  /** Buffers that were ever created. */
  readonly created: number;
  readonly buffers: number;
  /** Bytes of all buffers, in use or free. */
  readonly reserved: number;
}

/** WebGPU's bits for what a buffer is used for. */
export const bufferUsage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
/** No buffer is smaller: what a binding may be aligned to. */
const smallest = 256;
/** Up to here sizes are powers of two, above in steps of a quarter. */
const fine = 2 ** 20;

/** The size of the buffer that holds so many bytes: few sizes, so that buffers find use again, with at most a quarter lost above 1 MiB. */
export function sizeClass(bytes: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, smallest)));
  if (power <= fine) return power;
  const step = power / 8;
  return Math.ceil(bytes / step) * step;
}

/**
 * Buffers by size. A buffer that was given back is used again at once: the queue keeps commands in order. Of several, the oldest one
 * is taken, so that a step of training finds the same buffers as the step before, and with them its bind groups.
 */
export class Pool {
  readonly #device: GPUDevice;
  readonly #limits: Limits;
  readonly #budget: number;
  readonly #free = new Map<number, Block[]>();
  readonly #pending = new Set<Promise<void>>();
  #created = 0;
  #buffers = 0;
  #reserved = 0;
  /** The batch that is being recorded: its buffers cannot be destroyed yet. */
  batch = 0;

  constructor(device: GPUDevice, limits: Limits, budget: number) {
    this.#device = device;
    this.#limits = limits;
    this.#budget = budget;
  }

  /** A block of at least so many bytes. Throws a `TensorError` (`memory`) with the sizes where the budget or the device has no room for it. */
  take(bytes: number): Block {
    const size = this.#sizeFor(bytes);
    const known = this.#free.get(size)?.pop();
    if (known !== undefined) return known;
    if (this.#reserved + size > this.#budget) this.trim();
    if (this.#reserved + size > this.#budget) throw outOfMemory(bytes, this.#reserved, `${this.#budget} are allowed`);
    const { gpu, id, message } = this.#create(size);
    const block: Block = { id, bytes: size, gpu, batch: -1, isPending: true, fault: undefined };
    const checked: Promise<void> = this.#check(block, message).finally(() => this.#pending.delete(checked));
    this.#pending.add(checked);
    this.#buffers += 1;
    this.#reserved += size;
    return block;
  }

  give(block: Block): void {
    if (block.fault !== undefined) {
      this.#forget(block);
      return;
    }
    const list = this.#free.get(block.bytes) ?? [];
    this.#free.set(block.bytes, list);
    list.splice(placeOf(block, list), 0, block);
  }

  /** Destroys free buffers, but for those that recorded commands still use. Gives the number of bytes. */
  trim(): number {
    const before = this.#reserved;
    for (const [size, list] of this.#free) {
      for (const block of list) if (block.batch !== this.batch) this.#forget(block);
      this.#free.set(size, list.filter(({ batch }) => batch === this.batch));
    }
    return before - this.#reserved;
  }

  /** Resolved once it is known of every buffer whether the device had memory for it; undefined where it is known. */
  settled(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : Promise.all(this.#pending);
  }

  statistics(): PoolStatistics {
    return { created: this.#created, buffers: this.#buffers, reserved: this.#reserved };
  }

  #sizeFor(bytes: number): number {
    const most = this.#limits.maxBufferSize;
    if (bytes > most) throw outOfMemory(bytes, this.#reserved, `no buffer may have more than ${most}`);
    return Math.min(sizeClass(bytes), most - (most % 4));
  }

  /** A new buffer, and what the device said about it, undefined where it had nothing against it. */
  #create(size: number): { readonly gpu: GPUBuffer; readonly id: number; readonly message: Promise<string | undefined> } {
    const device = this.#device;
    // Too much is an error of memory to some and of validation to others.
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    const gpu = device.createBuffer({ size, usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget });
    const message = Promise.all([device.popErrorScope(), device.popErrorScope()]).then(([memory, validation]) => (memory ?? validation)?.message, () => undefined);
    return { gpu, id: this.#created++, message };
  }

  /** What the device has no memory for is tried once more, when all that is not in use is gone. */
  async #check(block: Block, message: Promise<string | undefined>): Promise<void> {
    if (await message !== undefined) await this.#createAgain(block);
    block.isPending = false;
  }

  async #createAgain(block: Block): Promise<void> {
    this.trim();
    const again = this.#create(block.bytes);
    block.gpu = again.gpu;
    block.id = again.id;
    const reason = await again.message;
    if (reason !== undefined) block.fault = outOfMemory(block.bytes, this.#reserved - block.bytes, `the device said: ${reason}`);
  }

  #forget(block: Block): void {
    block.gpu.destroy();
    this.#buffers -= 1;
    this.#reserved -= block.bytes;
  }
}

/** Where a block belongs in a list of blocks, the oldest last. */
function placeOf({ id }: Block, list: readonly Block[]): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as Block).id > id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is told when there is no memory for so many bytes beside those that are taken. */
export function outOfMemory(bytes: number, reserved: number, reason: string): TensorError {
  return new TensorError('memory', `webgpu: no memory for ${bytes} bytes: ${reserved} are taken, ${reason}; free tensors or use smaller batches.`);
}
