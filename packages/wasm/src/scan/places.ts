import type { Plan, Target } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { inputCount, matrixInput, outputCount } from './counts.ts';
import type { Layout, Moment, Packed } from './layout.ts';

/** The addresses inside the one function of a scan: those of inputs, outputs and packed weights, read once, and the working memory. */
export class Places {
  readonly time: Local;
  /** The two buffers of each state, which change places after every step. */
  readonly states: readonly { readonly current: Local; readonly next: Local }[];
  readonly #f: FunctionBuilder;
  readonly #kernel: ScanKernel;
  readonly #plan: Plan;
  readonly #layout: Layout;
  readonly #base: number;
  readonly #parameters: readonly Local[];

  constructor(f: FunctionBuilder, kernel: ScanKernel, plan: Plan, layout: Layout, base: number) {
    this.#f = f;
    this.#kernel = kernel;
    this.#plan = plan;
    this.#layout = layout;
    this.#base = base;
    this.#parameters = Array.from({ length: inputCount(kernel) + outputCount(kernel.step) + [...layout.packed].length }, () => f.local('i32'));
    this.time = f.local('i32');
    this.states = kernel.step.states.map(() => ({ current: f.local('i32'), next: f.local('i32') }));
  }

  /** Reads all parameters: before anything else. */
  load(): void {
    this.#parameters.forEach((local, k) => this.#f.i32(this.fixed(this.#layout.parameters)).memory('i32.load', k * 4).set(local));
  }

  input(index: number): Local { return this.#parameters[index] as Local; }
  output(index: number): Local { return this.input(inputCount(this.#kernel) + index); }
  packed({ index }: Packed): Local { return this.output(outputCount(this.#kernel.step) + index); }
  accumulation(index: number): Local { return this.#outputSequence(this.#kernel.step.outputs.length + index); }

  /** What random numbers come from, in front of the mask. */
  get seed(): Local { return this.input(inputCount(this.#kernel) - (this.#kernel.masked ? 2 : 1)); }

  /** The bias of a weight. */
  bias(index: number): Local { return this.input(matrixInput(this.#kernel.step, index) + 1); }

  state(index: number): { readonly current: Local; readonly next: Local } {
    return this.states[index] as Places['states'][number];
  }

  /** Pushes the address of a thread's own working memory for products. */
  pushWorking(thread: Local): FunctionBuilder {
    return this.#f.get(thread).i32(this.#layout.productBytes).op('i32.mul').i32(this.fixed(this.#layout.product)).op('i32.add');
  }

  /** An address in the working memory, which is fixed. */
  fixed(offset: number): number { return this.#base + offset; }

  /** Rows that run at once. */
  rows(moment: Moment): number {
    return moment === 'step' ? this.#kernel.batch : this.#kernel.steps * this.#kernel.batch;
  }

  /** Bytes from one row of a place to the next. */
  rowBytes(place: Target): number {
    return place.kind === 'vector' ? 0 : this.#wholeWidth(place) * 4;
  }

  /** Pushes the address of a place, `more` bytes further on. */
  push(place: Target, moment: Moment, more = 0): void {
    const f = this.#f;
    const { kind, index, offset } = place;
    const bases: Readonly<Record<Target['kind'], () => FunctionBuilder>> = {
      state: () => f.get(this.state(index).current),
      next: () => f.get(this.state(index).next),
      sequence: () => f.get(this.#sequence(index)),
      vector: () => f.get(this.#vector(index)),
      output: () => f.get(this.#outputSequence(index)),
      scratch: () => f.i32(this.fixed(this.#layout.buffers[index] ?? 0)),
    };
    bases[kind]();
    if (moment === 'step' && this.#overTime(place)) f.get(this.time).i32(this.#kernel.batch * this.#wholeWidth(place) * 4).op('i32.mul').op('i32.add');
    if (offset * 4 + more > 0) f.i32(offset * 4 + more).op('i32.add');
  }

  /** Pushes the address of the mask's rows. */
  pushMask(moment: Moment): void {
    const f = this.#f;
    f.get(this.input(inputCount(this.#kernel) - 1));
    if (moment === 'step') f.get(this.time).i32(this.#kernel.batch * 4).op('i32.mul').op('i32.add');
  }

  #sequence(index: number): Local { return this.input(this.#kernel.step.states.length + index); }
  #vector(index: number): Local { return this.#sequence(this.#kernel.step.sequences.length + index); }
  #outputSequence(index: number): Local { return this.output(this.#kernel.step.states.length + index); }

  /** Channels of the whole tensor or buffer that a place is part of. */
  #wholeWidth({ kind, index, width }: Target): number {
    return kind === 'scratch' ? (this.#plan.buffers[index]?.width ?? width) : width;
  }

  #overTime({ kind, index }: Target): boolean {
    return kind === 'sequence' || kind === 'output' || (kind === 'scratch' && this.#plan.buffers[index]?.span === 'series');
  }
}
