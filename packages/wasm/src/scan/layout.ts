import type { Plan, Place, Product, Stage, Step } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import { packedBytes, scratchBytes } from '../gemm/gemm.ts';
import { ofOneRow, type Profile } from '../profile.ts';
import { inputCount, outputCount } from './counts.ts';

/** Shares of a batch's rows are multiples of this. */
export const batchStep = 4;

/** Where in time an address is meant: at the running step, or at the beginning, for what runs over all time at once. */
export type Moment = 'step' | 'start';

/** Blocks of a weight that follow each other, packed as one matrix; `first` counts blocks of the weight, `at` those of the product. */
export interface Run { readonly first: number; readonly count: number; readonly at: number }

/** A packed piece of a weight: rows by which it is multiplied (k) and columns of the result (n). */
export interface Packed {
  readonly weight: number;
  readonly transposed: boolean;
  readonly run: Run;
  readonly k: number;
  readonly n: number;
  /** Columns of its panels. */
  readonly nr: number;
  /** Offset in the working memory, for weights that are packed for one run alone. */
  readonly offset: number;
  /** Its number among the packed pieces: the address comes as a parameter. */
  readonly index: number;
}

/**
 * How a stage of the loop with a local product is cut: `units` channels of every block at a time, their results in a cache. `regions`: where
 * the results of each block lie.
 */
export interface Slab { readonly units: number; readonly regions: readonly number[] }

/**
 * Where everything that a scan needs besides its inputs and outputs lies in the working memory: decided once, when the kernel is
 * compiled, so that nothing is allocated while it runs.
 */
export class Layout {
  /** Two buffers a state: before the step, and after it. */
  readonly states: readonly (readonly [number, number])[];
  /** Offset of the parameters, an i32 each: addresses of inputs, of outputs, of packed weights. */
  readonly parameters: number;
  /** Offsets of the plan's buffers. */
  readonly buffers: readonly number[];
  /** Working memory of products over all time: the first thread's, and behind it those of the others, so many bytes each. */
  readonly product: number;
  readonly productBytes: number;
  readonly threads: number;
  readonly #kernel: ScanKernel;
  readonly #profile: Profile;
  readonly #oneRow: Profile;
  readonly #packed = new Map<string, Packed>();
  readonly #slabs = new Map<Stage, Slab>();
  readonly #rights = new Map<string, number>();
  readonly #byUnits: boolean;
  #end = 0;

  constructor(kernel: ScanKernel, plan: Plan, profile: Profile, threads = 1) {
    this.#kernel = kernel;
    this.#profile = profile;
    this.threads = threads;
    this.#oneRow = ofOneRow(profile);
    const { steps, batch, step } = kernel;
    this.states = step.states.map(({ width }) => [this.#take(batch * width * 4), this.#take(batch * width * 4)] as const);
    this.buffers = plan.buffers.map(({ span, width }) => this.#take((span === 'series' ? steps : 1) * batch * width * 4));
    this.productBytes = Math.ceil(Math.max(scratchBytes(profile), scratchBytes(this.#oneRow)) / 64) * 64;
    this.product = this.#take(threads * this.productBytes);
    for (const stage of plan.loop) if (isFused(stage)) this.#slabs.set(stage, this.#slab(stage));
    this.#byUnits = threads > 1 && batch < threads * batchStep && [...this.#slabs].every(([stage, { units }]) => units >= (stage.maps[0]?.width ?? 0));
    for (const [moment, stages] of [['start', plan.before], ['step', plan.loop], ['start', plan.after]] as const) {
      for (const stage of stages) for (const product of stage.products) for (const run of this.runsOf(stage, product)) this.#pack(product, run, this.profileOf(moment));
    }
    this.parameters = this.#take((inputCount(kernel) + outputCount(step) + this.#packed.size) * 4);
    for (const sum of plan.sums) if (sum.right !== undefined) this.#packRight(sum.right);
  }

  /** Bytes of working memory. */
  get bytes(): number { return this.#end; }

  /** Every packed piece of a weight, in the order of their parameters. */
  get packed(): Iterable<Packed> { return this.#packed.values(); }

  /** How products are shaped: those of one row in their own way. */
  profileOf(moment: Moment): Profile {
    const { steps, batch } = this.#kernel;
    return (moment === 'step' ? 1 : steps) * batch === 1 ? this.#oneRow : this.#profile;
  }

  /** Whether each thread has units of its own in the loop, of all rows, as there are too few rows for rows of its own. */
  get byUnits(): boolean { return this.#byUnits; }

  slabOf(stage: Stage): Slab | undefined { return this.#slabs.get(stage); }

  packedOf(product: Product, run: Run, moment: Moment): Packed {
    const packed = this.#packed.get(packedKey(product, run, this.profileOf(moment)));
    if (packed === undefined) throw new RangeError(`scan: weight ${product.weight} was not packed for blocks ${run.first} to ${run.first + run.count - 1}.`);
    return packed;
  }

  /** Where the packed right operand of a sum lies. */
  rightOf(right: Place): number {
    return this.#rights.get(placeKey(right)) ?? 0;
  }

  /** The pieces in which a product's weight is packed: plain blocks of a slab of many rows one by one, others as far as they follow each other. */
  runsOf(stage: Stage, product: Product): Run[] {
    const single = this.#slabs.has(stage) && !product.transposed && this.#kernel.batch > 1;
    const runs: { first: number; count: number; at: number }[] = [];
    product.blocks.forEach((block, at) => {
      const last = runs.at(-1);
      if (!single && last !== undefined && last.first + last.count === block) last.count += 1;
      else runs.push({ first: block, count: 1, at });
    });
    return runs;
  }

  #pack(product: Product, run: Run, profile: Profile): void {
    const { rows, columns } = this.#kernel.step.weights[product.weight] as Step['weights'][number];
    const [k, n] = product.transposed ? [run.count * rows, columns] : [columns, run.count * rows];
    const key = packedKey(product, run, profile);
    if (this.#packed.has(key)) return;
    const offset = this.#take(packedBytes(k, n, profile));
    this.#packed.set(key, { weight: product.weight, transposed: product.transposed, run, k, n, nr: profile.nr, index: this.#packed.size, offset });
  }

  #packRight(right: Place): void {
    const key = placeKey(right);
    if (!this.#rights.has(key)) this.#rights.set(key, this.#take(packedBytes(this.#kernel.steps * this.#kernel.batch, right.width, this.#profile)));
  }

  #slab(stage: Stage): Slab {
    const { batch } = this.#kernel;
    const { nr, slab } = this.#profile;
    const step = Math.max(16, nr);
    const counts = stage.products.map(({ transposed, blocks }) => (transposed ? 1 : blocks.length));
    const blocks = counts.reduce((sum, count) => sum + count, 0);
    const width = stage.maps[0]?.width ?? 1;
    const whole = batch === 1 ? width : Math.ceil(width / nr) * nr;
    const part = Math.max(step, Math.floor(slab.part / (batch * blocks) / step) * step);
    const units = batch === 1 || whole * batch * blocks <= slab.whole ? whole : Math.min(whole, part);
    // Of one row the results of a product's blocks lie side by side, so that they are one product; behind the last is room for a whole panel.
    const room = batch === 1 ? this.#oneRow.nr : 0;
    const regions = counts.flatMap((count) => {
      const offset = this.#take((count * batch * units + room) * 4);
      return Array.from({ length: count }, (_, k) => offset + k * batch * units * 4);
    });
    return { units, regions };
  }

  // 64 bytes to the next one: a cache line, and room for vectors read past the end.
  #take(bytes: number): number {
    const offset = this.#end;
    this.#end += Math.ceil((bytes + 64) / 64) * 64;
    return offset;
  }
}

/** Whether a stage's products can stay in the cache: only its one map reads them, at the same channels. */
function isFused({ products, means, maps }: Stage): boolean {
  const [map] = maps;
  return products.length > 0 && means.length === 0 && maps.length === 1 && map !== undefined
    && products.every(({ local, transposed, target, blocks }) => local && (transposed ? target.width : target.width / blocks.length) === map.width);
}

function packedKey({ weight, transposed }: Product, { first, count }: Run, { nr }: Profile): string {
  return `${weight} ${transposed} ${first} ${count} ${nr}`;
}

function placeKey({ kind, index, offset, width }: Place): string {
  return `${kind} ${index} ${offset} ${width}`;
}
