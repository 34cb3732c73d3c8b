import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import type { Profile } from '../profile.ts';

/**
 * `panels` of `emitPanels` where A has one row, or none: C[m, count·nr] = from + A·B over packed panels of so many columns that their sums
 * keep the processor busy. B is read once, as one stream, and that is what it takes: the speed of the cache in which B lies.
 */
export function emitRow(module: ModuleBuilder, profile: Profile): FunctionReference {
  return module.function({ params: Array.from({ length: 10 }, () => 'i32'), results: [] }, (f) => new Row(f, profile).emit());
}

const parameters = ['a', 'aRow', 'aStep', 'b', 'c', 'cRow', 'm', 'n', 'k', 'from', 'fromRow', 'scratch'] as const;

/** `product` of `emitProduct` where A has one row, or none, and lies in place. `scratch`: `rowScratchBytes` bytes. */
export function emitRowProduct(module: ModuleBuilder, profile: Profile, row: FunctionReference): FunctionReference {
  const bytes = profile.nr * 4;
  return module.function({ params: parameters.map(() => 'i32'), results: [] }, (f) => {
    const p = Object.fromEntries(parameters.map((name, index) => [name, f.param(index)])) as Record<(typeof parameters)[number], Local>;
    const [panels, left] = [f.local('i32'), f.local('i32')];
    const call = (c: Local, count: () => void, from: Local): void => {
      f.get(p.a).get(p.aRow).get(p.b).get(c).get(p.cRow).get(p.m).get(p.k);
      count();
      f.get(from).get(p.fromRow).call(row);
    };
    const copied = (to: Local, source: Local): void => {
      f.get(to).get(source).get(left).memoryCopy();
    };
    f.get(p.n).i32(profile.nr).op('i32.div_u').set(panels);
    call(p.c, () => f.get(panels), p.from);
    f.get(p.n).i32(profile.nr).op('i32.rem_u').i32(4).op('i32.mul').get(p.m).op('i32.mul').tee(left).if(() => {
      // Columns that do not fill a panel go through the scratch: nothing behind them may be read or written.
      f.get(p.b).get(panels).get(p.k).op('i32.mul').i32(bytes).op('i32.mul').op('i32.add').set(p.b);
      f.get(p.c).get(panels).i32(bytes).op('i32.mul').op('i32.add').set(p.c);
      f.get(p.from).if(() => {
        f.get(p.from).get(panels).i32(bytes).op('i32.mul').op('i32.add').set(p.from);
        copied(p.scratch, p.from);
        f.get(p.scratch).set(p.from);
      });
      call(p.scratch, () => f.i32(1), p.from);
      copied(p.c, p.scratch);
    });
  });
}

/** Bytes of working memory that the product of one row needs. */
export function rowScratchBytes({ nr }: Profile): number {
  return nr * 4;
}

class Row {
  readonly #f: FunctionBuilder;
  readonly #profile: Profile;
  readonly #sums: readonly Local[];
  readonly #a: Local;
  readonly #b: Local;

  constructor(f: FunctionBuilder, profile: Profile) {
    this.#f = f;
    this.#profile = profile;
    this.#sums = Array.from({ length: profile.nr / 4 }, () => f.local('v128'));
    [this.#a, this.#b] = [f.local('i32'), f.param(2)];
  }

  emit(): void {
    const f = this.#f;
    const bytes = this.#profile.nr * 4;
    const [a, c, m, k, count, from] = [f.param(0), f.param(3), f.param(5), f.param(6), f.param(7), f.param(8)];
    const [panel, end] = [f.local('i32'), f.local('i32')];
    f.get(a).get(k).i32(4).op('i32.mul').op('i32.add').set(end);
    f.get(m).if(() => f.while(panel, count, 1, () => {
      this.#start(from);
      f.get(a).set(this.#a);
      f.get(k).if(() => f.loop(() => {
        this.#step();
        f.get(this.#b).i32(bytes).op('i32.add').set(this.#b);
        f.get(this.#a).i32(4).op('i32.add').tee(this.#a).get(end).op('i32.ne').brIf(0);
      }));
      this.#sums.forEach((sum, vector) => f.get(c).get(sum).memory('v128.store', vector * 16));
      f.get(c).i32(bytes).op('i32.add').set(c);
      f.get(from).if(() => f.get(from).i32(bytes).op('i32.add').set(from));
    }));
  }

  #start(from: Local): void {
    const f = this.#f;
    f.get(from).if(
      () => this.#sums.forEach((sum, vector) => f.get(from).memory('v128.load', vector * 16).set(sum)),
      () => { for (const sum of this.#sums) f.i32x4(0).set(sum); },
    );
  }

  /** One k: sums[j] += A(κ) · B(κ, j). */
  #step(): void {
    const f = this.#f;
    const splat = f.local('v128');
    f.get(this.#a).memory('v128.load32_splat').set(splat);
    this.#sums.forEach((sum, vector) => {
      if (this.#profile.relaxed) f.get(splat).get(this.#b).memory('v128.load', vector * 16).get(sum).op('f32x4.relaxed_madd').set(sum);
      else f.get(sum).get(splat).get(this.#b).memory('v128.load', vector * 16).op('f32x4.mul').op('f32x4.add').set(sum);
      if (vector === Math.ceil(this.#sums.length / 2) - 1) this.#cut();
    });
  }

  /**
   * Where an engine loads everything of a straight piece of code before it computes, more than fits in its registers: a branch that is never
   * taken, as no address is 0. Sums that are stored where it leads have to be computed before it, and what is behind it is loaded later.
   */
  #cut(): void {
    if (this.#profile.loadsFirst) this.#f.get(this.#a).op('i32.eqz').brIf(1);
  }
}
