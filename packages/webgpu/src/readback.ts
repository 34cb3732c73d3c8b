import { WebGpuError } from './errors.ts';
import type { ReadEntry } from './log.ts';
import { bufferUsage, sizeClass } from './pool.ts';
import { answersLate } from './probe.ts';

/** A part of a staging buffer that will hold what is read. */
export interface Reading {
  readonly staging: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** So much is read through one staging buffer, at most, unless one tensor is larger. */
const together = 2 ** 26;
/** Where a mapped range may start. */
const alignment = 8;

/** Copies from the GPU to the host: all that is read in one submission goes through one staging buffer, which is used again. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #free: GPUBuffer[] = [];
  readonly #waiting = new Set<ReadEntry>();
  #created = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get created(): number {
    return this.#created;
  }

  /** A place for each of the reads of a submission, in order. */
  places(sizes: readonly number[]): Reading[] {
    const groups: number[][] = [];
    let filled = together;
    for (const bytes of sizes) {
      const aligned = Math.ceil(bytes / alignment) * alignment;
      if (filled + aligned > together) groups.push([]);
      filled = filled + aligned > together ? aligned : filled + aligned;
      groups.at(-1)?.push(bytes);
    }
    return groups.flatMap((group) => this.#group(group));
  }

  /** Someone waits for this. */
  expect(entry: ReadEntry): void {
    this.#waiting.add(entry);
  }

  /** Ends all waiting. */
  rejectAll(error: Error): void {
    for (const entry of this.#waiting) entry.reject(error);
    this.#waiting.clear();
  }

  /** Gives the reads of a submission what they wait for: numbers, or what went wrong, with the submission, what is read, or the device. */
  async deliver(reads: readonly ReadEntry[], places: readonly Reading[], outcome: Promise<Error | undefined>, gone: () => Error | undefined): Promise<void> {
    let settle: (entry: ReadEntry, k: number) => void;
    try {
      const contents = await this.#take(places);
      const refused = await outcome;
      settle = (entry, k) => {
        const fault = refused ?? entry.value.fault;
        if (fault === undefined) entry.resolve(contents[k] as ArrayBuffer);
        else entry.reject(fault);
      };
    } catch (error) {
      // A device that is gone tells so itself, a moment later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      const reason = gone() ?? new WebGpuError('device', `webgpu: reading failed: ${error instanceof Error ? error.message : String(error)}`);
      settle = (entry) => entry.reject(reason);
    }
    reads.forEach((entry, k) => {
      settle(entry, k);
      this.#waiting.delete(entry);
    });
  }

  /** Waits; some browsers have to be kept busy for an answer in time. */
  async answered(answer: Promise<unknown>): Promise<void> {
    const soon = (): Promise<boolean> => new Promise((resolve) => { setTimeout(resolve, 1, true); });
    while (answersLate() && await Promise.race([answer.then(() => false), soon()])) this.#device.queue.submit([]);
    await answer;
  }

  /** Destroys the staging buffers that are not in use. */
  trim(): void {
    for (const staging of this.#free.splice(0)) staging.destroy();
  }

  /** The contents of all places of a submission; resolved when the GPU is done. */
  async #take(readings: readonly Reading[]): Promise<ArrayBuffer[]> {
    const stagings = [...new Set(readings.map(({ staging }) => staging))];
    await this.answered(Promise.all(stagings.map((staging) => staging.mapAsync(1))));
    const contents = readings.map(({ staging, offset, bytes }) => staging.getMappedRange(offset, bytes).slice(0));
    for (const staging of stagings) staging.unmap();
    this.#free.push(...stagings);
    return contents;
  }

  #group(sizes: readonly number[]): Reading[] {
    const starts: number[] = [];
    let end = 0;
    for (const bytes of sizes) {
      starts.push(end);
      end += Math.ceil(bytes / alignment) * alignment;
    }
    const staging = this.#staging(sizeClass(end));
    return sizes.map((bytes, k) => ({ staging, offset: starts[k] ?? 0, bytes }));
  }

  #staging(size: number): GPUBuffer {
    const known = this.#free.findIndex((staging) => staging.size === size);
    if (known >= 0) return this.#free.splice(known, 1)[0] as GPUBuffer;
    this.#created += 1;
    return this.#device.createBuffer({ size, usage: bufferUsage.mapRead | bufferUsage.copyTarget });
  }
}
