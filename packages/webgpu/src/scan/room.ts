import type { Place, Random, Target } from '@unroll/expr';
import { declarePhilox } from '../philox.ts';
import type { WeightFormat } from '../program.ts';
import type { ShaderBuilder } from '../wgsl.ts';
import type { Bindings } from './memory.ts';
import { numberText } from './pack.ts';
import type { Regions } from './regions.ts';
import { plus, times, type Sizes } from './shader.ts';

/** Where code stands: at a channel of a row at a step. Texts of unsigned numbers. */
export interface Cursor {
  /** Of all rows of all steps: time · B + row. */
  readonly cell: string;
  readonly time: string;
  /** Of the batch. */
  readonly row: string;
  /** Of the rows that a workgroup owns. */
  readonly local: string;
  readonly channel: string;
}

/** Rows of a place that a workgroup keeps to itself: `slots` values a row (a state's before and after the step), `stride` elements apart. */
export interface Resident { readonly array: string; readonly rows: number; readonly stride: number; readonly slots: 1 | 2 }
/** States and the plan's buffers that are kept by a workgroup, by the key `residentKey` gives. */
export type Residents = ReadonlyMap<string, Resident>;

/** States by their number, buffers by theirs; before and after the step is the same resident. */
export function residentKey({ kind, index }: Pick<Target, 'kind' | 'index'>): string {
  return `${kind === 'next' ? 'state' : kind} ${index}`;
}

/** What a shader knows about places. */
export interface Surroundings {
  readonly shader: ShaderBuilder;
  readonly regions: Regions;
  readonly bindings: Bindings;
  readonly sizes: Sizes;
  /** Texts: which of the two values of a state is that before the step, and which that after it. */
  readonly now: string;
  readonly next: string;
  readonly residents?: Residents;
  /** Elements of the packed constants at which vectors begin, by their number. */
  readonly vectors?: { readonly array: string; readonly from: ReadonlyMap<number, number>; readonly format: WeightFormat } | undefined;
}

/** Reads and writes places, wherever they are. */
export class Room {
  readonly #around: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  get sizes(): Sizes { return this.#around.sizes; }
  get now(): string { return this.#around.now; }

  resident(place: Pick<Target, 'kind' | 'index'>): Resident | undefined {
    return this.#around.residents?.get(residentKey(place));
  }

  /** The text that reads a place for rows of `width` channels, which all see the same number where the place is one channel wide. */
  load(place: Place, cursor: Cursor, width: number): string {
    const channel = shifted(place.width === 1 && width > 1 ? '0u' : cursor.channel, place.offset);
    const { vectors, now } = this.#around;
    if (place.kind === 'vector') {
      const from = vectors?.from.get(place.index);
      return vectors === undefined || from === undefined ? this.#element(place, channel) : numberText(vectors.format, `${vectors.array}[${shifted(channel, from)}]`);
    }
    const resident = this.resident(place);
    return resident === undefined ? this.#element(place, this.#row(place, cursor, channel, now)) : residentElement(resident, now, cursor.local, channel);
  }

  /** Writes a value to a place: to the workgroup's own copy, and to the buffer where others will read it. */
  store(target: Target, cursor: Cursor, value: string): void {
    const { shader, regions, next } = this.#around;
    const channel = shifted(cursor.channel, target.offset);
    const resident = this.resident(target);
    if (resident !== undefined) shader.line(`${residentElement(resident, next, cursor.local, channel)} = ${value};`);
    if (resident === undefined || regions.isSeries(target)) shader.line(`${this.#element(target, this.#row(target, cursor, channel, next))} = ${value};`);
  }

  /** The condition under which a row counts at a step. */
  live({ cell }: Cursor): string {
    const { mask } = this.#around.regions;
    return mask === undefined ? 'true' : `${this.#around.bindings.element(mask, cell)} != 0.0f`;
  }

  /** The text of a random number. */
  draw({ stream, span }: Random, { channel, row, time }: Cursor): string {
    const { shader, regions, bindings, sizes } = this.#around;
    if (regions.seed === undefined) throw new RangeError('scan: a step that draws random numbers has no seed.');
    declarePhilox(shader);
    shader.declare(`fn drawn(channel: u32, row: u32, time: u32, stream: u32) -> f32 {
  let words = philox(vec4<u32>(channel >> 2u, row, time, stream), vec2<u32>(${bindings.element(regions.seed, '0u')}, ${bindings.element(regions.seed, '1u')}));
  return unit(words[channel & 3u]);
}`);
    return `drawn(${channel}, ${row}, ${span === 'step' ? `${time} + ${sizes.since} + 1u` : '0u'}, ${stream >>> 0}u)`;
  }

  #element(place: Target, index: string): string {
    return this.#around.bindings.element(this.#around.regions.of(place), index);
  }

  #row(place: Target, { cell, row }: Cursor, channel: string, slot: string): string {
    const { regions, sizes } = this.#around;
    const width = regions.widthOf(place);
    if (place.kind === 'state' || place.kind === 'next') return `(${slot} * ${sizes.batch} + ${row}) * ${width}u + ${channel}`;
    return `${regions.isSeries(place) ? cell : row} * ${width}u + ${channel}`;
  }
}

/** An element of a resident. */
export function residentElement({ array, rows, stride, slots }: Resident, slot: string, local: string, channel: string): string {
  const row = times(slots === 1 ? local : plus(times(slot, rows), local), stride);
  return `${array}[${plus(row, channel)}]`;
}

/** A sum with a constant. */
export function shifted(text: string, by: number): string {
  return plus(text, `${by}u`);
}
