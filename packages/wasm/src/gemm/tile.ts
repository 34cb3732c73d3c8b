import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import type { Profile } from '../profile.ts';

/**
 * Where a tile finds A(i, κ): `rows` at a + i·aStride + 4κ (row-major in place),
 * `columns` at a + 4i + κ·aStride (packed, or transposed in place).
 */
export type Access = 'rows' | 'columns';

/** Height of a tile in rows and its width in panels. */
export interface TileShape {
  readonly rows: number;
  readonly panels: number;
  readonly access: Access;
  /** Distance of A's rows where it is known when code is generated (`rows` only): one pointer serves all rows then. */
  readonly aStride: number | undefined;
}

/** Parameters of a tile function, in order; all are i32, addresses and strides in bytes. */
export const tileParameters = [
  /** A's first element; distance of its rows (`rows`) or of its k (`columns`); distance of consecutive tiles. */
  'a', 'aStride', 'aTile',
  /** B's first panel; distance of its k; distance of consecutive panels. */
  'b', 'bStep', 'bPanel',
  'c', 'cRow',
  /** Where the sums start: a matrix of C's shape with its own row distance (0: one row for all), or address 0: at zero. */
  'from', 'fromRow',
  'k',
  /** How many tiles below each other, and how many groups of `panels` panels beside each other. */
  'tiles', 'groups',
] as const;
export type TileParameter = (typeof tileParameters)[number];

/**
 * A function that computes `tiles × groups` tiles, C = from + A·B. Each element of C has one sum, over k ascending, whatever the
 * shape of the tile: that makes results independent of the shape.
 */
export function emitTile(module: ModuleBuilder, profile: Profile, shape: TileShape): FunctionReference {
  return module.function({ params: tileParameters.map(() => 'i32'), results: [] }, (f) => new Tile(f, profile, shape).emit());
}

class Tile {
  readonly #f: FunctionBuilder;
  readonly #profile: Profile;
  readonly #shape: TileShape;
  readonly #p: Record<TileParameter, Local>;
  /** Pointers into A (one for each row where they differ, else one for all), into B (one for each panel), and B's end. */
  readonly #a: readonly Local[];
  readonly #b: readonly Local[];
  readonly #bEnd: Local;
  /** `sums[row][vector]`, vectors over all panels. */
  readonly #sums: readonly (readonly Local[])[];

  constructor(f: FunctionBuilder, profile: Profile, shape: TileShape) {
    this.#f = f;
    this.#profile = profile;
    this.#shape = shape;
    this.#p = Object.fromEntries(tileParameters.map((name, index) => [name, f.param(index)])) as Record<TileParameter, Local>;
    const vectors = (shape.panels * profile.nr) / 4;
    this.#a = times(shape.access === 'rows' && shape.aStride === undefined ? shape.rows : 1, () => f.local('i32'));
    this.#b = times(shape.panels, () => f.local('i32'));
    this.#bEnd = f.local('i32');
    this.#sums = times(shape.rows, () => times(vectors, () => f.local('v128')));
  }

  emit(): void {
    const f = this.#f;
    const { b, bPanel, c, from, tiles, groups } = this.#p;
    const [group, cGroup, fromGroup] = [f.local('i32'), f.local('i32'), f.local('i32')];
    f.get(c).set(cGroup).get(from).set(fromGroup);
    f.while(group, groups, 1, () => {
      this.#column(cGroup, fromGroup, tiles);
      for (let panel = 0; panel < this.#shape.panels; panel++) f.get(b).get(bPanel).op('i32.add').set(b);
      for (const pointer of [cGroup, fromGroup]) f.get(pointer).i32(this.#shape.panels * this.#profile.nr * 4).op('i32.add').set(pointer);
    });
  }

  /** All tiles of one group of panels, from top to bottom. */
  #column(cGroup: Local, fromGroup: Local, tiles: Local): void {
    const f = this.#f;
    const { a, aTile, cRow, fromRow } = this.#p;
    const [tile, aTop, cTop, fromTop] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    f.get(a).set(aTop).get(cGroup).set(cTop).get(fromGroup).set(fromTop).i32(0).set(tile);
    f.while(tile, tiles, 1, () => {
      this.#start(fromTop);
      this.#point(aTop);
      f.get(this.#p.k).if(() => f.loop(() => this.#step()));
      this.#store(cTop);
      f.get(aTop).get(aTile).op('i32.add').set(aTop);
      f.get(cTop).get(cRow).i32(this.#shape.rows).op('i32.mul').op('i32.add').set(cTop);
      f.get(fromTop).get(fromRow).i32(this.#shape.rows).op('i32.mul').op('i32.add').set(fromTop);
    });
  }

  #start(fromTop: Local): void {
    const f = this.#f;
    const row = f.local('i32');
    f.get(this.#p.from).if(() => {
      f.get(fromTop).set(row);
      for (const sums of this.#sums) {
        sums.forEach((sum, vector) => f.get(row).memory('v128.load', vector * 16).set(sum));
        f.get(row).get(this.#p.fromRow).op('i32.add').set(row);
      }
    }, () => {
      for (const sum of this.#sums.flat()) f.i32x4(0).set(sum);
    });
  }

  /** Pointers to the first k of the tile's rows and panels. */
  #point(aTop: Local): void {
    const f = this.#f;
    const { aStride, b, bPanel, bStep, k } = this.#p;
    this.#a.forEach((pointer, row) => {
      if (row === 0) f.get(aTop);
      else f.get(this.#a[row - 1] as Local).get(aStride).op('i32.add');
      f.set(pointer);
    });
    this.#b.forEach((pointer, panel) => {
      if (panel === 0) f.get(b);
      else f.get(this.#b[panel - 1] as Local).get(bPanel).op('i32.add');
      f.set(pointer);
    });
    f.get(b).get(k).get(bStep).op('i32.mul').op('i32.add').set(this.#bEnd);
  }

  /** One k: sums[i][j] += A(i, κ) · B(κ, j). Not unrolled: TurboFan would load all of an unrolled body first, and spill. */
  #step(): void {
    const f = this.#f;
    const { aStride, bStep } = this.#p;
    const [rows, vectors] = [this.#sums.length, this.#sums[0]?.length ?? 0];
    // What is fewer is held in registers, the other loaded as it is used.
    if (rows < vectors) this.#rowsFirst(rows, vectors);
    else this.#columnsFirst(rows, vectors);
    for (const pointer of this.#a) {
      f.get(pointer);
      if (this.#shape.access === 'rows') f.i32(4);
      else f.get(aStride);
      f.op('i32.add').set(pointer);
    }
    this.#b.forEach((pointer, panel) => {
      if (panel > 0) f.get(pointer).get(bStep).op('i32.add').set(pointer);
    });
    const first = this.#b[0] as Local;
    f.get(first).get(bStep).op('i32.add').tee(first).get(this.#bEnd).op('i32.ne').brIf(0);
  }

  #columnsFirst(rows: number, vectors: number): void {
    const f = this.#f;
    const columns = times(vectors, () => f.local('v128'));
    const splat = f.local('v128');
    columns.forEach((column, vector) => {
      this.#loadB(vector);
      f.set(column);
    });
    for (let row = 0; row < rows; row++) {
      this.#loadA(row);
      f.set(splat);
      columns.forEach((column, vector) => this.#add(row, vector, splat, column));
    }
  }

  #rowsFirst(rows: number, vectors: number): void {
    const f = this.#f;
    const splats = times(rows, () => f.local('v128'));
    const column = f.local('v128');
    splats.forEach((splat, row) => {
      this.#loadA(row);
      f.set(splat);
    });
    for (let vector = 0; vector < vectors; vector++) {
      this.#loadB(vector);
      f.set(column);
      splats.forEach((splat, row) => this.#add(row, vector, splat, column));
    }
  }

  #loadA(row: number): void {
    const { access, aStride } = this.#shape;
    const stride = access === 'columns' ? 4 : aStride;
    if (stride === undefined) this.#f.get(this.#a[row] as Local).memory('v128.load32_splat');
    else this.#f.get(this.#a[0] as Local).memory('v128.load32_splat', row * stride);
  }

  #loadB(vector: number): void {
    const perPanel = this.#profile.nr / 4;
    this.#f.get(this.#b[Math.floor(vector / perPanel)] as Local).memory('v128.load', (vector % perPanel) * 16);
  }

  #add(row: number, vector: number, splat: Local, column: Local): void {
    const f = this.#f;
    const sum = this.#sums[row]?.[vector] as Local;
    if (this.#profile.relaxed) f.get(splat).get(column).get(sum).op('f32x4.relaxed_madd');
    else f.get(sum).get(splat).get(column).op('f32x4.mul').op('f32x4.add');
    f.set(sum);
  }

  #store(cTop: Local): void {
    const f = this.#f;
    const row = f.local('i32');
    f.get(cTop).set(row);
    for (const sums of this.#sums) {
      sums.forEach((sum, vector) => f.get(row).get(sum).memory('v128.store', vector * 16));
      f.get(row).get(this.#p.cRow).op('i32.add').set(row);
    }
  }
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
