import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import type { Profile } from '../profile.ts';
import { emitPack } from './pack.ts';
import { advance, emitPanelOperands, type Tiles } from './panels.ts';

/** Rows of one block of A: with its k, small enough for the second-level cache. */
const blockRows = 144;
/** Up to these sizes A is read in place, in one block. */
const inPlaceRows = 96;
const inPlaceK = 1024;
/** Unfused products are bound by the number of instructions, of which packed rows take fewer: with more columns packing pays. */
const inPlaceColumns = 192;

/** Bytes of working memory that `product` needs. */
export function scratchBytes(profile: Profile): number {
  return edgeOffset(profile) + blockRows * profile.nr * 4;
}

/** k of one block: a panel of B and a tile of A fit the first-level cache. */
function blockK({ nr }: Profile): number {
  return 4096 / nr;
}

/** Behind the packed block of A: one panel of C for the columns that do not fill one. */
function edgeOffset(profile: Profile): number {
  return Math.ceil(blockRows / profile.mr) * profile.mr * blockK(profile) * 4;
}

const parameters = ['a', 'aRow', 'aStep', 'b', 'c', 'cRow', 'm', 'n', 'k', 'from', 'fromRow', 'scratch'] as const;

/**
 * `product(a, aRow, aStep, b, c, cRow, m, n, k, from, fromRow, scratch)`: C[m, n] = from + A[m, k]·B[k, n]. A(i, κ) lies at
 * a + i·aRow + κ·aStep, one of the two being 4; B is packed; C is row-major and written nowhere but in its n columns.
 * `from` as in `panels`, n columns wide. `scratch`: `scratchBytes` bytes.
 */
export function emitProduct(module: ModuleBuilder, rows: Tiles, columns: Tiles): FunctionReference {
  const { profile } = rows;
  const parts = { inPlace: emitPanelOperands(module, rows), packed: emitPanelOperands(module, columns), pack: emitPack(module, profile.mr), copy: emitCopy(module) };
  return module.function({ params: parameters.map(() => 'i32'), results: [] }, (f) => new Product(f, profile, parts).emit());
}

/** `copy(source, sourceRow, target, targetRow, rows, columns)`: a block of floats. */
function emitCopy(module: ModuleBuilder): FunctionReference {
  return module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], results: [] }, (f) => {
    const [source, sourceRow, target, targetRow, rows, columns] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4), f.param(5)];
    const [row, at, bytes] = [f.local('i32'), f.local('i32'), f.local('i32')];
    f.get(columns).i32(2).op('i32.shl').set(bytes);
    f.while(row, rows, 1, () => {
      f.i32(0).set(at);
      f.while(at, bytes, 4, () => f.get(target).get(at).op('i32.add').get(source).get(at).op('i32.add').memory('f32.load').memory('f32.store'));
      f.get(source).get(sourceRow).op('i32.add').set(source);
      f.get(target).get(targetRow).op('i32.add').set(target);
    });
  });
}

interface Parts {
  readonly inPlace: FunctionReference;
  readonly packed: FunctionReference;
  readonly pack: FunctionReference;
  readonly copy: FunctionReference;
}

class Product {
  readonly #f: FunctionBuilder;
  readonly #profile: Profile;
  readonly #parts: Parts;
  readonly #p: Record<(typeof parameters)[number], Local>;
  /** Size of the blocks, and of this one. */
  readonly #stepRows: Local;
  readonly #stepK: Local;
  readonly #rows: Local;
  readonly #depth: Local;
  /** Corners of this block in A, packed B, C and what the sums start from. */
  readonly #aBlock: Local;
  readonly #bBlock: Local;
  readonly #cBlock: Local;
  readonly #fromBlock: Local;
  readonly #bPanel: Local;
  readonly #inPlace: Local;

  constructor(f: FunctionBuilder, profile: Profile, parts: Parts) {
    this.#f = f;
    this.#profile = profile;
    this.#parts = parts;
    this.#p = Object.fromEntries(parameters.map((name, index) => [name, f.param(index)])) as Record<(typeof parameters)[number], Local>;
    const local = (): Local => f.local('i32');
    [this.#stepRows, this.#stepK, this.#rows, this.#depth, this.#inPlace] = [local(), local(), local(), local(), local()];
    [this.#aBlock, this.#bBlock, this.#cBlock, this.#fromBlock, this.#bPanel] = [local(), local(), local(), local(), local()];
  }

  emit(): void {
    const f = this.#f;
    const { b, c, cRow, k, from, fromRow } = this.#p;
    this.#choose();
    f.get(b).set(this.#bBlock).get(k).i32(this.#profile.nr * 4).op('i32.mul').set(this.#bPanel);
    const atK = f.local('i32');
    // At least once: with k = 0 the product is what it starts from.
    f.loop(() => {
      this.#minimum(this.#stepK, k, atK, this.#depth);
      this.#rowBlocks(atK);
      f.get(this.#bBlock).get(this.#depth).i32(this.#profile.nr * 4).op('i32.mul').op('i32.add').set(this.#bBlock);
      // Later blocks of k go on from what is stored: one sum per element, k ascending.
      f.get(c).set(from).get(cRow).set(fromRow);
      f.get(atK).get(this.#depth).op('i32.add').tee(atK).get(k).op('i32.lt_u').brIf(0);
    });
  }

  #choose(): void {
    const f = this.#f;
    const { aStep, m, n, k } = this.#p;
    f.get(aStep).i32(4).op('i32.eq');
    f.get(m).i32(inPlaceRows).op('i32.le_u').op('i32.and');
    f.get(k).i32(inPlaceK).op('i32.le_u').op('i32.and').set(this.#inPlace);
    if (!this.#profile.relaxed) {
      f.get(n).i32(inPlaceColumns).op('i32.le_u').get(m).i32(this.#profile.mr).op('i32.le_u').op('i32.or');
      f.get(this.#inPlace).op('i32.and').set(this.#inPlace);
    }
    f.i32(blockRows).set(this.#stepRows);
    f.i32(inPlaceK).i32(blockK(this.#profile)).get(this.#inPlace).op('select').set(this.#stepK);
  }

  #rowBlocks(atK: Local): void {
    const f = this.#f;
    const { a, aRow, aStep, c, cRow, m, from, fromRow } = this.#p;
    const atRow = f.local('i32');
    f.i32(0).set(atRow).get(c).set(this.#cBlock).get(from).set(this.#fromBlock);
    f.get(a).get(atK).get(aStep).op('i32.mul').op('i32.add').set(this.#aBlock);
    f.block(() => f.loop(() => {
      f.get(atRow).get(m).op('i32.ge_u').brIf(1);
      this.#minimum(this.#stepRows, m, atRow, this.#rows);
      this.#block();
      f.get(this.#aBlock).get(this.#rows).get(aRow).op('i32.mul').op('i32.add').set(this.#aBlock);
      f.get(this.#cBlock).get(this.#rows).get(cRow).op('i32.mul').op('i32.add').set(this.#cBlock);
      advance(f, this.#fromBlock, () => f.get(this.#rows).get(fromRow).op('i32.mul'));
      f.get(atRow).get(this.#rows).op('i32.add').set(atRow).br(0);
    }));
  }

  /** One block: its whole panels straight into C, then the columns left over through scratch. */
  #block(): void {
    const f = this.#f;
    const { nr } = this.#profile;
    const { aRow, aStep, cRow, fromRow, n, scratch } = this.#p;
    const [panels, left] = [f.local('i32'), f.local('i32')];
    f.get(this.#inPlace).op('i32.eqz').if(() => {
      f.get(this.#aBlock).get(aStep).get(aRow).get(this.#depth).get(this.#rows).get(scratch).call(this.#parts.pack);
    });
    f.get(n).i32(nr).op('i32.div_u').tee(panels).if(() => this.#multiply(this.#bBlock, this.#cBlock, cRow, this.#fromBlock, fromRow, panels));
    f.get(n).i32(nr).op('i32.rem_u').tee(left).if(() => this.#edge(panels, left));
  }

  #edge(panels: Local, left: Local): void {
    const f = this.#f;
    const { nr } = this.#profile;
    const { cRow, fromRow, scratch } = this.#p;
    const [b, c, edge, start, row, one] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    f.get(this.#bBlock).get(panels).get(this.#bPanel).op('i32.mul').op('i32.add').set(b);
    f.get(this.#cBlock).get(panels).i32(nr * 4).op('i32.mul').op('i32.add').set(c);
    f.get(scratch).i32(edgeOffset(this.#profile)).op('i32.add').set(edge);
    f.i32(nr * 4).set(row).i32(1).set(one);
    f.i32(0).set(start).get(this.#fromBlock).if(() => {
      f.get(edge).set(start);
      f.get(this.#fromBlock).get(panels).get(row).op('i32.mul').op('i32.add').get(fromRow);
      f.get(edge).get(row).get(this.#rows).get(left).call(this.#parts.copy);
    });
    this.#multiply(b, edge, row, start, row, one);
    f.get(edge).get(row).get(c).get(cRow).get(this.#rows).get(left).call(this.#parts.copy);
  }

  #multiply(b: Local, c: Local, cRow: Local, from: Local, fromRow: Local, count: Local): void {
    const f = this.#f;
    const { mr, nr } = this.#profile;
    const { aRow, scratch } = this.#p;
    const rest = (): void => {
      f.get(b).i32(nr * 4).get(this.#bPanel).get(c).get(cRow).get(from).get(fromRow).get(this.#depth).get(this.#rows).get(count);
    };
    f.get(this.#inPlace).if(() => {
      f.get(this.#aBlock).get(aRow).get(aRow).i32(mr).op('i32.mul');
      rest();
      f.call(this.#parts.inPlace);
    }, () => {
      f.get(scratch).i32(mr * 4).get(this.#depth).i32(mr * 4).op('i32.mul');
      rest();
      f.call(this.#parts.packed);
    });
  }

  /** `to = min(step, size − at)`. */
  #minimum(step: Local, size: Local, at: Local, to: Local): void {
    const f = this.#f;
    f.get(size).get(at).op('i32.sub').tee(to).get(step).get(to).get(step).op('i32.lt_u').op('select').set(to);
  }
}
