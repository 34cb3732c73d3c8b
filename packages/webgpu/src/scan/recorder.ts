import type { ScanKernel } from '@unroll/tensor/backend';
import { inline, type Command, type Program, type Shader, type Slot, type Workgroups } from '../program.ts';
import type { Bindings, Memory } from './memory.ts';
import { bytesOf, elementsOf, type Region, type ScanPart } from './regions.ts';

type Kernel = Pick<ScanKernel, 'steps' | 'batch' | 'reverse'> & Partial<Pick<ScanPart, 'since'>>;

/** Where the newest values of a region are. */
interface Fresh { home: boolean; shadow: boolean }

/** A row of elements inside a region. */
export interface Piece { readonly region: Region; readonly from: number; readonly elements: number }

/** Writes down the commands of a scan, and copies regions between their own buffers and the arenas where that is needed. */
export class Recorder {
  readonly #kernel: Kernel;
  readonly #memory: Memory;
  readonly #commands: Command[] = [];
  readonly #scratch: number[] = [];
  readonly #arenas: readonly number[];
  readonly #homes = new Map<Region, number>();
  readonly #fresh = new Map<Region, Fresh>();
  readonly #done = new Set<object>();

  constructor(kernel: Kernel, memory: Memory) {
    this.#kernel = kernel;
    this.#memory = memory;
    this.#arenas = memory.arenas.map((extent) => this.#allocate(elementsOf(extent, kernel)));
  }

  /** One of the scan's own shaders, for `count` steps from `first` on. */
  dispatch(shader: Shader, { bound, uses }: Bindings, workgroups: Workgroups, first = 0, count: number = this.#kernel.steps): void {
    for (const region of [...uses.reads, ...uses.writes]) this.#settle(region, this.#memory.shadowOf(region) === undefined ? 'home' : 'shadow');
    for (const region of uses.writes) this.#written(region, this.#memory.shadowOf(region) === undefined ? 'home' : 'shadow');
    const slots = bound.map((own): Slot => (typeof own === 'number' ? { kind: 'scratch', index: this.#arenas[own] as number } : this.#home(own)));
    this.#commands.push({ kind: 'dispatch', shader, slots, uniforms: this.#uniforms(first, count), workgroups });
  }

  /** Another kernel's program, which reads and writes regions in their own buffers. */
  kernel(program: Program, inputs: readonly Piece[], outputs: readonly Piece[]): void {
    for (const { region } of [...inputs, ...outputs]) this.#settle(region, 'home');
    const from = inputs.map((piece) => this.#aligned(piece));
    for (const { region } of outputs) this.#written(region, 'home');
    const scratchFrom = this.#scratch.length;
    this.#scratch.push(...program.scratch);
    this.#commands.push(...inline(program, { inputs: from, outputs: outputs.map((piece) => this.#slotOf(piece)), scratchFrom }));
  }

  /** Copies elements. */
  move(from: Piece, to: Piece): void {
    const bytes = from.elements * 4;
    if (bytes === 0) return;
    this.#settle(from.region, this.#current(from.region));
    const side = this.#memory.shadowOf(to.region) === undefined ? 'home' : 'shadow';
    this.#settle(to.region, side);
    this.#commands.push({ kind: 'move', from: this.#side(from, this.#current(from.region)), to: this.#side(to, side), bytes });
    this.#written(to.region, side);
  }

  /** Does something the first time that it is asked for by this key. */
  once(key: object, body: () => void): void {
    if (this.#done.has(key)) return;
    this.#done.add(key);
    body();
  }

  /** Zeros in a whole region. */
  clear(region: Region): void {
    const bytes = elementsOf(region.extent, this.#kernel) * 4;
    if (bytes === 0) return;
    this.#commands.push({ kind: 'clear', slot: this.#home(region), bytes });
    this.#written(region, 'home');
  }

  /** All of a region. */
  whole(region: Region): Piece {
    return { region, from: 0, elements: elementsOf(region.extent, this.#kernel) };
  }

  /** Brings the results to where they are asked for. */
  finish(results: readonly Region[]): Program {
    for (const region of results) this.#settle(region, 'home');
    return { scratch: this.#scratch, commands: this.#commands };
  }

  #uniforms(first: number, count: number): number[] {
    const { steps, batch, reverse } = this.#kernel;
    return [steps, batch, first, count, ...(reverse ? [steps - 1, 0xffffffff] : [0, 1]), this.#kernel.since ?? 0];
  }

  // Buffers.

  #allocate(elements: number): number {
    this.#scratch.push(Math.max(elements, 1) * 4);
    return this.#scratch.length - 1;
  }

  #home(region: Region): Slot {
    if (region.kind !== 'scratch') return { kind: region.kind, index: region.index };
    const index = this.#homes.get(region) ?? this.#allocate(bytesOf(region, this.#kernel) / 4);
    this.#homes.set(region, index);
    return { kind: 'scratch', index };
  }

  #slotOf({ region, from, elements }: Piece): Slot {
    const home = this.#home(region);
    return elements * 4 === bytesOf(region, this.#kernel) ? home : { ...home, offset: from * 4, bytes: elements * 4 };
  }

  // What does not begin where a binding can begin is copied to where it does.
  #aligned(piece: Piece): Slot {
    if (piece.from % 64 === 0) return this.#slotOf(piece);
    const to: Slot = { kind: 'scratch', index: this.#allocate(piece.elements) };
    this.#commands.push({ kind: 'move', from: this.#slotOf(piece), to, bytes: piece.elements * 4 });
    return to;
  }

  #side(piece: Piece, side: keyof Fresh): Slot {
    const shadow = side === 'shadow' ? this.#memory.shadowOf(piece.region) : undefined;
    if (shadow === undefined) return this.#slotOf(piece);
    return { kind: 'scratch', index: this.#arenas[shadow.arena] as number, offset: (elementsOf(shadow.at, this.#kernel) + piece.from) * 4 };
  }

  // Freshness.

  #current(region: Region): keyof Fresh {
    return this.#fresh.get(region)?.shadow === true ? 'shadow' : 'home';
  }

  #settle(region: Region, side: keyof Fresh): void {
    const fresh = this.#fresh.get(region) ?? { home: region.kind === 'input', shadow: false };
    this.#fresh.set(region, fresh);
    if (fresh[side] || (!fresh.home && !fresh.shadow)) return;
    const piece = this.whole(region);
    const other = side === 'home' ? 'shadow' : 'home';
    if (piece.elements > 0) this.#commands.push({ kind: 'move', from: this.#side(piece, other), to: this.#side(piece, side), bytes: piece.elements * 4 });
    fresh[side] = true;
  }

  #written(region: Region, side: keyof Fresh): void {
    this.#fresh.set(region, { home: side === 'home', shadow: side === 'shadow' });
  }
}

