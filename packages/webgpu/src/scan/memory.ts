import type { ScanKernel } from '@unroll/tensor/backend';
import { WebGpuError } from '../errors.ts';
import type { Access, Target } from '../program.ts';
import type { ShaderBuilder } from '../wgsl.ts';
import { elementsOf, type Extent, type Region } from './regions.ts';
import type { Sizes } from './shader.ts';

/** What one shader reads and writes. */
export interface Uses { readonly reads: ReadonlySet<Region>; readonly writes: ReadonlySet<Region> }

/** A region's place in one of the arenas. */
export interface Shadow { readonly arena: number; readonly at: Extent }

/**
 * Decides which regions share a buffer. Each has one of its own, as long as every shader can bind what it uses; where it cannot, the
 * smallest regions get a place in an arena, for all shaders of the scan, and are copied in and out (`Recorder`).
 */
export class Memory {
  /** Sizes of the arenas. */
  readonly arenas: Extent[] = [];
  readonly #kernel: Pick<ScanKernel, 'steps' | 'batch'>;
  readonly #target: Target;
  /** Regions that kernels read or write which know nothing of arenas. */
  readonly #homes: ReadonlySet<Region>;
  readonly #shadows = new Map<Region, Shadow>();

  constructor(kernel: Pick<ScanKernel, 'steps' | 'batch'>, target: Target, users: readonly Uses[], homes: ReadonlySet<Region>) {
    this.#kernel = kernel;
    this.#target = target;
    this.#homes = homes;
    for (const uses of users) this.#fit(uses);
  }

  shadowOf(region: Region): Shadow | undefined {
    return this.#shadows.get(region);
  }

  #fit(uses: Uses): void {
    const most = this.#target.limits.maxStorageBuffersPerShaderStage;
    const regions = [...new Set([...uses.reads, ...uses.writes])];
    const candidates = regions.filter((region) => region.type === 'f32' && !this.#shadows.has(region)).sort((a, b) => this.#cost(a) - this.#cost(b));
    while (bindingsOf(regions, this.#shadows).length > most) {
      const region = candidates.shift();
      if (region === undefined) throw new WebGpuError('limit', `webgpu: a recurrence of this kind needs ${bindingsOf(regions, this.#shadows).length} storage buffers at once, this device binds ${most}, of ${this.#target.limits.maxStorageBufferBindingSize} bytes each; use smaller batches, or a cell of fewer parts.`);
      this.#shadows.set(region, this.#take(region));
    }
  }

  /** Bytes to be copied for having a region in an arena; where there are none, its size decides. */
  #cost(region: Region): number {
    const elements = elementsOf(region.extent, this.#kernel);
    return region.kind === 'scratch' && !this.#homes.has(region) ? elements * 1e-9 : elements;
  }

  #take(region: Region): Shadow {
    const most = this.#target.limits.maxStorageBufferBindingSize / 4;
    const known = this.arenas.findIndex((arena) => elementsOf(sum(arena, region.extent), this.#kernel) <= most);
    const arena = known >= 0 ? known : this.arenas.length;
    const at = this.arenas[arena] ?? { cell: 0, row: 0, fixed: 0 };
    this.arenas[arena] = sum(at, region.extent);
    return { arena, at };
  }
}

/** A buffer that a shader binds: a region's own, or an arena by its number. */
export type Bound = Region | number;

/** The regions of one shader by the names that they have in it. */
export class Bindings {
  /** In the order of the shader's bindings. */
  readonly bound: readonly Bound[];
  readonly uses: Uses;
  readonly #texts = new Map<Region, { readonly array: string; readonly base: string | undefined }>();

  constructor(shader: ShaderBuilder, memory: Memory, uses: Uses, sizes: Sizes) {
    const regions = [...new Set([...uses.reads, ...uses.writes])];
    const shadows = new Map(regions.flatMap((region) => {
      const shadow = memory.shadowOf(region);
      return shadow === undefined ? [] : [[region, shadow] as const];
    }));
    this.uses = uses;
    this.bound = bindingsOf(regions, shadows);
    const names = new Map(this.bound.map((bound) => [bound, declare(shader, bound, [...uses.writes].some((region) => (shadows.get(region)?.arena ?? region) === bound) ? 'write' : 'read')]));
    for (const region of regions) {
      const shadow = shadows.get(region);
      const array = names.get(shadow?.arena ?? region) ?? '';
      this.#texts.set(region, { array, base: shadow === undefined ? undefined : shader.let(`${region.name}_from`, offsetText(shadow.at, sizes)) });
    }
  }

  /** The name of the array of a region that is never in an arena. */
  array(region: Region): string {
    return this.#texts.get(region)?.array ?? '';
  }

  /** The text of an element of a region. */
  element(region: Region, index: string): string {
    const text = this.#texts.get(region);
    if (text === undefined) throw new RangeError(`scan: ${region.name} is not bound in this shader.`);
    return text.base === undefined ? `${text.array}[${index}]` : `${text.array}[${text.base} + ${index}]`;
  }
}

// Private.

function declare(shader: ShaderBuilder, bound: Bound, access: Access): string {
  return typeof bound === 'number' ? shader.storage(`arena${bound}`, 'f32', access) : shader.storage(bound.name, bound.type, access);
}

function bindingsOf(regions: readonly Region[], shadows: ReadonlyMap<Region, Shadow>): Bound[] {
  return [...new Set(regions.map((region) => shadows.get(region)?.arena ?? region))];
}

function offsetText({ cell, row, fixed }: Extent, { steps, batch }: Sizes): string {
  return `(${steps} * ${cell}u + ${row}u) * ${batch} + ${fixed}u`;
}

function sum(a: Extent, b: Extent): Extent {
  return { cell: a.cell + b.cell, row: a.row + b.row, fixed: a.fixed + b.fixed };
}
