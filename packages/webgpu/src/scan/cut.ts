import { add, input, planOf } from '@unroll/expr';
import { inputsOf, sizeOf, type Kernel, type ScanKernel } from '@unroll/tensor/backend';
import { combined, startsOf, unitOf, type Piece, type Pieces } from '../pieces.ts';
import type { Slot, Target } from '../program.ts';
import { withWholeOperands } from './products.ts';
import type { ScanPart } from './regions.ts';

/** Whether a device cannot bind some buffer that has a row for every step, those of the scan's own included. */
export function isTooLong(kernel: ScanKernel, target: Target): boolean {
  return stepsTogether(kernel, target) < kernel.steps;
}

/** Steps whose buffers can be bound, each by itself, and that begin where a binding may; at least the fewest that do. */
export function stepsTogether(kernel: ScanKernel, { limits }: Target): number {
  const unit = unitOfSteps(kernel);
  const fitting = Math.floor(limits.maxStorageBufferBindingSize / Math.max(1, kernel.batch * widestOf(kernel) * 4));
  return fitting >= kernel.steps ? kernel.steps : Math.max(unit, Math.floor(fitting / unit) * unit);
}

/** Half as many, where that can be. */
export function fewerSteps(kernel: ScanKernel, count: number): number {
  const unit = unitOfSteps(kernel);
  return Math.max(unit, Math.floor(Math.min(count, kernel.steps) / 2 / unit) * unit);
}

/** A recurrence as several ones of up to `count` steps: states go from one to the next, sums over time are added up. */
export function cutScan(kernel: ScanKernel, count: number): Pieces<Kernel> {
  const { steps, reverse } = kernel;
  const starts = startsOf(steps, count);
  const memory = new PartMemory(kernel, starts.length);
  const pieces = (reverse ? starts.toReversed() : starts).flatMap((first, k) => memory.part(k, first, Math.min(count, steps - first)));
  return { scratch: memory.scratch, pieces };
}

// Private.

/** Channels of the widest sequence, output or buffer. */
function widestOf({ step, masked }: ScanKernel): number {
  const { buffers } = withWholeOperands(planOf(step, masked), true);
  return Math.max(1, ...[...step.sequences, ...step.outputs, ...buffers.filter(({ span }) => span === 'series')].map(({ width }) => width));
}

/** The fewest steps after which all tensors may be cut. */
function unitOfSteps({ step, batch, masked }: ScanKernel): number {
  const widths = [...step.sequences, ...step.outputs].map(({ width }) => width);
  return unitOf([...widths, ...(masked ? [1] : [])].map((width) => width * batch));
}

/** Where the parts of a recurrence have their tensors: of the kernel, or of the program's own. */
class PartMemory {
  readonly scratch: readonly number[];
  readonly #kernel: ScanKernel;
  readonly #parts: number;

  constructor(kernel: ScanKernel, parts: number) {
    const { step, batch } = kernel;
    const states = step.states.map(({ width }) => batch * width * 4);
    const sums = sizesOf(kernel).map((size) => size * 4);
    this.#kernel = kernel;
    this.#parts = parts;
    // States and sums so far, twice: what is read and what is written; the sums of a part.
    this.scratch = [...states, ...sums, ...states, ...sums, ...sums];
  }

  /** The part that runs as number `k`, with what adds its sums to those before it. */
  part(k: number, first: number, steps: number): Piece<Kernel>[] {
    const { step, batch, masked, dtype } = this.#kernel;
    const [states, sequences, outputs] = [step.states.length, step.sequences.length, step.outputs.length];
    const sizes = sizesOf(this.#kernel);
    const time = (slot: Slot, width: number): Slot => ({ ...slot, offset: first * batch * width * 4, bytes: steps * batch * width * 4 });
    const inputs = inputsOf(this.#kernel);
    const from = inputs.map((_, index): Slot => {
      const own: Slot = { kind: 'input', index };
      if (index < states) return k === 0 ? own : this.#carried(k - 1, index);
      if (index < states + sequences) return time(own, step.sequences[index - states]?.width ?? 0);
      return masked && index === inputs.length - 1 ? time(own, 1) : own;
    });
    const isLast = k === this.#parts - 1;
    const so = (index: number): Slot => (isLast ? { kind: 'output', index: states + outputs + index } : this.#carried(k, states + index));
    const kernel: ScanPart = { ...this.#kernel, steps, since: first };
    const to = [
      ...step.states.map((_, index): Slot => (isLast ? { kind: 'output', index } : this.#carried(k, index))),
      ...step.outputs.map(({ width }, index): Slot => time({ kind: 'output', index: states + index }, width)),
      ...sizes.map((_, index): Slot => (k === 0 ? so(index) : this.#own(index))),
    ];
    const sums = k === 0 ? [] : sizes.map((size, index) => combined(size, dtype, total, [this.#carried(k - 1, states + index), this.#own(index)], so(index)));
    return [{ kernel, inputs: from, outputs: to }, ...sums];
  }

  /** A state or a sum as the part that ran as number `k` leaves it. */
  #carried(k: number, index: number): Slot {
    const { states, accumulations } = this.#kernel.step;
    return { kind: 'scratch', index: k % 2 * (states.length + accumulations.length) + index };
  }

  #own(index: number): Slot {
    const { states, accumulations } = this.#kernel.step;
    return { kind: 'scratch', index: 2 * (states.length + accumulations.length) + index };
  }
}

const total = add(input('x0'), input('x1'));

function sizesOf({ step }: ScanKernel): number[] {
  return step.accumulations.map(({ rows, columns }) => sizeOf([rows, Math.max(columns, 1)]));
}
