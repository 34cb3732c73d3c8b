import { drawsRandom, type Place, type Plan, type Target } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';

/** Some steps of a longer recurrence. */
export interface ScanPart extends ScanKernel {
  /** The time of the first of them, of which random numbers know. */
  readonly since: number;
}

/** A number of elements: so many for each step and row (T · B), so many for each row (B), so many in any case. */
export interface Extent { readonly cell: number; readonly row: number; readonly fixed: number }

/** A tensor of the kernel, or memory of the scan's own: a buffer of its own unless bindings are short (`Memory`). */
export interface Region {
  readonly kind: 'input' | 'output' | 'scratch';
  /** Of the tensors that go in or come out. */
  readonly index: number;
  readonly name: string;
  readonly extent: Extent;
  /** Seeds are words, everything else numbers, or what is packed of them. */
  readonly type: 'f32' | 'u32' | 'vec4<f32>' | 'vec2<u32>';
}

/** What a number of elements is for a kernel. */
export function elementsOf({ cell, row, fixed }: Extent, { steps, batch }: Pick<ScanKernel, 'steps' | 'batch'>): number {
  return (cell * steps + row) * batch + fixed;
}

/** 32-bit words of an element. */
const wordsOf: Readonly<Record<Region['type'], number>> = { f32: 1, u32: 1, 'vec4<f32>': 4, 'vec2<u32>': 2 };

/** Bytes of a region of a kernel. */
export function bytesOf({ extent, type }: Region, kernel: Pick<ScanKernel, 'steps' | 'batch'>): number {
  return elementsOf(extent, kernel) * wordsOf[type] * 4;
}

/** All memory that the scan of a kernel can touch, by what it holds. */
export class Regions {
  /** Values before the first step, and after the last one. */
  readonly initial: readonly Region[];
  readonly final: readonly Region[];
  /** Values while the loop runs, two a row: what `slot` says is which. */
  readonly states: readonly Region[];
  readonly sequences: readonly Region[];
  readonly vectors: readonly Region[];
  readonly matrices: readonly Region[];
  readonly biases: readonly (Region | undefined)[];
  readonly seed: Region | undefined;
  readonly mask: Region | undefined;
  readonly outputs: readonly Region[];
  readonly accumulations: readonly Region[];
  /** The plan's buffers. */
  readonly buffers: readonly Region[];

  constructor({ step, masked }: ScanKernel, plan: Plan) {
    let inputs = 0;
    let outputs = 0;
    const input = (name: string, extent: Partial<Extent>, type: Region['type'] = 'f32'): Region => ({ kind: 'input', index: inputs++, name, extent: { ...nothing, ...extent }, type });
    const output = (name: string, extent: Partial<Extent>): Region => ({ kind: 'output', index: outputs++, name, extent: { ...nothing, ...extent }, type: 'f32' });
    this.initial = step.states.map(({ name, width }) => input(`${name}_first`, { row: width }));
    this.sequences = step.sequences.map(({ name, width }) => input(name, { cell: width }));
    this.vectors = step.vectors.map(({ name, width }) => input(name, { fixed: width }));
    const weights = step.weights.map(({ name, blocks, rows, columns, bias }) => ({
      matrix: input(name, { fixed: blocks * rows * columns }), bias: bias ? input(`${name}_bias`, { fixed: blocks * rows }) : undefined,
    }));
    this.matrices = weights.map(({ matrix }) => matrix);
    this.biases = weights.map(({ bias }) => bias);
    this.seed = drawsRandom(step) ? input('seed', { fixed: 2 }, 'u32') : undefined;
    this.mask = masked ? input('mask', { cell: 1 }) : undefined;
    this.final = step.states.map(({ name, width }) => output(`${name}_last`, { row: width }));
    this.outputs = step.outputs.map(({ name, width }) => output(name, { cell: width }));
    this.accumulations = step.accumulations.map(({ name, rows, columns }) => output(name, { fixed: rows * Math.max(columns, 1) }));
    this.states = step.states.map(({ name, width }) => scratch(name, { row: 2 * width }));
    this.buffers = plan.buffers.map(({ span, width }, k) => scratch(`scratch${k}`, span === 'series' ? { cell: width } : { row: width }));
  }

  /** The region that a place is in. */
  of({ kind, index }: Target): Region {
    const all: Readonly<Record<Target['kind'], readonly Region[]>> = {
      state: this.states, next: this.states, sequence: this.sequences, vector: this.vectors, output: this.outputs, scratch: this.buffers,
    };
    return all[kind][index] as Region;
  }

  /** Channels from one row of a place to the next; 0: all rows are the same. */
  widthOf(place: Place | Target): number {
    const { cell, row } = this.of(place).extent;
    return place.kind === 'state' || place.kind === 'next' ? row / 2 : cell + row;
  }

  /** Whether a place has a row for every step. */
  isSeries(place: Place | Target): boolean {
    return this.of(place).extent.cell > 0;
  }
}

/** Memory of the scan's own. */
export function scratch(name: string, extent: Partial<Extent>, type: Region['type'] = 'f32'): Region {
  return { kind: 'scratch', index: -1, name, extent: { ...nothing, ...extent }, type };
}

const nothing: Extent = { cell: 0, row: 0, fixed: 0 };
