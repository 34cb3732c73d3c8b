import type { FunctionBuilder } from './assembler.ts';

/** First byte of the pool and the byte behind it: the rest of the memory's first page, of which nothing may lie at address 0. */
const first = 64;
const end = 65536;

/**
 * Vectors of four equal lanes at fixed addresses in the first page of the memory, for generated code. Loading one is cheap on every
 * engine, where a constant in the code would be rebuilt each time round a loop on some.
 */
export class Constants {
  readonly #buffer: () => ArrayBufferLike;
  readonly #addresses = new Map<number, number>();
  #next = first;

  constructor(buffer: () => ArrayBufferLike) {
    this.#buffer = buffer;
  }

  /** Pushes four times the float32 nearest to `value`. */
  float(f: FunctionBuilder, value: number): void {
    this.bits(f, new Int32Array(Float32Array.of(value).buffer)[0] as number);
  }

  /** Pushes four times these 32 bits. */
  bits(f: FunctionBuilder, bits: number): void {
    const address = this.#place(bits | 0);
    if (address === undefined) f.i32x4(bits);
    else f.get(f.held(`constant ${address}`, 'v128', () => f.i32(0).memory('v128.load', address)));
  }

  /** How many vectors there are. */
  get count(): number {
    return this.#addresses.size;
  }

  // Undefined where the page is full: numbers of a user's own making could fill any pool.
  #place(bits: number): number | undefined {
    const known = this.#addresses.get(bits);
    if (known !== undefined || this.#next + 16 > end) return known;
    const address = this.#next;
    this.#next += 16;
    new Int32Array(this.#buffer(), address, 4).fill(bits);
    this.#addresses.set(bits, address);
    return address;
  }
}
