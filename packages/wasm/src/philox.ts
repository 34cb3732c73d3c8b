import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from './assembler.ts';
import { storeSome } from './kernels/store.ts';
import { lanes } from './lanes.ts';

/** What becomes of random words: `uniform`, floats in [0, 1); `below`, 1 where the upper 24 bits are less than a threshold, as floats or as integers. */
export type Draw = 'uniform' | 'belowFloat' | 'belowInteger';

/**
 * `draw(target, count, c1, c2, c3, k0, k1, threshold)`: element i is made from word i mod 4 of block (⌊i / 4⌋, c1, c2, c3) of
 * Philox4x32-10 under the key (k0, k1). Nothing behind `count` elements is written. Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", 2011.
 */
export function emitDraw(module: ModuleBuilder, draw: Draw): FunctionReference {
  return module.function({ params: Array.from({ length: 8 }, () => 'i32' as const), results: [] }, (f) => new DrawCode(f, draw).emit());
}

export const rounds = 10;
export const multipliers = [0xd251_1f53, 0xcd9e_8d57] as const;
/** What is added to the key after each round. */
export const increments = [0x9e37_79b9, 0xbb67_ae85] as const;

/** Four blocks at a time: a vector holds the same word of each. */
class DrawCode {
  readonly #f: FunctionBuilder;
  readonly #draw: Draw;
  readonly #words: readonly [Local, Local, Local, Local];
  readonly #keys: readonly [Local, Local];
  readonly #multipliers: readonly [Local, Local];
  readonly #increments: readonly [Local, Local];
  readonly #products: readonly [Local, Local];

  constructor(f: FunctionBuilder, draw: Draw) {
    this.#f = f;
    this.#draw = draw;
    const local = (): Local => f.local('v128');
    this.#words = [local(), local(), local(), local()];
    this.#keys = [local(), local()];
    this.#multipliers = [local(), local()];
    this.#increments = [local(), local()];
    this.#products = [local(), local()];
  }

  emit(): void {
    const f = this.#f;
    const [target, left] = [f.param(0), f.param(1)];
    const [block, count] = [f.local('i32'), f.local('i32')];
    this.#multipliers.forEach((local, k) => f.i32(multipliers[k] as number).op('i32x4.splat').set(local));
    this.#increments.forEach((local, k) => f.i32(increments[k] as number).op('i32x4.splat').set(local));
    // Whole groups by themselves: behind a condition, V8 would compute everything once for each store.
    f.block(() => f.loop(() => {
      f.get(left).i32(16).op('i32.lt_u').brIf(1);
      this.#numbers(block).forEach((numbers, k) => f.get(target).get(numbers).memory('v128.store', k * 16));
      f.get(target).i32(64).op('i32.add').set(target).get(left).i32(16).op('i32.sub').set(left);
      f.get(block).i32(4).op('i32.add').set(block).br(0);
    }));
    f.get(left).if(() => {
      for (const numbers of this.#numbers(block)) {
        f.get(left).i32(4).get(left).i32(4).op('i32.lt_u').op('select').tee(count).if(() => storeSome(f, target, numbers, count));
        f.get(target).i32(16).op('i32.add').set(target).get(left).get(count).op('i32.sub').set(left);
      }
    });
  }

  /** Four vectors, the numbers of four blocks. */
  #numbers(block: Local): readonly Local[] {
    this.#start(block);
    for (let round = 0; round < rounds; round++) this.#round(round);
    const vectors = this.#byBlock();
    for (const numbers of vectors) this.#finish(numbers);
    return vectors;
  }

  #start(block: Local): void {
    const f = this.#f;
    const [c0, ...others] = this.#words;
    f.get(block).op('i32x4.splat');
    for (const lane of [1, 2, 3]) f.get(block).i32(lane).op('i32.add').lane('i32x4.replace_lane', lane);
    f.set(c0);
    others.forEach((word, k) => f.get(f.param(2 + k)).op('i32x4.splat').set(word));
    this.#keys.forEach((key, k) => f.get(f.param(5 + k)).op('i32x4.splat').set(key));
  }

  // c ← (high(m₁ c₂) ⊕ c₁ ⊕ k₀, low(m₁ c₂), high(m₀ c₀) ⊕ c₃ ⊕ k₁, low(m₀ c₀)), then k ← k + w
  #round(round: number): void {
    const f = this.#f;
    const [c0, c1, c2, c3] = this.#words;
    const [low0, low1] = this.#products;
    const [multiplier0, multiplier1] = this.#multipliers;
    f.get(c0).get(multiplier0).op('i32x4.mul').set(low0).get(c2).get(multiplier1).op('i32x4.mul').set(low1);
    this.#high(c0, multiplier0);
    f.get(c3).op('v128.xor').get(this.#keys[1]).op('v128.xor');
    this.#high(c2, multiplier1);
    f.get(c1).op('v128.xor').get(this.#keys[0]).op('v128.xor').set(c0).set(c2);
    f.get(low1).set(c1).get(low0).set(c3);
    if (round === rounds - 1) return;
    this.#keys.forEach((key, k) => f.get(key).get(this.#increments[k] as Local).op('i32x4.add').set(key));
  }

  /** Pushes the upper words of the products of a word with a multiplier. */
  #high(word: Local, multiplier: Local): void {
    const f = this.#f;
    f.get(word).get(multiplier).op('i64x2.extmul_low_i32x4_u').get(word).get(multiplier).op('i64x2.extmul_high_i32x4_u').shuffle(lanes(1, 3, 5, 7));
  }

  /** The words of each block beside each other. */
  #byBlock(): readonly Local[] {
    const f = this.#f;
    const [c0, c1, c2, c3] = this.#words;
    const pairs = [[c0, c1], [c2, c3]].map(([a, b]) => [lanes(0, 4, 1, 5), lanes(2, 6, 3, 7)].map((order) => {
      const pair = f.local('v128');
      f.get(a as Local).get(b as Local).shuffle(order).set(pair);
      return pair;
    }));
    return [0, 1].flatMap((half) => [lanes(0, 1, 4, 5), lanes(2, 3, 6, 7)].map((order) => {
      const block = f.local('v128');
      f.get(pairs[0]?.[half] as Local).get(pairs[1]?.[half] as Local).shuffle(order).set(block);
      return block;
    }));
  }

  #finish(numbers: Local): void {
    const f = this.#f;
    f.get(numbers).i32(8).op('i32x4.shr_u');
    if (this.#draw === 'uniform') f.op('f32x4.convert_i32x4_s').f32x4(2 ** -24).op('f32x4.mul');
    else {
      f.get(f.param(7)).op('i32x4.splat').op('i32x4.lt_s');
      if (this.#draw === 'belowFloat') f.f32x4(1);
      else f.i32x4(1);
      f.op('v128.and');
    }
    f.set(numbers);
  }
}
