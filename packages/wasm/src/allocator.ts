/** Large blocks are multiples of this; a chunk of this size is also what small blocks of one size share. */
const chunkBytes = 65536;
const smallestBytes = 64;
const largestSmallBytes = chunkBytes / 2;

/** One free run of chunks. */
interface Gap { readonly start: number; readonly bytes: number }

/** A chunk cut into small blocks of one size. */
interface Slab { readonly start: number; readonly size: number; readonly free: number[]; next: number; live: number }

/**
 * Divides a range of addresses: up to 32 KiB in powers of two from 64 on, above in multiples of 64 KiB, best fit, with neighbouring gaps
 * made one. Addresses are multiples of 64.
 */
export class Allocator {
  readonly #gaps = new Gaps();
  readonly #slabs = new Map<number, Slab>();
  /** By size of the blocks, the slabs that have room. */
  readonly #open = new Map<number, Set<Slab>>();
  readonly #extend: (end: number) => void;
  #top: number;

  /** Addresses from `start` on, a multiple of 64 KiB. `extend` is called before an address up to `end` is used for the first time, and may throw. */
  constructor(start: number, extend: (end: number) => void) {
    this.#top = start;
    this.#extend = extend;
  }

  /** The address of `bytes` bytes that nothing else has. */
  place(bytes: number): number {
    return bytes <= largestSmallBytes ? this.#placeSmall(smallSize(bytes)) : this.#placeChunks(chunksFor(bytes));
  }

  /** Takes back what `place(bytes)` gave. */
  release(address: number, bytes: number): void {
    if (bytes <= largestSmallBytes) this.#releaseSmall(address);
    else this.#releaseChunks(address, chunksFor(bytes));
  }

  /** The first address that was never used, and the runs of free chunks below it, in no order. */
  get layout(): { readonly top: number; readonly gaps: readonly Gap[] } {
    return { top: this.#top, gaps: this.#gaps.all };
  }

  #placeSmall(size: number): number {
    const open = this.#open.get(size) ?? new Set<Slab>();
    this.#open.set(size, open);
    const [slab = this.#newSlab(size, open)] = open;
    const address = slab.free.pop() ?? slab.next;
    if (address === slab.next) slab.next += size;
    slab.live += 1;
    if (slab.live === chunkBytes / size) open.delete(slab);
    return address;
  }

  #newSlab(size: number, open: Set<Slab>): Slab {
    const start = this.#placeChunks(chunkBytes);
    const slab = { start, size, free: [], next: start, live: 0 };
    this.#slabs.set(start, slab);
    open.add(slab);
    return slab;
  }

  #releaseSmall(address: number): void {
    const slab = this.#slabs.get(address - (address % chunkBytes));
    if (slab === undefined) throw new RangeError(`allocator: no block lies at ${address}.`);
    slab.free.push(address);
    slab.live -= 1;
    const open = this.#open.get(slab.size);
    if (slab.live > 0) {
      open?.add(slab);
      return;
    }
    open?.delete(slab);
    this.#slabs.delete(slab.start);
    this.#releaseChunks(slab.start, chunkBytes);
  }

  #placeChunks(bytes: number): number {
    const gap = this.#gaps.bestFit(bytes) ?? this.#gaps.endingAt(this.#top);
    const start = gap?.start ?? this.#top;
    const end = start + bytes;
    // Before anything changes, because it may throw.
    if (end > this.#top) this.#extend(end);
    if (gap !== undefined) this.#gaps.remove(gap);
    if (gap !== undefined && gap.bytes > bytes) this.#gaps.add({ start: end, bytes: gap.bytes - bytes });
    this.#top = Math.max(this.#top, end);
    return start;
  }

  #releaseChunks(start: number, bytes: number): void {
    const before = this.#gaps.endingAt(start);
    const after = this.#gaps.startingAt(start + bytes);
    if (before !== undefined) this.#gaps.remove(before);
    if (after !== undefined) this.#gaps.remove(after);
    const first = before?.start ?? start;
    this.#gaps.add({ start: first, bytes: start + bytes + (after?.bytes ?? 0) - first });
  }
}

/** Free runs, found by start, by end, and by size. */
class Gaps {
  readonly #starts = new Map<number, Gap>();
  readonly #ends = new Map<number, Gap>();
  /** By size, then by start. */
  readonly #sorted: Gap[] = [];

  get all(): readonly Gap[] {
    return [...this.#sorted];
  }

  add(gap: Gap): void {
    this.#starts.set(gap.start, gap);
    this.#ends.set(gap.start + gap.bytes, gap);
    this.#sorted.splice(this.#rank(gap), 0, gap);
  }

  remove(gap: Gap): void {
    this.#starts.delete(gap.start);
    this.#ends.delete(gap.start + gap.bytes);
    this.#sorted.splice(this.#rank(gap), 1);
  }

  /** The smallest that has `bytes` bytes; of equals the lowest. */
  bestFit(bytes: number): Gap | undefined {
    return this.#sorted[this.#rank({ start: 0, bytes })];
  }

  startingAt(start: number): Gap | undefined {
    return this.#starts.get(start);
  }

  endingAt(end: number): Gap | undefined {
    return this.#ends.get(end);
  }

  /** How many gaps come before this one. */
  #rank({ start, bytes }: Gap): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#sorted[middle] as Gap;
      if (other.bytes < bytes || (other.bytes === bytes && other.start < start)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function smallSize(bytes: number): number {
  return Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))));
}

function chunksFor(bytes: number): number {
  return Math.ceil(bytes / chunkBytes) * chunkBytes;
}
