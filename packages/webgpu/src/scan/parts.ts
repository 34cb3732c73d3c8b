import type { MeanOf, Place, Plan, PointwiseMap, Product, Stage, Target } from '@unroll/expr';
import type { ShaderBuilder } from '../wgsl.ts';
import { emitPointwise, type Pointwise } from './pointwise.ts';
import { emitTile, numbered, type TileJob, type TileProduct } from './tile.ts';
import type { Packed } from './pack.ts';

/** Products that a workgroup computes together, and what becomes of their results. */
export interface TilePart {
  readonly kind: 'tile';
  readonly products: readonly TileProduct[];
  readonly results: number;
  /** Channels of each result. */
  readonly width: number;
  /** Of the longest operand. */
  readonly vectors: number;
  /** The map that takes the results as they come. */
  readonly map: PointwiseMap | undefined;
  /** Whose results are written to their targets, since something else reads them. */
  readonly kept: readonly TileProduct[];
}
/** What a stage of the loop consists of, in this order. Maps may run at the same time. */
export type Part = TilePart | { readonly kind: 'means'; readonly means: readonly MeanOf[] } | { readonly kind: 'map'; readonly map: PointwiseMap };

/** Results of products that are not followed by their map are computed together up to this number. */
const together = 8;

/** Cuts each stage of the loop into parts. */
export function partsOf(plan: Plan, packedOf: (product: Product) => Packed): Part[][] {
  return plan.loop.map((stage, index) => {
    const fused = fusedMap(stage);
    const rest: Part[] = [
      ...(stage.means.length === 0 ? [] : [{ kind: 'means', means: stage.means } as const]),
      ...stage.maps.filter((map) => map !== fused).map((map) => ({ kind: 'map', map }) as const),
    ];
    const groups = fused === undefined ? equallyWide(stage.products) : [stage.products];
    const tiles = groups.filter((products) => products.length > 0).map((products): TilePart => {
      const { products: list, results } = numbered(products, packedOf);
      return { kind: 'tile', products: list, results, width: list[0]?.packed.width ?? 1, vectors: Math.max(...list.map(({ packed }) => packed.vectors)), map: fused, kept: list.filter(({ product }) => fused === undefined || isRead(product, stage, fused, plan.loop.slice(index + 1))) };
    });
    return [...tiles, ...rest];
  });
}

/** Whether a place is nowhere but in registers: a result that only its map reads. */
export function isUnkept({ products, kept }: TilePart, { kind, index }: Target): boolean {
  return kind === 'scratch' && products.some((own) => own.product.target.index === index && !kept.includes(own));
}

/** Writes a tile and what becomes of its results. */
export function emitTilePart(shader: ShaderBuilder, job: TileJob, part: TilePart, pointwise: Omit<Pointwise, 'map' | 'known'>): void {
  emitTile(job, (cursor, result) => {
    const results = Array.from({ length: part.results }, (_, number) => shader.let('product', result(number)));
    for (const { product, packed, first } of part.kept) {
      for (let region = 0; region < packed.regions; region++) {
        job.room.store({ ...product.target, offset: product.target.offset + region * packed.width, width: packed.width }, cursor, results[first + region] as string);
      }
    }
    if (part.map !== undefined) emitPointwise(shader, job.room, cursor, { ...pointwise, map: part.map, known: (place) => resultAt(part, place, results) });
  });
}

// Private.

/** The map that reads the results of the stage's products at the very channels at which they are computed. */
function fusedMap({ products, means, maps }: Stage): PointwiseMap | undefined {
  const widths = new Set(products.map(({ transposed, target, blocks }) => (transposed ? target.width : target.width / blocks.length)));
  if (widths.size !== 1 || means.length > 0) return undefined;
  return maps.find(({ width }) => widths.has(width));
}

function isRead({ target }: Product, { maps }: Stage, fused: PointwiseMap, later: readonly Stage[]): boolean {
  const here = ({ kind, index }: Place): boolean => kind === 'scratch' && index === target.index;
  const reads = (map: PointwiseMap): boolean => [...map.leaves.values()].some(here);
  return maps.some((map) => map !== fused && reads(map)) || later.some((stage) => stage.maps.some(reads) || [...stage.products, ...stage.means].some(({ operand }) => here(operand)));
}

function equallyWide(products: readonly Product[]): Product[][] {
  const groups: { width: number; results: number; products: Product[] }[] = [];
  for (const product of products) {
    const results = product.transposed ? 1 : product.blocks.length;
    const width = product.target.width / results;
    const group = groups.find((own) => own.width === width && own.results + results <= together);
    if (group === undefined) groups.push({ width, results, products: [product] });
    else {
      group.results += results;
      group.products.push(product);
    }
  }
  return groups.map((group) => group.products);
}

function resultAt({ products }: TilePart, { kind, index, offset }: Place, results: readonly string[]): string | undefined {
  const own = kind === 'scratch' ? products.find(({ product }) => product.target.index === index) : undefined;
  return own === undefined ? undefined : results[own.first + Math.floor((offset - own.product.target.offset) / own.packed.width)];
}
