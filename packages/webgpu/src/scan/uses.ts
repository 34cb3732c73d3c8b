import type { MeanOf, Place, PointwiseMap, Product, Stage, Target } from '@unroll/expr';
import type { Uses } from './memory.ts';
import type { Region, Regions } from './regions.ts';

/** Collects what a shader reads and writes. */
export class UseList implements Uses {
  readonly reads: Set<Region> = new Set();
  readonly writes: Set<Region> = new Set();
  readonly #regions: Regions;
  readonly #inside: (place: Target) => boolean;

  /** `inside`: places that need no buffer, since they never leave the workgroup. */
  constructor(regions: Regions, inside: (place: Target) => boolean = () => false) {
    this.#regions = regions;
    this.#inside = inside;
  }

  read(region: Region | undefined): this {
    if (region !== undefined) this.reads.add(region);
    return this;
  }

  write(region: Region | undefined): this {
    if (region !== undefined) this.writes.add(region);
    return this;
  }

  map({ leaves, draws, writes }: PointwiseMap, masked: boolean): this {
    for (const place of leaves.values()) this.#from(place);
    for (const { target } of writes) {
      this.#to(target);
      if (masked && target.kind === 'next') this.#from({ ...target, kind: 'state' });
    }
    if (draws.size > 0) this.read(this.#regions.seed);
    return masked ? this.read(this.#regions.mask) : this;
  }

  product({ operand, target }: Pick<Product, 'operand' | 'target'>): this {
    this.#from(operand);
    this.#to(target);
    return this;
  }

  mean({ operand, target }: MeanOf): this {
    return this.product({ operand, target });
  }

  stage({ products, means, maps }: Stage, masked: boolean): this {
    for (const product of products) this.product(product);
    for (const mean of means) this.mean(mean);
    for (const map of maps) this.map(map, masked);
    return this;
  }

  #from(place: Place): void {
    if (!this.#inside(place)) this.read(this.#regions.of(place));
  }

  #to(target: Target): void {
    if (!this.#inside(target)) this.write(this.#regions.of(target));
  }
}
