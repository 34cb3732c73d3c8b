import { check, TensorError } from './errors.ts';
import type { Backend, Buffer } from './backend.ts';

/** What is alive: tensors that were made and not freed, and the bytes they hold. */
export interface MemoryUse { readonly tensors: number; readonly bytes: number }

/** Something that is freed when its scope ends. */
export interface Owned {
  readonly disposed: boolean;
  dispose(): void;
}

/** A buffer with the number of tensors (and tapes) that use it; it goes back to its backend with the last one. */
export class Storage {
  readonly backend: Backend;
  readonly #buffer: Buffer;
  #users = 0;

  constructor(backend: Backend, bytes: number) {
    this.backend = backend;
    this.#buffer = backend.allocate(bytes);
    live.bytes += bytes;
    peak = Math.max(peak, live.bytes);
  }

  get buffer(): Buffer {
    check(this.#users > 0, 'disposed', () => 'tensor: this tensor was freed; keep it with keep(), return it from the scope, or clone it.');
    return this.#buffer;
  }

  retain(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    live.bytes -= this.#buffer.bytes;
    this.backend.free(this.#buffer);
  }
}

/** What a tensor holds, apart from the tensor: so that it can be given back after the tensor was collected. */
export interface Holding {
  storage: Storage;
  /** Whether the collector's net is under it. */
  watched: boolean;
}

const live = { tensors: 0, bytes: 0 };
let peak = 0;
const scopes: Map<Owned, Holding>[] = [];

/** What is alive now, over all backends. */
export function memory(): MemoryUse {
  return { ...live };
}

/** The most bytes that tensors held at any moment, over all backends, since the program started or `resetPeakBytes` was called. */
export function peakBytes(): number {
  return peak;
}

/** From here on `peakBytes` counts anew, from what is alive now. */
export function resetPeakBytes(): void {
  peak = live.bytes;
}

/**
 * Runs `body` and frees every tensor made in it, except those it returns (also inside arrays and plain objects) and those given to
 * `keep`. Also when it throws. What is returned belongs to the scope around, if there is one.
 */
export function scope<T>(body: () => T): T {
  const owned = new Map<Owned, Holding>();
  scopes.push(owned);
  let result: T | undefined;
  try {
    const value = body();
    if (value instanceof Promise) throw asyncScope(value);
    result = value;
    return value;
  } finally {
    scopes.pop();
    const survivors = new Set<object>();
    collectOwned(result, survivors);
    for (const [item, holding] of owned) if (survivors.has(item)) settle(item, holding); else item.dispose();
  }
}

/** Takes a tensor out of all scopes: it lives until `dispose()`. Returns it. */
export function keep<T extends Owned>(item: T): T {
  for (const owned of scopes) {
    const holding = owned.get(item);
    if (holding === undefined) continue;
    owned.delete(item);
    watch(item, holding);
  }
  return item;
}

// For the tensor class: counting, and belonging to the innermost scope.

export function born(item: Owned, holding: Holding): void {
  live.tensors += 1;
  settle(item, holding);
}

export function died(item: Owned, holding: Holding): void {
  live.tensors -= 1;
  for (const owned of scopes) owned.delete(item);
  if (holding.watched) net().unregister(item);
  holding.storage.release();
}

// The net: a tensor that nobody freed gives its memory back when it is collected. A tensor in a scope needs none, the scope holds it.

let collected: FinalizationRegistry<Holding> | undefined;

function net(): FinalizationRegistry<Holding> {
  collected ??= new FinalizationRegistry((holding) => {
    live.tensors -= 1;
    holding.storage.release();
  });
  return collected;
}

function watch(item: Owned, holding: Holding): void {
  if (holding.watched) return;
  holding.watched = true;
  net().register(item, holding, item);
}

function settle(item: Owned, holding: Holding): void {
  const innermost = scopes.at(-1);
  if (innermost === undefined) watch(item, holding);
  else innermost.set(item, holding);
}

// An async function has already run up to its first await; what it rejects with later is not a second error.
function asyncScope(promise: Promise<unknown>): TensorError {
  promise.catch(() => undefined);
  return new TensorError('argument', 'scope: the function must not be async, since tensors are freed when it returns; await outside of the scope.');
}

// Everything that may be owned in a value: the value itself, and what is inside arrays, maps, sets and plain objects.
function collectOwned(value: unknown, found: Set<object>): void {
  if (typeof value !== 'object' || value === null) return;
  if (found.has(value)) return;
  found.add(value);
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) for (const item of value.values()) collectOwned(item, found);
  else if (isPlain(value)) for (const item of Object.values(value)) collectOwned(item, found);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
