import { TensorError, type Buffer } from '@unroll/tensor/backend';
import type { Block, Heap } from './memory.ts';

/** How a kernel wants a matrix laid out: a name for it, its bytes, and who writes it. */
export interface Form {
  readonly key: string;
  readonly bytes: number;
  /** Writes the form of the matrix at `source` to `target`. */
  readonly fill: (source: number, target: number) => void;
}

/** A tensor's memory. */
export class WasmBuffer implements Buffer {
  readonly bytes: number;
  readonly heap: Heap;
  #block: Block | undefined;
  /** Other forms of the same numbers; undefined for one that was asked for once. */
  #forms: Map<string, Block | undefined> | undefined;

  constructor(heap: Heap, bytes: number) {
    this.bytes = bytes;
    this.heap = heap;
    this.#block = heap.allocate(bytes);
  }

  get address(): number {
    return this.#live().address;
  }

  /**
   * The address of these numbers in another form: in `working` memory, good for one run of a kernel, when it is asked for the first time;
   * from the second time on it stays with the buffer. So weights in training, which are new at every step, take no memory twice, and
   * weights that stay are packed once.
   */
  form({ key, bytes, fill }: Form, working: number): number {
    this.#forms ??= new Map();
    const known = this.#forms.get(key);
    if (known !== undefined) return known.address;
    const kept = this.#forms.has(key) ? this.heap.tryArena(bytes) : undefined;
    this.#forms.set(key, kept);
    const target = kept?.address ?? working;
    fill(this.address, target);
    return target;
  }

  /** Has to be called where the numbers change. */
  changed(): void {
    for (const block of this.#forms?.values() ?? []) if (block !== undefined) this.heap.releaseArena(block);
    this.#forms = undefined;
  }

  free(): void {
    this.heap.free(this.#live());
    this.#block = undefined;
    this.changed();
  }

  #live(): Block {
    if (this.#block === undefined) throw new TensorError('disposed', `wasm: this buffer of ${this.bytes} bytes was freed.`);
    return this.#block;
  }
}
