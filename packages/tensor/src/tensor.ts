import type { Backend } from './backend.ts';
import { bytesPerElement, type DType } from './dtype.ts';
import { check } from './errors.ts';
import type { Shape } from './kernel.ts';
import { born, died, type Holding, type Storage } from './memory.ts';
import { checkComputing } from './rehearsal.ts';
import { shapeText, sizeOf } from './shape.ts';

/**
 * An n-dimensional array on a backend: contiguous, last axis fastest. Its values never change, except through `assign`.
 * Operations are functions (`add(a, b)`); the only way to numbers is `await data()`.
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly #holding: Holding;
  #disposed = false;

  /** For operations; users call `tensor`, `zeros` and so on. Takes part in the ownership of `storage`. */
  constructor(shape: Shape, dtype: DType, storage: Storage) {
    this.shape = shape;
    this.dtype = dtype;
    this.#holding = { storage: storage.retain(), watched: false };
    born(this, this.#holding);
  }

  /** Number of elements. */
  get size(): number { return sizeOf(this.shape); }
  /** Number of axes. */
  get rank(): number { return this.shape.length; }
  /** Bytes of its elements. */
  get bytes(): number { return this.size * bytesPerElement[this.dtype]; }
  /** Where it lives. */
  get backend(): Backend { return this.#holding.storage.backend; }
  /** Whether it was freed. */
  get disposed(): boolean { return this.#disposed; }

  /** The memory behind it, which other tensors may share. Throws after `dispose`. */
  get storage(): Storage {
    check(!this.#disposed, 'disposed', () => `tensor: this tensor ${shapeText(this.shape)} was freed; keep it with keep(), return it from the scope, or make a copy.`);
    return this.#holding.storage;
  }

  /** Its numbers, copied to the host, once everything before has run. */
  async data(): Promise<Float32Array | Int32Array | Float64Array> {
    // It may be freed, or collected, while its numbers are under way.
    const storage = this.storage.retain();
    try {
      return await storage.backend.read(storage.buffer, this.dtype);
    } finally {
      storage.release();
    }
  }

  /** The number of a tensor with one element. */
  async item(): Promise<number> {
    check(this.size === 1, 'shape', () => `item: needs a tensor of one element, got ${shapeText(this.shape)}; reduce it first.`);
    return (await this.data())[0] as number;
  }

  /** Takes over the values of another tensor of the same shape and type: how parameters are updated. Both then share memory. */
  assign(other: Tensor): void {
    checkComputing('assign');
    check(shapeText(this.shape) === shapeText(other.shape) && this.dtype === other.dtype, 'shape',
      () => `assign: the tensor is ${shapeText(this.shape)} ${this.dtype}, the new values are ${shapeText(other.shape)} ${other.dtype}; both must be the same.`);
    const before = this.storage;
    this.#holding.storage = other.storage.retain();
    before.release();
  }

  /** Frees it. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    died(this, this.#holding);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
