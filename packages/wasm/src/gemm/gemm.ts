import type { FunctionReference, ModuleBuilder } from '../assembler.ts';
import type { Profile } from '../profile.ts';
import { emitDirect } from './direct.ts';
import { emitPack, packedBytes as packedPanelBytes } from './pack.ts';
import { emitPanels, emitTiles, type Tiles } from './panels.ts';
import { emitProduct, scratchBytes as productScratchBytes } from './product.ts';
import { emitRow, emitRowProduct, rowScratchBytes } from './row.ts';
import { emitColumnSums } from './sums.ts';
import type { Access } from './tile.ts';

/** Bytes of working memory that `product` needs. */
export function scratchBytes(profile: Profile): number {
  return isRow(profile) ? rowScratchBytes(profile) : productScratchBytes(profile);
}

/** Bytes of a k × n matrix that `pack` has packed. */
export function packedBytes(k: number, n: number, { nr }: Pick<Profile, 'nr'>): number {
  return packedPanelBytes(k, n, nr);
}

function isRow({ mr }: Profile): boolean {
  return mr === 1;
}

/**
 * Matrix products inside one module, each function emitted when it is first asked for. Everything is float32, addresses and strides
 * are in bytes, nothing allocates. Every element of a result is one sum over k in ascending order, so neither shapes of tiles nor
 * blocking change it.
 */
export class Gemm {
  readonly #module: ModuleBuilder;
  readonly #profile: Profile;
  readonly #tiles = new Map<string, Tiles>();
  readonly #functions = new Map<string, FunctionReference>();

  constructor(module: ModuleBuilder, profile: Profile) {
    this.#module = module;
    this.#profile = profile;
  }

  /** See `emitPack`: a matrix into panels of `nr` columns. */
  get pack(): FunctionReference {
    return this.#once('pack', () => emitPack(this.#module, this.#profile.nr));
  }

  /** See `emitPanels`: for the inside of loops. Where the distance of A's rows is known, say so: one address serves all rows then. */
  panels(aRow?: number): FunctionReference {
    if (isRow(this.#profile)) return this.#row;
    return this.#once(`panels ${aRow}`, () => emitPanels(this.#module, this.#tilesOf('rows', aRow)));
  }

  /** See `emitProduct`: any size, B packed. */
  get product(): FunctionReference {
    return this.#once('product', () => isRow(this.#profile)
      ? emitRowProduct(this.#module, this.#profile, this.#row)
      : emitProduct(this.#module, this.#tilesOf('rows'), this.#tilesOf('columns')));
  }

  /** See `emitDirect`: few rows, B in place. */
  get direct(): FunctionReference {
    return this.#once('direct', () => emitDirect(this.#module, this.#tilesOf('rows')));
  }

  /** See `emitColumnSums`. */
  get columnSums(): FunctionReference {
    return this.#once('columnSums', () => emitColumnSums(this.#module));
  }

  get #row(): FunctionReference {
    return this.#once('row', () => emitRow(this.#module, this.#profile));
  }

  #tilesOf(access: Access, aStride?: number): Tiles {
    const key = `${access} ${aStride}`;
    const tiles = this.#tiles.get(key) ?? emitTiles(this.#module, this.#profile, access, aStride);
    this.#tiles.set(key, tiles);
    return tiles;
  }

  #once(name: string, emit: () => FunctionReference): FunctionReference {
    const reference = this.#functions.get(name) ?? emit();
    this.#functions.set(name, reference);
    return reference;
  }
}
