import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';

/**
 * `pack(source, stepK, stepN, k, n, target)`: the matrix B(κ, j) at source + κ·stepK + j·stepN, as panels of `width` columns:
 * [⌈n / width⌉][k][width], zeros beyond column n. Fast where one of the steps is 4 bytes.
 */
export function emitPack(module: ModuleBuilder, width: number): FunctionReference {
  return module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], results: [] }, (f) => new Pack(f, width).emit());
}

/** Bytes of a k × n matrix packed in panels of `width` columns. */
export function packedBytes(k: number, n: number, width: number): number {
  return Math.ceil(n / width) * width * k * 4;
}

class Pack {
  readonly #f: FunctionBuilder;
  readonly #width: number;
  readonly #source: Local;
  readonly #stepK: Local;
  readonly #stepN: Local;
  readonly #k: Local;
  readonly #n: Local;
  /** Where the next row of the panel goes. */
  readonly #target: Local;
  /** The next k of this panel, and where its first element lies. */
  readonly #at: Local;
  readonly #row: Local;

  constructor(f: FunctionBuilder, width: number) {
    this.#f = f;
    this.#width = width;
    [this.#source, this.#stepK, this.#stepN, this.#k, this.#n, this.#target] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4), f.param(5)];
    this.#at = f.local('i32');
    this.#row = f.local('i32');
  }

  emit(): void {
    const f = this.#f;
    const panel = f.local('i32');
    f.get(this.#stepN).i32(4).op('i32.eq').if(() => this.#copiedGroups(panel));
    f.while(panel, this.#n, this.#width, () => {
      const valid = f.local('i32');
      f.get(this.#n).get(panel).op('i32.sub').set(valid);
      f.i32(0).set(this.#at).get(this.#source).set(this.#row);
      f.get(valid).i32(this.#width).op('i32.ge_u').get(this.#stepK).i32(4).op('i32.eq').op('i32.and').if(() => {
        const end = f.local('i32');
        f.get(this.#k).i32(-4).op('i32.and').set(end);
        f.while(this.#at, end, 4, () => this.#transposedRows());
      });
      f.while(this.#at, this.#k, 1, () => this.#anyRow(valid));
      f.get(this.#source).get(this.#stepN).i32(this.#width).op('i32.mul').op('i32.add').set(this.#source);
    });
  }

  /** Rows lie side by side in the source: as many panels at once as fit a cache line, then one by one, while they are whole. */
  #copiedGroups(panel: Local): void {
    const f = this.#f;
    const end = f.local('i32');
    for (const panels of new Set([Math.max(1, Math.floor(16 / this.#width)), 1])) {
      const columns = panels * this.#width;
      f.get(this.#n).get(this.#n).i32(columns).op('i32.rem_u').op('i32.sub').set(end);
      f.while(panel, end, columns, () => this.#copiedGroup(panels));
    }
  }

  #copiedGroup(panels: number): void {
    const f = this.#f;
    const targets = [this.#target, ...Array.from({ length: panels - 1 }, () => f.local('i32'))];
    targets.forEach((target, index) => {
      if (index > 0) f.get(targets[index - 1] as Local).get(this.#k).i32(this.#width * 4).op('i32.mul').op('i32.add').set(target);
    });
    f.i32(0).set(this.#at).get(this.#source).set(this.#row);
    f.while(this.#at, this.#k, 1, () => {
      targets.forEach((target, index) => this.#copiedRow(target, index * this.#width));
      f.get(this.#row).get(this.#stepK).op('i32.add').set(this.#row);
      for (const target of targets) f.get(target).i32(this.#width * 4).op('i32.add').set(target);
    });
    f.get(targets.at(-1) as Local).set(this.#target);
    f.get(this.#source).i32(panels * this.#width * 4).op('i32.add').set(this.#source);
  }

  #copiedRow(target: Local, column: number): void {
    const f = this.#f;
    for (const { at, length } of chunks(this.#width)) {
      const offset = (column + at) * 4;
      f.get(target).get(this.#row);
      if (length === 4) f.memory('v128.load', offset).memory('v128.store', at * 4);
      else if (length === 2) f.memory('i64.load', offset).memory('i64.store', at * 4);
      else f.memory('f32.load', offset).memory('f32.store', at * 4);
    }
  }

  /** Four rows, each column's four elements side by side in the source. */
  #transposedRows(): void {
    const f = this.#f;
    const pointer = f.local('i32');
    f.get(this.#row).set(pointer);
    for (const { at, length } of chunks(this.#width)) {
      const columns = Array.from({ length }, () => f.local('v128'));
      for (const column of columns) f.get(pointer).memory('v128.load').set(column).get(pointer).get(this.#stepN).op('i32.add').set(pointer);
      if (length === 4) this.#store4(columns, at);
      else if (length === 2) this.#store2(columns, at);
      else for (let row = 0; row < 4; row++) f.get(this.#target).get(columns[0] as Local).storeLane32(row, this.#offset(row, at));
    }
    this.#next(4);
  }

  #store4(columns: readonly Local[], at: number): void {
    const f = this.#f;
    const [c0, c1, c2, c3] = columns as [Local, Local, Local, Local];
    const [low01, low23, high01, high23] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('v128')];
    f.get(c0).get(c1).shuffle(lanes(0, 4, 1, 5)).set(low01).get(c2).get(c3).shuffle(lanes(0, 4, 1, 5)).set(low23);
    f.get(c0).get(c1).shuffle(lanes(2, 6, 3, 7)).set(high01).get(c2).get(c3).shuffle(lanes(2, 6, 3, 7)).set(high23);
    [[low01, low23], [high01, high23]].forEach(([left, right], pair) => {
      const [row, l, r] = [pair * 2, left as Local, right as Local];
      f.get(this.#target).get(l).get(r).shuffle(lanes(0, 1, 4, 5)).memory('v128.store', this.#offset(row, at));
      f.get(this.#target).get(l).get(r).shuffle(lanes(2, 3, 6, 7)).memory('v128.store', this.#offset(row + 1, at));
    });
  }

  #store2(columns: readonly Local[], at: number): void {
    const f = this.#f;
    const [c0, c1] = columns as [Local, Local];
    const both = f.local('v128');
    for (const half of [0, 2]) {
      f.get(c0).get(c1).shuffle(lanes(half, half + 4, half + 1, half + 5)).set(both);
      f.get(this.#target).get(both).storeLane64(0, this.#offset(half, at));
      f.get(this.#target).get(both).storeLane64(1, this.#offset(half + 1, at));
    }
  }

  /** One row element by element, with zeros beyond the `valid` columns. */
  #anyRow(valid: Local): void {
    const f = this.#f;
    const pointer = f.local('i32');
    f.get(this.#row).set(pointer);
    for (let column = 0; column < this.#width; column++) {
      f.get(valid).i32(column).op('i32.gt_u').if(
        () => f.get(this.#target).get(pointer).memory('f32.load').memory('f32.store', column * 4),
        () => f.get(this.#target).f32(0).memory('f32.store', column * 4),
      );
      f.get(pointer).get(this.#stepN).op('i32.add').set(pointer);
    }
    this.#next(1);
  }

  #next(rows: number): void {
    const f = this.#f;
    f.get(this.#row).get(this.#stepK).i32(rows).op('i32.mul').op('i32.add').set(this.#row);
    f.get(this.#target).i32(rows * this.#width * 4).op('i32.add').set(this.#target);
  }

  #offset(row: number, at: number): number {
    return (row * this.#width + at) * 4;
  }
}

/** A width as pieces of 4, 2 and 1. */
function chunks(width: number): { at: number; length: number }[] {
  const out: { at: number; length: number }[] = [];
  for (let at = 0; at < width;) {
    const length = width - at >= 4 ? 4 : width - at >= 2 ? 2 : 1;
    out.push({ at, length });
    at += length;
  }
  return out;
}

/** Byte indices for a shuffle of 32-bit lanes; 0–3 of the first vector, 4–7 of the second. */
function lanes(...indices: readonly number[]): number[] {
  return indices.flatMap((index) => [0, 1, 2, 3].map((byte) => index * 4 + byte));
}
