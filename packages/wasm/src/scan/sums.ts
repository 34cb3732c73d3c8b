import type { Sum } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder } from '../assembler.ts';
import type { Gemm } from '../gemm/gemm.ts';
import type { Layout } from './layout.ts';
import type { Places } from './places.ts';

/** Writes the sums over all time: one matrix product for the gradient of each weight, one pass for that of each bias or vector. */
export class Sums {
  readonly #f: FunctionBuilder;
  readonly #places: Places;
  readonly #kernel: ScanKernel;
  readonly #layout: Layout;
  readonly #gemm: Gemm;
  readonly #sums: readonly Sum[];

  constructor(f: FunctionBuilder, places: Places, kernel: ScanKernel, sums: readonly Sum[], layout: Layout, gemm: Gemm) {
    this.#f = f;
    this.#places = places;
    this.#kernel = kernel;
    this.#sums = sums;
    this.#layout = layout;
    this.#gemm = gemm;
  }

  emit(): void {
    this.#clear();
    this.#packRights();
    for (const sum of this.#sums) if (sum.right === undefined) this.#column(sum); else this.#outer(sum, sum.right.width, this.#layout.rightOf(sum.right));
  }

  /** T · B: every row of every step. */
  get #rows(): number { return this.#kernel.steps * this.#kernel.batch; }

  // What no sum begins has to be zero.
  #clear(): void {
    this.#kernel.step.accumulations.forEach(({ rows, columns }, k) => {
      const begun = this.#sums.filter((sum) => sum.accumulation === k && this.#isFirst(sum)).reduce((total, { left }) => total + left.width, 0);
      if (begun < rows) this.#f.get(this.#places.accumulation(k)).i32(0).i32(rows * Math.max(1, columns) * 4).memoryFill();
    });
  }

  #packRights(): void {
    const packed = new Set<number>();
    for (const { right } of this.#sums) {
      if (right === undefined || packed.has(this.#layout.rightOf(right))) continue;
      packed.add(this.#layout.rightOf(right));
      this.#places.push(right, 'start');
      this.#f.i32(this.#places.rowBytes(right)).i32(4).i32(this.#rows).i32(right.width).i32(this.#places.fixed(this.#layout.rightOf(right))).call(this.#gemm.pack);
    }
  }

  // C = Aᵀ B, A the left operand over all time.
  #outer(sum: Sum, columns: number, packed: number): void {
    const f = this.#f;
    const c = (): FunctionBuilder => f.get(this.#places.accumulation(sum.accumulation)).i32(sum.offset * columns * 4).op('i32.add');
    this.#places.push(sum.left, 'start');
    f.i32(4).i32(this.#places.rowBytes(sum.left)).i32(this.#places.fixed(packed));
    c().i32(columns * 4).i32(sum.left.width).i32(columns).i32(this.#rows);
    if (this.#isFirst(sum)) f.i32(0).i32(0);
    else c().i32(columns * 4);
    f.i32(this.#places.fixed(this.#layout.product)).call(this.#gemm.product);
  }

  #column(sum: Sum): void {
    const f = this.#f;
    const to = (): FunctionBuilder => f.get(this.#places.accumulation(sum.accumulation)).i32(sum.offset * 4).op('i32.add');
    this.#places.push(sum.left, 'start');
    f.i32(this.#places.rowBytes(sum.left)).i32(this.#rows).i32(sum.left.width);
    to();
    if (this.#isFirst(sum)) f.i32(0);
    else to();
    f.call(this.#gemm.columnSums);
  }

  /** Whether no earlier sum has written these rows; otherwise this one adds to what is there. */
  #isFirst(sum: Sum): boolean {
    const before = this.#sums.slice(0, this.#sums.indexOf(sum));
    return !before.some(({ accumulation, offset, left }) => accumulation === sum.accumulation && offset < sum.offset + sum.left.width && sum.offset < offset + left.width);
  }
}
