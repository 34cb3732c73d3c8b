import { Cache, kernelKey, TensorError, type Backend, type Buffer, type DirectAccess, type DType, type HostData, type Kernel, type KernelKind } from '@unroll/tensor/backend';
import { WasmBuffer } from './buffer.ts';
import { Machine, type Compile, type Run } from './kernels/compile.ts';
import { compileCopy } from './kernels/copy.ts';
import { compileGather, compileScatter } from './kernels/gather.ts';
import { compileMap } from './kernels/map.ts';
import { compileMatMul } from './kernels/matmul.ts';
import { compileRandom } from './kernels/random.ts';
import { compileReduce } from './kernels/reduce.ts';
import { compileScan } from './kernels/scan.ts';
import type { Heap } from './memory.ts';
import type { Profile, ProfileName } from './profile.ts';
import type { Pool } from './threads/pool.ts';

type Compilers = { readonly [K in KernelKind]: Compile<Extract<Kernel, { kind: K }>> };

/** How each kind of kernel is made to run. A new kind does not compile until it has its row here. */
const compilers: Compilers = {
  map: compileMap, reduce: compileReduce, matmul: compileMatMul, gather: compileGather, scatter: compileScatter,
  copy: compileCopy, random: compileRandom, scan: compileScan,
};

/** Kernels that stay compiled. */
const compiledKernels = 2048;
/** Compiling ahead leaves the thread to others after so many milliseconds. */
const sliceMs = 8;

/** Kernels as WebAssembly over one memory. What is dispatched has run when `dispatch` returns. */
export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly profile: ProfileName;
  readonly threads: number;
  /** Kernels have run when they return, in memory that the host sees. */
  readonly direct: DirectAccess = {
    bind: (kernel, inputs, outputs) => this.#bind(kernel, inputs, outputs),
    view: (buffer, dtype) => this.#view(buffer, dtype),
  };

  readonly #machine: Machine;
  readonly #compiled = new Cache<Run>(compiledKernels);

  constructor(heap: Heap, profile: Profile, pool?: Pool) {
    this.#machine = new Machine(heap, profile, pool);
    this.profile = profile.name;
    this.threads = pool?.size ?? 1;
  }

  supports(dtype: DType): boolean {
    return dtype !== 'float64';
  }

  allocate(bytes: number): Buffer {
    return new WasmBuffer(this.#machine.heap, bytes);
  }

  free(buffer: Buffer): void {
    this.#known(buffer).free();
  }

  write(buffer: Buffer, data: HostData): void {
    const known = this.#known(buffer);
    const { address, bytes } = known;
    if (data.byteLength !== bytes) throw new TensorError('argument', `wasm: ${data.byteLength} bytes do not fill a buffer of ${bytes}; pass exactly as many.`);
    known.changed();
    this.#machine.heap.views.bytes.set(new Uint8Array(data.buffer, data.byteOffset, bytes), address);
  }

  async read(buffer: Buffer, dtype: DType): Promise<HostData> {
    return this.#view(buffer, dtype).slice();
  }

  dispatch(kernel: Kernel, inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    this.#bind(kernel, inputs, outputs)();
  }

  async compile(kernels: readonly Kernel[]): Promise<void> {
    let since = performance.now();
    for (const kernel of kernels) {
      // Its code is written on this thread, which others need, too: a page would stand still.
      await this.#machine.ahead(() => { this.#run(kernel); });
      if (performance.now() - since < sliceMs) continue;
      await new Promise((resolve) => { setTimeout(resolve); });
      since = performance.now();
    }
  }

  memory(): { readonly reserved: number; readonly used: number } {
    const { reserved, used } = this.#machine.heap.statistics;
    return { reserved, used };
  }

  dispose(): void {
    this.#machine.pool?.dispose();
  }

  #bind(kernel: Kernel, inputs: readonly Buffer[], outputs: readonly Buffer[]): () => void {
    const run = this.#run(kernel);
    const [operands, results] = [inputs.map((buffer) => this.#known(buffer)), outputs.map((buffer) => this.#known(buffer))];
    const [from, to] = [operands.map(({ address }) => address), results.map(({ address }) => address)];
    return () => {
      for (const result of results) result.changed();
      run(from, to, operands);
    };
  }

  #run(kernel: Kernel): Run {
    // Every random kernel is another one, by its seed: to keep them would push the others out.
    return kernel.kind === 'random' ? this.#compile(kernel) : this.#compiled.get(kernelKey(kernel), () => this.#compile(kernel));
  }

  #view(buffer: Buffer, dtype: DType): HostData {
    const { address, bytes } = this.#known(buffer);
    const { float32, int32 } = this.#machine.heap.views;
    return (dtype === 'int32' ? int32 : float32).subarray(address / 4, (address + bytes) / 4);
  }

  // The row for a kernel's kind takes that kind; TypeScript cannot see that the two unions move together.
  #compile(kernel: Kernel): Run {
    return (compilers[kernel.kind] as Compile<Kernel>)(kernel, this.#machine);
  }

  #known(buffer: Buffer): WasmBuffer {
    if (!(buffer instanceof WasmBuffer) || buffer.heap !== this.#machine.heap) throw new TensorError('backend', 'wasm: this buffer belongs to another backend; move the tensor with to().');
    return buffer;
  }
}
