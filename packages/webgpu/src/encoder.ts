import type { Arena } from './arena.ts';
import type { Places } from './log.ts';
import type { Bound, Pipelines } from './pipelines.ts';
import type { Command, Dispatch, Slot } from './program.ts';
import type { Reading } from './readback.ts';
import type { Place } from './value.ts';

/** Turns commands into those of the device; between two submissions they share one encoder, and as far as they can one pass. */
export class Encoder {
  dispatches = 0;
  submits = 0;
  readonly #device: GPUDevice;
  readonly #pipelines: Pipelines;
  readonly #arena: Arena;
  readonly #mostBound: number;
  #commands: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #pipeline: GPUComputePipeline | undefined;

  constructor(device: GPUDevice, pipelines: Pipelines, arena: Arena, mostBound: number) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.#arena = arena;
    this.#mostBound = mostBound;
  }

  command(command: Command, places: Places): void {
    switch (command.kind) {
      case 'dispatch': return this.#dispatch(command, places);
      case 'clear': {
        const { gpu, offset } = this.#bound(command.slot, places);
        this.#outside().clearBuffer(gpu, offset, command.bytes);
        return;
      }
      case 'move': {
        const [from, to] = [this.#bound(command.from, places), this.#bound(command.to, places)];
        this.#outside().copyBufferToBuffer(from.gpu, from.offset, to.gpu, to.offset, command.bytes);
      }
    }
  }

  /** Into a buffer that commands before use: by way of the arena, or, where it is too large for that, after they are submitted. */
  write({ block: { gpu }, offset }: Place, words: Uint32Array<ArrayBuffer>): void {
    const start = this.#arena.put(words);
    if (start === undefined) {
      this.submit();
      this.#device.queue.writeBuffer(gpu, offset, words);
    } else this.#outside().copyBufferToBuffer(this.#arena.gpu, start, gpu, offset, words.byteLength);
  }

  read({ block: { gpu }, offset: from }: Place, { staging, offset, bytes }: Reading): void {
    this.#outside().copyBufferToBuffer(gpu, from, staging, offset, bytes);
  }

  submit(): void {
    if (this.#commands === undefined) return;
    const commands = this.#outside().finish();
    this.#commands = undefined;
    this.#arena.send();
    this.#device.queue.submit([commands]);
    this.submits += 1;
  }

  #dispatch({ shader, slots, uniforms, workgroups }: Dispatch, places: Places): void {
    if (workgroups.includes(0)) return;
    const prepared = this.#pipelines.require(shader);
    const group = this.#pipelines.bindGroup(prepared, slots.map((slot) => this.#bound(slot, places)), this.#arena.gpu);
    const offsets = shader.uniforms > 0 ? [this.#put(uniforms)] : [];
    const pass = this.#inside();
    if (this.#pipeline !== prepared.pipeline) pass.setPipeline(prepared.pipeline);
    this.#pipeline = prepared.pipeline;
    pass.setBindGroup(0, group, offsets);
    pass.dispatchWorkgroups(...workgroups);
    this.dispatches += 1;
  }

  #put(words: readonly number[]): number {
    const start = this.#arena.put(words);
    if (start !== undefined) return start;
    this.submit();
    return this.#arena.put(words) ?? 0;
  }

  #bound({ kind, index, offset = 0, bytes }: Slot, places: Places): Bound {
    const place = places[kind][index];
    if (place === undefined) throw new RangeError(`webgpu: a command uses ${kind} ${index}, which its kernel does not have.`);
    const { block: { id, gpu }, offset: start, bytes: most } = place;
    return { id, gpu, offset: start + offset, bytes: bytes ?? Math.min(most - offset, this.#mostBound) };
  }

  #encoder(): GPUCommandEncoder {
    this.#commands ??= this.#device.createCommandEncoder();
    return this.#commands;
  }

  #inside(): GPUComputePassEncoder {
    this.#pass ??= this.#encoder().beginComputePass();
    return this.#pass;
  }

  #outside(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    this.#pipeline = undefined;
    return this.#encoder();
  }
}
