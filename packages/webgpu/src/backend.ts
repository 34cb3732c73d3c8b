import { Cache, inputsOf, kernelKey, outputsOf, sizeOf, TensorError, type Buffer, type DType, type HostData, type Kernel } from '@unroll/tensor/backend';
import { Arena } from './arena.ts';
import { programOf } from './compile.ts';
import type { BackendOptions, Statistics, WebGpuBackend } from './contract.ts';
import { refused, WebGpuError } from './errors.ts';
import { Encoder } from './encoder.ts';
import type { Entry, Placed, Places, ReadEntry, Run } from './log.ts';
import { Pipelines } from './pipelines.ts';
import { Placer } from './place.ts';
import { outOfMemory, Pool, sizeClass } from './pool.ts';
import type { OpenDevice } from './probe.ts';
import type { Program, Target } from './program.ts';
import { Readback, type Reading } from './readback.ts';
import { shortest, Tuner } from './tune.ts';
import { GpuMemory, Memory, Value, type Place } from './value.ts';

/** Dispatches that are handed over together at most, so that the GPU does not wait for long. */
const together = 512;
/** Where shaders are still being compiled, recording goes on up to here. */
const patience = 8 * together;
/** Pipelines that stay unless told otherwise. */
const keptPipelines = 1024;
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
  readonly #memory: Memory;
  readonly #placer: Placer;
  readonly #tuner: Tuner | undefined;
  readonly #counts = { used: 0, writes: 0, reads: 0 };
  #programs = new Cache<Program>(keptPrograms);
  #log: Entry[] = [];
  /** Commands in the log, and about as many that have their places and are not submitted. */
  #recorded = 0;
  #waiting = 0;
  #draining: Promise<void> | undefined;
  /** Of the last submission, and what went wrong first since somebody asked. */
  #outcome: Promise<unknown> = Promise.resolve();
  #fault: Error | undefined;
  #gone: WebGpuError | undefined;

  readonly #uncaptured = ({ error }: GPUUncapturedErrorEvent): void => this.#readback.rejectAll(refused(error));

  constructor(open: OpenDevice, options: BackendOptions = {}) {
    const { device } = open;
    const target: Target = options.weights === undefined ? open.target : { ...open.target, weights: options.weights };
    this.device = device;
    this.target = target;
    this.#open = open;
    this.#options = options;
    this.#pool = new Pool(device, target.limits, options.memoryLimit ?? Infinity);
    this.#memory = new Memory(this.#pool);
    this.#pipelines = new Pipelines(device, options.pipelineLimit ?? keptPipelines);
    this.#readback = new Readback(device);
    this.#encoder = new Encoder(device, this.#pipelines, new Arena(device), target.limits.maxStorageBufferBindingSize);
    this.#placer = new Placer({
      target, pool: this.#pool, memory: this.#memory,
      programOf: (kernel) => this.#programOf(kernel), prepare: (program) => this.#prepare(program), handOver: () => this.#handOver(), failed: (error) => this.#failed(error),
    });
    if (options.tune ?? !open.isSoftware) this.#tuner = new Tuner(target, options.tuned);
    this.lost = device.lost.then((info) => this.#lose(info));
    device.addEventListener('uncapturederror', this.#uncaptured);
  }

  supports(dtype: DType): boolean {
    return dtype !== 'float64';
  }

  allocate(bytes: number): Buffer {
    this.#checkAlive();
    this.#checkRoom(bytes);
    this.#counts.used += bytes;
    return new GpuMemory(this, new Value(bytes, this.#memory));
  }

  free(buffer: Buffer): void {
    const memory = this.#known(buffer);
    memory.free();
    this.#counts.used -= memory.bytes;
  }

  write(buffer: Buffer, data: HostData): void {
    this.#checkAlive();
    const memory = this.#known(buffer);
    if (data.byteLength !== memory.value.bytes) throw new TensorError('argument', `webgpu: ${data.byteLength} bytes do not fill a buffer of ${memory.bytes}; pass exactly as many.`);
    if (data.byteLength === 0) return;
    this.#counts.writes += 1;
    const value = new Value(memory.bytes, this.#memory);
    const place = this.#placer.take(memory.bytes);
    const { block } = place;
    // Where commands that are not submitted yet had something else, or where it is not sure yet that there is memory, it has to wait for its turn.
    const waits = block.isPending || block.batch === this.#pool.batch;
    value.settle(place);
    this.#placer.leave();
    memory.hold(value);
    if (waits) this.#log.push({ kind: 'write', value: value.retain(), words: new Uint32Array(data.slice().buffer) });
    else this.device.queue.writeBuffer(block.gpu, 0, data);
  }

  async read(buffer: Buffer, dtype: DType): Promise<HostData> {
    this.#checkAlive();
    const { bytes, value } = this.#known(buffer);
    const content = bytes === 0 ? new ArrayBuffer(0) : await new Promise<ArrayBuffer>((resolve, reject) => {
      const entry: ReadEntry = { kind: 'read', value: value.retain(), resolve, reject };
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
    const read = from.map(({ value }) => value.retain());
    const written = to.map((memory) => {
      const value = new Value(memory.bytes, this.#memory);
      memory.hold(value);
      return value.retain();
    });
    this.#log.push({ kind: 'run', kernel, inputs: read, outputs: written });
    this.#recorded += program.commands.length;
    if (this.#recorded >= together) this.#relieve();
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
    this.#place();
    this.#handOver();
  }

  async finish(): Promise<void> {
    this.#checkAlive();
    await this.#drain();
    await this.#readback.answered(this.device.queue.onSubmittedWorkDone()).catch(nextTurn);
    await this.#outcome;
    this.#checkAlive();
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw fault;
  }

  trim(): number {
    this.flush();
    this.#readback.trim();
    this.#pipelines.forgetBuffers();
    return this.#pool.trim();
  }

  memory(): { readonly reserved: number; readonly used: number } {
    return { reserved: this.#pool.statistics().reserved + this.#memory.promised, used: this.#counts.used };
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

  /** Throws where so much cannot be had, even when all that is free is gone. */
  #checkRoom(bytes: number): void {
    const most = this.target.limits.maxBufferSize;
    const limit = this.#options.memoryLimit ?? Infinity;
    const taken = (): number => this.#pool.statistics().reserved + this.#memory.promised;
    if (bytes > most) throw outOfMemory(bytes, taken(), `no buffer may have more than ${most}`);
    if (taken() + sizeClass(bytes) <= limit) return;
    this.trim();
    if (taken() + sizeClass(bytes) > limit) throw outOfMemory(bytes, taken(), `${limit} are allowed`);
  }

  /** Finds a place for all that was recorded. */
  #place(): void {
    const log = this.#log;
    this.#log = [];
    this.#recorded = 0;
    if (log.length > 0 && this.#gone === undefined) this.#placer.place(log);
  }

  /** Much was recorded: submits it, or waits for the sake of what is still being compiled, but not without end. */
  #relieve(): void {
    this.#waiting += this.#recorded;
    this.#place();
    if (this.#pending() === undefined || this.#waiting >= patience) this.#handOver();
  }

  /** Submits all that has its place. */
  #handOver(): void {
    const ready = this.#placer.ready.splice(0);
    this.#waiting = 0;
    this.#pool.batch += 1;
    if (ready.length > 0 && this.#gone === undefined) this.#submit(ready);
  }

  /** Resolved when nothing is compiled and no memory is being asked for any more; undefined where that is so. */
  #pending(): Promise<unknown> | undefined {
    return this.#pool.settled() ?? this.#pipelines.settled();
  }

  /** Submits as soon as everything is ready; all that is read in this turn goes together. */
  #drain(): Promise<void> {
    this.#draining ??= this.#drainAll();
    return this.#draining;
  }

  async #drainAll(): Promise<void> {
    for (let pending: Promise<unknown> | undefined = Promise.resolve(); pending !== undefined; pending = this.#pending()) {
      await pending;
      this.#place();
    }
    this.#draining = undefined;
    try {
      this.#handOver();
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
    const take = (signatures: ReturnType<typeof inputsOf>): Place[] => signatures.map(({ shape }) => this.#placer.take(sizeOf(shape) * 4));
    try {
      const places: Places = { input: take(inputsOf(kernel)), output: take(outputsOf(kernel)), scratch: program.scratch.map((bytes) => this.#placer.take(bytes)) };
      return await shortest(this.device, () => {
        for (const command of program.commands) this.#encoder.command(command, places);
        this.#encoder.submit();
      });
    } finally {
      this.#placer.leave();
    }
  }

  #submit(ready: readonly Placed[]): void {
    const { device } = this;
    const reads = ready.flatMap((placed) => (placed.kind === 'read' ? [placed.entry] : []));
    const outputs = ready.flatMap((placed) => (placed.kind === 'run' ? placed.outputs : []));
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const readings = this.#readback.places(reads.map(({ value }) => value.bytes));
    const readingOf = new Map(reads.map((entry, k) => [entry, readings[k] as Reading]));
    for (const placed of ready) this.#encode(placed, readingOf);
    this.#encoder.submit();
    const outcome = Promise.all([device.popErrorScope(), device.popErrorScope()]).then(([validation, memory]) => {
      const error = validation ?? memory;
      if (error === null) return undefined;
      const fault = this.#failed(refused(error));
      for (const output of outputs) output.spoil(fault);
      return fault;
    }, () => undefined);
    this.#outcome = outcome;
    if (reads.length > 0) void this.#readback.deliver(reads, readings, outcome, () => this.#gone);
  }

  #encode(placed: Placed, readingOf: ReadonlyMap<ReadEntry, Reading>): void {
    switch (placed.kind) {
      case 'write': return placed.place.block.fault === undefined ? this.#encoder.write(placed.place, placed.words) : undefined;
      case 'read': return placed.entry.value.fault === undefined ? this.#encoder.read(placed.place, readingOf.get(placed.entry) as Reading) : undefined;
      case 'run': {
        // What follows from something wrong is wrong.
        const { input, output, scratch } = placed.places;
        const fault = placed.inputs.find((value) => value.fault !== undefined)?.fault ?? [...input, ...output, ...scratch].find(({ block }) => block.fault !== undefined)?.block.fault;
        if (fault === undefined) this.#run(placed);
        else for (const value of placed.outputs) value.spoil(this.#failed(fault));
      }
    }
  }

  #failed<T extends Error>(fault: T): T {
    this.#fault ??= fault;
    return fault;
  }

  #run({ program, places, outputs }: Run): void {
    try {
      for (const command of program.commands) this.#encoder.command(command, places);
    } catch (error) {
      for (const output of outputs) output.spoil(this.#failed(error as Error));
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

/** A device that is gone tells so itself, a moment after what waits for it has failed. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, 0); });
}
