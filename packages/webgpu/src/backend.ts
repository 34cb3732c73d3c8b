import { inputsOf, kernelKey, outputsOf, sizeOf, TensorError, type Buffer, type DType, type HostData, type Kernel } from '@unroll/tensor/backend';
import { Arena } from './arena.ts';
import { Cache } from './cache.ts';
import { programOf } from './compile.ts';
import type { BackendOptions, Statistics, WebGpuBackend } from './contract.ts';
import { refused, WebGpuError } from './errors.ts';
import type { Blocks, Entry, ReadEntry, RunEntry, WriteEntry } from './log.ts';
import { GpuMemory } from './memory.ts';
import { Pipelines, type Bound } from './pipelines.ts';
import { Pool, type Block } from './pool.ts';
import type { OpenDevice } from './probe.ts';
import type { Command, Dispatch, Program, Slot, Target } from './program.ts';
import { Readback, type Reading } from './readback.ts';
import { shortest, Tuner } from './tune.ts';

/** Dispatches that are handed over together at most, so that the GPU does not wait for long. */
const together = 512;
/** Where shaders are still being compiled, recording goes on up to here. */
const patience = 8 * together;
/** Programs that stay. */
const keptPrograms = 2048;

/** Kernels as WGSL, recorded into a log that is encoded and submitted as one. */
export class Recorder implements WebGpuBackend {
  readonly name = 'webgpu';
  readonly device: GPUDevice;
  readonly lost: Promise<WebGpuError>;
  readonly target: Target;
  readonly #options: BackendOptions;
  readonly #open: OpenDevice;
  readonly #pool: Pool;
  readonly #pipelines: Pipelines;
  readonly #readback: Readback;
  readonly #encoder: Encoder;
  readonly #tuner: Tuner | undefined;
  readonly #counts = { used: 0, writes: 0, reads: 0 };
  #programs = new Cache<Program>(keptPrograms);
  #log: Entry[] = [];
  #recorded = 0;
  #draining = false;
  #gone: WebGpuError | undefined;

  readonly #uncaptured = ({ error }: GPUUncapturedErrorEvent): void => this.#readback.rejectAll(refused(error));

  constructor(open: OpenDevice, options: BackendOptions = {}) {
    const { device, target } = open;
    this.device = device;
    this.target = target;
    this.#open = open;
    this.#options = options;
    this.#pool = new Pool(device, target.limits, options.memoryLimit ?? Infinity);
    this.#pipelines = new Pipelines(device);
    this.#readback = new Readback(device);
    this.#encoder = new Encoder(device, this.#pipelines, new Arena(device), target.limits.maxStorageBufferBindingSize);
    if (options.tune ?? !open.isSoftware) this.#tuner = new Tuner(target, options.tuned);
    this.lost = device.lost.then((info) => this.#lose(info));
    device.addEventListener('uncapturederror', this.#uncaptured);
  }

  supports(dtype: DType): boolean {
    return dtype !== 'float64';
  }

  allocate(bytes: number): Buffer {
    this.#checkAlive();
    const memory = new GpuMemory(bytes, this, this.#take(bytes));
    this.#counts.used += bytes;
    return memory;
  }

  free(buffer: Buffer): void {
    const memory = this.#known(buffer);
    this.#pool.give(memory.free());
    this.#counts.used -= memory.bytes;
  }

  write(buffer: Buffer, data: HostData): void {
    this.#checkAlive();
    const memory = this.#known(buffer);
    const { block } = memory;
    if (data.byteLength !== memory.bytes) throw new TensorError('argument', `webgpu: ${data.byteLength} bytes do not fill a buffer of ${memory.bytes}; pass exactly as many.`);
    if (data.byteLength === 0) return;
    memory.spoil(undefined);
    this.#counts.writes += 1;
    // What recorded commands use has to change after them, and what may not be there has to come first.
    if (block.batch === this.#pool.batch || block.isPending) {
      block.batch = this.#pool.batch;
      this.#log.push({ kind: 'write', block, words: new Uint32Array(data.slice().buffer) });
    } else this.device.queue.writeBuffer(block.gpu, 0, data);
  }

  async read(buffer: Buffer, dtype: DType): Promise<HostData> {
    this.#checkAlive();
    const memory = this.#known(buffer);
    const { block } = memory;
    const content = memory.bytes === 0 ? new ArrayBuffer(0) : await new Promise<ArrayBuffer>((resolve, reject) => {
      const entry: ReadEntry = { kind: 'read', memory, block, resolve, reject };
      block.batch = this.#pool.batch;
      this.#counts.reads += 1;
      this.#readback.expect(entry);
      this.#log.push(entry);
      void this.#drain();
    });
    return dtype === 'int32' ? new Int32Array(content) : new Float32Array(content);
  }

  dispatch(kernel: Kernel, inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    this.#checkAlive();
    const program = this.#programOf(kernel);
    const [from, to] = [inputs.map((buffer) => this.#known(buffer)), outputs.map((buffer) => this.#known(buffer))];
    const scratch = this.#takeAll(program.scratch);
    const blocks: Blocks = { input: from.map(({ block }) => block), output: to.map(({ block }) => block), scratch };
    for (const list of [blocks.input, blocks.output, scratch]) for (const block of list) block.batch = this.#pool.batch;
    this.#log.push({ kind: 'run', program, blocks, inputs: from, outputs: to });
    // Whoever takes them next is recorded behind this kernel.
    for (const block of scratch) this.#pool.give(block);
    this.#recorded += program.commands.length;
    if (this.#recorded >= together && (this.#pending() === undefined || this.#recorded >= patience)) this.flush();
  }

  async compile(kernels: readonly Kernel[]): Promise<void> {
    this.#checkAlive();
    for (const kernel of kernels) this.#programOf(kernel);
    await this.#measure();
    const programs = kernels.map((kernel) => this.#programOf(kernel));
    await this.#pipelines.settled();
    for (const { commands } of programs) for (const command of commands) if (command.kind === 'dispatch') this.#pipelines.require(command.shader);
  }

  flush(): void {
    const log = this.#log;
    this.#log = [];
    this.#recorded = 0;
    this.#pool.batch += 1;
    if (log.length > 0 && this.#gone === undefined) this.#submit(log);
  }

  trim(): number {
    this.flush();
    this.#readback.trim();
    this.#pipelines.forgetBuffers();
    return this.#pool.trim();
  }

  memory(): { readonly reserved: number; readonly used: number } {
    return { reserved: this.#pool.statistics().reserved, used: this.#counts.used };
  }

  statistics(): Statistics {
    const { created, ...pool } = this.#pool.statistics();
    const { dispatches, submits } = this.#encoder;
    return { dispatches, submits, buffersCreated: created + this.#readback.created, ...pool, ...this.#pipelines.statistics(), ...this.#counts };
  }

  tuned(): Readonly<Record<string, string>> {
    return this.#tuner?.known() ?? this.#options.tuned ?? {};
  }

  destroy(): void {
    this.device.removeEventListener('uncapturederror', this.#uncaptured);
    this.#lose({ reason: 'destroyed', message: 'destroy() was called' });
    if (this.#open.isOwn) this.device.destroy();
  }

  // Private.

  #programOf(kernel: Kernel): Program {
    const make = (): Program => {
      const program = programOf(kernel, this.target, this.#options.variants?.[kernel.kind] ?? this.#tuner?.choose(kernel));
      this.#prepare(program);
      return program;
    };
    // Every random kernel is another one, by its seed: to keep them would push the others out.
    return kernel.kind === 'random' ? make() : this.#programs.get(kernelKey(kernel), make);
  }

  #prepare({ commands }: Program): void {
    for (const command of commands) if (command.kind === 'dispatch') this.#pipelines.prepare(command.shader);
  }

  /** A block; where there is no room, what was recorded is submitted first, so that all that is free can go. */
  #take(bytes: number): Block {
    try {
      return this.#pool.take(bytes);
    } catch (error) {
      if (this.#log.length === 0) throw error;
      this.flush();
      return this.#pool.take(bytes);
    }
  }

  #takeAll(sizes: readonly number[]): Block[] {
    const blocks: Block[] = [];
    try {
      for (const bytes of sizes) blocks.push(this.#take(bytes));
      return blocks;
    } catch (error) {
      for (const block of blocks) this.#pool.give(block);
      throw error;
    }
  }

  /** Resolved when nothing is compiled and no memory is being asked for any more; undefined where that is so. */
  #pending(): Promise<unknown> | undefined {
    return this.#pool.settled() ?? this.#pipelines.settled();
  }

  /** Submits as soon as everything is ready; all that is read in this turn goes together. */
  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    await Promise.resolve();
    for (let pending = this.#pending(); pending !== undefined; pending = this.#pending()) await pending;
    this.#draining = false;
    try {
      this.flush();
      await this.#measure();
    } catch (error) {
      this.#readback.rejectAll(error as Error);
    }
  }

  /** Measures what the tuner does not know; programs are chosen anew when it does. */
  async #measure(): Promise<void> {
    if (await this.#tuner?.measure((kernel, program) => this.#time(kernel, program)) === true) this.#programs = new Cache<Program>(keptPrograms);
  }

  /** Milliseconds of a program on memory of its own, the best of a few runs after the first. */
  async #time(kernel: Kernel, program: Program): Promise<number> {
    this.#prepare(program);
    await this.#pipelines.settled();
    // What is recorded may still read memory that is free by now.
    this.flush();
    const bytes = (signatures: ReturnType<typeof inputsOf>): number[] => signatures.map(({ shape }) => sizeOf(shape) * 4);
    const blocks: Blocks = { input: this.#takeAll(bytes(inputsOf(kernel))), output: this.#takeAll(bytes(outputsOf(kernel))), scratch: this.#takeAll(program.scratch) };
    const duration = await shortest(this.device, () => {
      for (const command of program.commands) this.#encoder.command(command, blocks);
      this.#encoder.submit();
    });
    for (const block of [...blocks.input, ...blocks.output, ...blocks.scratch]) this.#pool.give(block);
    return duration;
  }

  #submit(log: readonly Entry[]): void {
    const { device } = this;
    const reads = log.filter((entry) => entry.kind === 'read');
    const outputs = log.flatMap((entry) => (entry.kind === 'run' ? entry.outputs : []));
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const places = this.#readback.places(reads.map(({ memory }) => memory.bytes));
    const placeOf = new Map(reads.map((entry, k) => [entry, places[k] as Reading]));
    for (const entry of log) this.#encode(entry, placeOf);
    this.#encoder.submit();
    const outcome = Promise.all([device.popErrorScope(), device.popErrorScope()]).then(([validation, memory]) => {
      const error = validation ?? memory;
      if (error === null) return undefined;
      const fault = refused(error);
      for (const output of outputs) output.spoil(fault);
      return fault;
    }, () => undefined);
    if (reads.length > 0) void this.#readback.deliver(reads, places, outcome, () => this.#gone);
  }

  #encode(entry: Entry, placeOf: ReadonlyMap<ReadEntry, Reading>): void {
    switch (entry.kind) {
      case 'write': return entry.block.fault === undefined ? this.#encoder.write(entry) : undefined;
      case 'read': return entry.memory.fault === undefined ? this.#encoder.read(entry.block, placeOf.get(entry) as Reading) : undefined;
      case 'run': {
        // What follows from something wrong is wrong.
        const fault = entry.inputs.find((memory) => memory.fault !== undefined)?.fault ?? entry.blocks.scratch.find((block) => block.fault !== undefined)?.fault;
        for (const output of entry.outputs) output.spoil(fault);
        if (fault === undefined && entry.outputs.every((output) => output.fault === undefined)) this.#run(entry);
      }
    }
  }

  #run({ program, blocks, outputs }: RunEntry): void {
    try {
      for (const command of program.commands) this.#encoder.command(command, blocks);
    } catch (error) {
      for (const output of outputs) output.spoil(error as Error);
    }
  }

  #lose({ reason, message }: Pick<GPUDeviceLostInfo, 'reason' | 'message'>): WebGpuError {
    this.#gone ??= new WebGpuError('lost', `webgpu: the device was lost (${reason}: ${message}), and all that was on it; open a new one with webgpu() and restore what you have a copy of.`);
    this.#readback.rejectAll(this.#gone);
    this.#log = [];
    return this.#gone;
  }

  #checkAlive(): void {
    if (this.#gone !== undefined) throw this.#gone;
  }

  #known(buffer: Buffer): GpuMemory {
    if (!(buffer instanceof GpuMemory) || buffer.owner !== this) throw new TensorError('backend', 'webgpu: this buffer belongs to another backend; move the tensor with to().');
    return buffer;
  }
}

/** Turns commands into those of the device; between two submissions they share one encoder, and as far as they can one pass. */
class Encoder {
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

  command(command: Command, blocks: Blocks): void {
    switch (command.kind) {
      case 'dispatch': return this.#dispatch(command, blocks);
      case 'clear': {
        const { gpu, offset } = this.#bound(command.slot, blocks);
        this.#outside().clearBuffer(gpu, offset, command.bytes);
        return;
      }
      case 'move': {
        const [from, to] = [this.#bound(command.from, blocks), this.#bound(command.to, blocks)];
        this.#outside().copyBufferToBuffer(from.gpu, from.offset, to.gpu, to.offset, command.bytes);
      }
    }
  }

  /** Into a buffer that commands before use: by way of the arena, or, where it is too large for that, after they are submitted. */
  write({ block, words }: Pick<WriteEntry, 'block' | 'words'>): void {
    const start = this.#arena.put(words);
    if (start === undefined) {
      this.submit();
      this.#device.queue.writeBuffer(block.gpu, 0, words);
    } else this.#outside().copyBufferToBuffer(this.#arena.gpu, start, block.gpu, 0, words.byteLength);
  }

  read(block: Block, { staging, offset, bytes }: Reading): void {
    this.#outside().copyBufferToBuffer(block.gpu, 0, staging, offset, bytes);
  }

  submit(): void {
    if (this.#commands === undefined) return;
    const commands = this.#outside().finish();
    this.#commands = undefined;
    this.#arena.send();
    this.#device.queue.submit([commands]);
    this.submits += 1;
  }

  #dispatch({ shader, slots, uniforms, workgroups }: Dispatch, blocks: Blocks): void {
    if (workgroups.includes(0)) return;
    const prepared = this.#pipelines.require(shader);
    const group = this.#pipelines.bindGroup(prepared, slots.map((slot) => this.#bound(slot, blocks)), this.#arena.gpu);
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

  #bound({ kind, index, offset = 0, bytes }: Slot, blocks: Blocks): Bound {
    const block = blocks[kind][index];
    if (block === undefined) throw new RangeError(`webgpu: a command uses ${kind} ${index}, which its kernel does not have.`);
    return { id: block.id, gpu: block.gpu, offset, bytes: bytes ?? Math.min(block.bytes - offset, this.#mostBound) };
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
