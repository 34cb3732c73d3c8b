import type { Sum } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder } from '../assembler.ts';
import type { Gemm } from '../gemm/gemm.ts';
import type { Layout } from './layout.ts';
import type { Places } from './places.ts';
import type { Team } from '../threads/team.ts';

interface Parts {
  readonly f: FunctionBuilder;
  readonly places: Places;
  readonly kernel: ScanKernel;
  readonly layout: Layout;
  readonly gemm: Gemm;
  readonly team: Team;
  /** Shares of a product's rows are multiples of this: tiles. */
  readonly rowStep: number;
}

/** Shares of packed panels and of sums of columns are multiples of these. */
const panelStep = 16;
const columnStep = 32;

/** Writes the sums over all time: one matrix product for the gradient of each weight, one pass for that of each bias or vector. */
export class Sums {
  readonly #parts: Parts;
  readonly #sums: readonly Sum[];

  constructor(parts: Parts, sums: readonly Sum[]) {
    this.#parts = parts;
    this.#sums = sums;
  }

  emit(): void {
    const { team, layout } = this.#parts;
    if (this.#parts.kernel.step.accumulations.length === 0) return;
    team.meet();
    team.first(() => this.#clear());
    this.#packRights();
    team.meet();
    for (const sum of this.#sums) {
      // What it adds to may be another thread's.
      if (!this.#isFirst(sum)) team.meet();
      if (sum.right === undefined) this.#column(sum);
      else this.#outer(sum, sum.right.width, layout.rightOf(sum.right));
    }
  }

  /** T · B: every row of every step. */
  get #rows(): number { return this.#parts.kernel.steps * this.#parts.kernel.batch; }

  // What no sum begins has to be zero.
  #clear(): void {
    const { f, places, kernel } = this.#parts;
    kernel.step.accumulations.forEach(({ rows, columns }, k) => {
      const begun = this.#sums.filter((sum) => sum.accumulation === k && this.#isFirst(sum)).reduce((total, { left }) => total + left.width, 0);
      if (begun < rows) f.get(places.accumulation(k)).i32(0).i32(rows * Math.max(1, columns) * 4).memoryFill();
    });
  }

  #packRights(): void {
    const { f, places, layout, gemm, team } = this.#parts;
    const packed = new Set<number>();
    for (const { right } of this.#sums) {
      if (right === undefined || packed.has(layout.rightOf(right))) continue;
      packed.add(layout.rightOf(right));
      const columns = team.share(right.width, panelStep);
      places.push(right, 'start');
      f.get(columns.first).i32(4).op('i32.mul').op('i32.add').i32(places.rowBytes(right)).i32(4).i32(this.#rows);
      team.pushCount(columns).get(columns.first).i32(this.#rows * 4).op('i32.mul').i32(places.fixed(layout.rightOf(right))).op('i32.add').call(gemm.pack);
    }
  }

  // C = Aᵀ B, A the left operand over all time.
  #outer(sum: Sum, columns: number, packed: number): void {
    const { f, places, gemm, team, rowStep } = this.#parts;
    const rows = team.share(sum.left.width, rowStep);
    const skip = (bytes: number): FunctionBuilder => f.get(rows.first).i32(bytes).op('i32.mul').op('i32.add');
    const c = (): void => {
      f.get(places.accumulation(sum.accumulation)).i32(sum.offset * columns * 4).op('i32.add');
      skip(columns * 4);
    };
    places.push(sum.left, 'start');
    skip(4).i32(4).i32(places.rowBytes(sum.left)).i32(places.fixed(packed));
    c();
    f.i32(columns * 4);
    team.pushCount(rows).i32(columns).i32(this.#rows);
    if (this.#isFirst(sum)) f.i32(0).i32(0);
    else {
      c();
      f.i32(columns * 4);
    }
    places.pushWorking(team.thread).call(gemm.product);
  }

  #column(sum: Sum): void {
    const { f, places, gemm, team } = this.#parts;
    const columns = team.share(sum.left.width, columnStep);
    const skip = (): FunctionBuilder => f.get(columns.first).i32(4).op('i32.mul').op('i32.add');
    const to = (): void => {
      f.get(places.accumulation(sum.accumulation)).i32(sum.offset * 4).op('i32.add');
      skip();
    };
    places.push(sum.left, 'start');
    skip().i32(places.rowBytes(sum.left)).i32(this.#rows);
    team.pushCount(columns);
    to();
    if (this.#isFirst(sum)) f.i32(0);
    else to();
    f.call(gemm.columnSums);
  }

  /** Whether no earlier sum has written these rows; otherwise this one adds to what is there. */
  #isFirst(sum: Sum): boolean {
    const before = this.#sums.slice(0, this.#sums.indexOf(sum));
    return !before.some(({ accumulation, offset, left }) => accumulation === sum.accumulation && offset < sum.offset + sum.left.width && sum.offset < offset + left.width);
  }
}
