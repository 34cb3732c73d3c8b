import { Cache, kernelKey, type CopyKernel, type CopyPart, type Kernel, type MapKernel, type ReduceKernel } from '@unroll/tensor/backend';
import { batched, type Batch, type Likeness } from './batch.ts';
import { copyDispatches } from './kernels/copy.ts';
import { sumsProgram, type Segment } from './kernels/sums.ts';
import type { Entry, Placed, RunEntry } from './log.ts';
import type { Block, Pool } from './pool.ts';
import type { Program, Target } from './program.ts';
import type { Memory, Place, Value } from './value.ts';

/** What a `Placer` needs of the backend that it is part of. */
export interface Surroundings {
  readonly target: Target;
  readonly pool: Pool;
  readonly memory: Memory;
  /** The program of a kernel; known ones are not made again. */
  readonly programOf: (kernel: Kernel) => Program;
  /** Starts to compile the shaders of a program. */
  readonly prepare: (program: Program) => void;
  /** Hands over all that is ready, so that what is free can go. */
  readonly handOver: () => void;
  /** Hears of what went wrong. */
  readonly failed: (error: Error) => void;
}

/** Parts of a block start at multiples of so many elements: what a binding may be aligned to. */
const aligned = 64;
/** Programs for several kernels that stay. */
const keptPrograms = 512;

/**
 * Finds programs and places for what was recorded. Kernels that do the same to different tensors become one: what they read is brought
 * into one block unless it lies there already, and what they give lies in one block, where the next of their kind finds it.
 */
export class Placer {
  /** What is ready to be encoded. */
  readonly ready: Placed[] = [];
  readonly #around: Surroundings;
  readonly #programs = new Cache<Program>(keptPrograms);
  /** Blocks in use by what is being placed. */
  readonly #held: Block[] = [];

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Takes entries over; their values are released. */
  place(log: readonly Entry[]): void {
    for (const unit of batched(log, this.#around.target)) {
      if (unit.kind === 'batch') this.#batch(unit);
      else {
        this.#attempt([unit.value], () => this.#exchange(unit));
        if (unit.kind === 'read' && unit.value.place === undefined) unit.reject(unit.value.fault as Error);
        unit.value.release();
      }
    }
  }

  /** A block for so many bytes; where there is no room, what is ready is handed over first. */
  take(bytes: number): Place {
    const block = this.#blockOf(bytes);
    this.#held.push(block);
    this.#around.memory.enter(block);
    return { block, offset: 0, bytes: block.bytes };
  }

  /** Ends the use of what was taken. */
  leave(): void {
    for (const block of this.#held.splice(0)) this.#around.memory.leave(block);
  }

  #blockOf(bytes: number): Block {
    try {
      return this.#around.pool.take(bytes);
    } catch (error) {
      if (this.ready.length === 0) throw error;
      this.#around.handOver();
      return this.#around.pool.take(bytes);
    }
  }

  #batch({ likeness, runs }: Batch): void {
    const isDone = likeness !== undefined && runs.length > 1 && this.#attempt(outputsOf(runs), () => this.#together(likeness, runs));
    for (const run of runs) {
      if (!isDone) this.#attempt(run.outputs, () => this.#alone(run));
      for (const value of [...run.inputs, ...run.outputs]) value.release();
    }
  }

  /** What cannot be placed leaves outputs spoiled. Gives what `body` gives. */
  #attempt<T>(outputs: readonly Value[], body: () => T): T | true {
    try {
      return body();
    } catch (error) {
      this.#around.failed(error as Error);
      for (const value of outputs) value.spoil(error as Error);
      return true;
    } finally {
      this.leave();
    }
  }

  #exchange(entry: Exclude<Entry, RunEntry>): void {
    const place = this.#placeOf(entry.value);
    this.ready.push(entry.kind === 'read' ? { kind: 'read', entry, place } : { kind: 'write', place, words: entry.words });
  }

  #alone({ kernel, inputs, outputs }: RunEntry): void {
    const program = this.#around.programOf(kernel);
    const from = inputs.map((value) => this.#placeOf(value));
    const to = outputs.map((value) => this.#settled(value, this.take(value.bytes)));
    this.#run(program, inputs, from, outputs, to);
  }

  #run(program: Program, inputs: readonly Value[], from: readonly Place[], outputs: readonly Value[], to: readonly Place[]): void {
    const scratch = program.scratch.map((bytes) => this.take(bytes));
    const places = { input: from, output: to, scratch };
    for (const { block } of [...from, ...to, ...scratch]) block.batch = this.#around.pool.batch;
    this.ready.push({ kind: 'run', program, places, inputs, outputs });
  }

  // Several as one. Each gives whether it did; where it does not pay, nothing has changed.

  #together(likeness: Likeness, runs: readonly RunEntry[]): boolean {
    switch (likeness.kind) {
      case 'map': return this.#maps(likeness.isWhole, runs);
      case 'sum': return this.#sums(runs);
      case 'copy': return this.#copies(runs);
    }
  }

  #maps(isWhole: readonly boolean[], runs: readonly RunEntry[]): boolean {
    const first = (runs[0] as RunEntry).kernel as MapKernel;
    const columns = isWhole.map((whole, k) => (whole ? runs.map(({ inputs }) => inputs[k] as Value) : undefined));
    const layout = layoutOf(runs.map(({ outputs }) => (outputs[0] as Value).bytes));
    const scattered = columns.filter((column) => column !== undefined && !isLaidOut(column, layout));
    // A program for each, or one after bringing the tensors together; what comes out is together the next time.
    const pays = runs.length > 2 && scattered.length * this.#copiesFor(runs.length) < runs.length + first.bodies.length;
    if (scattered.length > 0 && (!pays || scattered.some((column) => new Set(column).size < runs.length))) return false;
    const from = columns.map((column, k) => (column === undefined ? this.#placeOf((runs[0] as RunEntry).inputs[k] as Value) : this.#laidOut(column, layout)));
    const shape = [layout.total];
    const kernel: MapKernel = { ...first, shape, inputs: first.inputs.map(({ dtype }, k) => ({ dtype, shape: isWhole[k] === true ? shape : [] })) };
    const to = first.bodies.map((_, k) => this.#spread(runs.map(({ outputs }) => outputs[k] as Value), layout));
    this.#run(this.#around.programOf(kernel), inputsOf(runs), from, outputsOf(runs), to);
    return true;
  }

  #sums(runs: readonly RunEntry[]): boolean {
    const values = runs.map(({ inputs }) => inputs[0] as Value);
    const { dtype } = (runs[0] as RunEntry).kernel as ReduceKernel;
    const block = values[0]?.place?.block;
    if (block === undefined || values.some(({ place }) => place?.block !== block)) {
      const layout = layoutOf(values.map(({ bytes }) => bytes));
      if (this.#copiesFor(runs.length) + 2 > runs.length) return false;
      this.#laidOut(values, layout);
    }
    const places = values.map((value) => this.#placeOf(value));
    const start = Math.min(...places.map(({ offset }) => offset));
    const end = Math.max(...places.map(({ offset, bytes }) => offset + bytes));
    const segments = places.map(({ offset }, k): Segment => ({ start: (offset - start) / 4, count: (values[k] as Value).bytes / 4 }));
    const program = this.#programFor(`sums ${dtype} ${segments.map((segment) => `${segment.start} ${segment.count}`).join()}`, () => sumsProgram(segments, dtype, aligned));
    const to = this.#spread(runs.map(({ outputs }) => outputs[0] as Value), layoutOf(runs.map(() => 4)));
    this.#run(program, values, [{ block: (places[0] as Place).block, offset: start, bytes: end - start }], outputsOf(runs), [to]);
    return true;
  }

  #copies(runs: readonly RunEntry[]): boolean {
    const sources = [...new Set(inputsOf(runs))];
    const layout = layoutOf(runs.map(({ outputs }) => (outputs[0] as Value).bytes));
    const kernels = runs.map(({ kernel }) => kernel as CopyKernel);
    const numbers = runs.map(({ inputs }) => inputs.map((value) => sources.indexOf(value)));
    const program = this.#programFor(`copies ${kernels.map((kernel, k) => `${kernelKey(kernel)} ${numbers[k]?.join()}`).join()}`, () => {
      const parts = kernels.flatMap((kernel, k) => kernel.parts.map((part): CopyPart => ({ ...part, input: numbers[k]?.[part.input] ?? 0, to: part.to + (layout.starts[k] ?? 0) })));
      return { scratch: [], commands: copyDispatches(parts, this.#around.target) };
    });
    const from = sources.map((value) => this.#placeOf(value));
    const to = this.#spread(runs.map(({ outputs }) => outputs[0] as Value), layout);
    this.#run(program, sources, from, outputsOf(runs), [to]);
    return true;
  }

  /** Dispatches that bring so many tensors together. */
  #copiesFor(count: number): number {
    return Math.ceil(count / Math.min(10, this.#around.target.limits.maxStorageBuffersPerShaderStage - 1));
  }

  /** Values side by side in a block: where they are, if they are, or where they move. */
  #laidOut(values: readonly Value[], layout: Layout): Place {
    const from = values.map((value) => this.#placeOf(value));
    const [first] = from as [Place];
    if (isLaidOut(values, layout)) return { block: first.block, offset: first.offset, bytes: layout.total * 4 };
    const program = this.#programFor(`pack ${layout.starts.join()} of ${values.map(({ bytes }) => bytes).join()}`, () => {
      const parts = values.map(({ bytes }, input): CopyPart => ({ input, shape: [bytes / 4], from: 0, fromStrides: [1], to: layout.starts[input] ?? 0, toStrides: [1] }));
      return { scratch: [], commands: copyDispatches(parts, this.#around.target) };
    });
    const to = this.#spread(values, layout);
    this.#run(program, values, from, values, [to]);
    return to;
  }

  /** A block with a place for each of the values, which are there from now on. */
  #spread(values: readonly Value[], { starts, total }: Layout): Place {
    const { block } = this.take(total * 4);
    values.forEach((value, k) => value.settle({ block, offset: (starts[k] ?? 0) * 4, bytes: Math.ceil(value.bytes / (aligned * 4)) * aligned * 4 }));
    return { block, offset: 0, bytes: total * 4 };
  }

  /** Where a value is; what was never written is somewhere, too. */
  #placeOf(value: Value): Place {
    const place = value.place ?? this.#settled(value, this.take(value.bytes));
    place.block.batch = this.#around.pool.batch;
    return place;
  }

  #settled(value: Value, place: Place): Place {
    value.settle(place);
    return place;
  }

  #programFor(key: string, make: () => Program): Program {
    return this.#programs.get(key, () => {
      const program = make();
      this.#around.prepare(program);
      return program;
    });
  }
}

// Private.

/** Where tensors start in a block that they share, in elements, and how many it has. */
interface Layout { readonly starts: readonly number[]; readonly total: number }

function layoutOf(sizes: readonly number[]): Layout {
  let total = 0;
  const starts = sizes.map((bytes) => {
    const start = total;
    total += Math.ceil(bytes / (aligned * 4)) * aligned;
    return start;
  });
  return { starts, total };
}

function isLaidOut(values: readonly Value[], { starts, total }: Layout): boolean {
  const first = values[0]?.place;
  if (first === undefined || first.offset + total * 4 > first.block.bytes) return false;
  return values.every(({ place }, k) => place?.block === first.block && place.offset === first.offset + (starts[k] ?? 0) * 4);
}

function inputsOf(runs: readonly RunEntry[]): Value[] {
  return runs.flatMap(({ inputs }) => inputs);
}

function outputsOf(runs: readonly RunEntry[]): Value[] {
  return runs.flatMap(({ outputs }) => outputs);
}
