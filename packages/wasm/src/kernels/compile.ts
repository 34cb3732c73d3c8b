import { Cache, type Kernel } from '@unroll/tensor/backend';
import { ModuleBuilder } from '../assembler.ts';
import type { WasmBuffer } from '../buffer.ts';
import type { Heap } from '../memory.ts';
import type { Profile } from '../profile.ts';
import { Choice } from '../threads/choice.ts';
import type { Pool } from '../threads/pool.ts';

/** A kernel ready to run, given the addresses of its inputs and outputs, and the inputs themselves, which know other forms of their numbers. */
export type Run = (inputs: readonly number[], outputs: readonly number[], operands: readonly WasmBuffer[]) => void;

/** Makes a kernel ready to run. */
export type Compile<K extends Kernel> = (kernel: K, machine: Machine) => Run;

/** An exported function of a module; every parameter is an i32, addresses above 2 GiB included. */
export type Exported = (...values: readonly number[]) => void;

/** What kernels are compiled for: a memory and an engine. */
export class Machine {
  readonly heap: Heap;
  readonly profile: Profile;
  /** Other threads, where there are any. */
  readonly pool: Pool | undefined;
  readonly #shared = new Cache<unknown>(1024);

  constructor(heap: Heap, profile: Profile, pool?: Pool) {
    this.heap = heap;
    this.profile = profile;
    this.pool = pool;
  }

  /** A module of this machine's memory; `define` writes its functions and exports them. */
  exports(define: (module: ModuleBuilder) => void): Readonly<Record<string, Exported>> {
    return this.#instance(this.#bytes(define));
  }

  /** A module of one function, which `define` exports under the name given; its parameters are the addresses of inputs, then of outputs. */
  build(define: (module: ModuleBuilder, name: string) => void): Run {
    const run = this.function(define);
    return (inputs, outputs) => run(...inputs, ...outputs);
  }

  /** A module of one function with parameters of its own, which `define` exports under the name given. */
  function(define: (module: ModuleBuilder, name: string) => void): Exported {
    const { run } = this.exports((module) => define(module, 'run'));
    if (run === undefined) throw new RangeError('wasm: the module exports nothing under the name asked for.');
    return run;
  }

  /**
   * A module of one function that all threads run together: its parameters are which of them runs it, and how many there are. When they
   * do is the pool's to say.
   */
  team(multiplications: number, define: (module: ModuleBuilder, name: string) => void): () => void {
    const bytes = this.#bytes((module) => define(module, 'run'));
    const { run } = this.#instance(bytes);
    if (run === undefined) throw new RangeError('wasm: the module exports nothing under the name asked for.');
    const { pool } = this;
    const kernel = pool === undefined || multiplications < pool.sharing.least ? undefined : pool.load(bytes);
    if (pool === undefined || kernel === undefined) return () => run(0, 1);
    const choice = new Choice();
    return () => {
      const together = pool.alive && (pool.sharing.always || choice.together());
      const start = performance.now();
      if (together) pool.run(kernel, run);
      else run(0, 1);
      choice.took(together, performance.now() - start);
    };
  }

  #bytes(define: (module: ModuleBuilder) => void): Uint8Array<ArrayBuffer> {
    const module = new ModuleBuilder(this.heap.limits);
    define(module);
    return module.bytes();
  }

  #instance(bytes: Uint8Array<ArrayBuffer>): Readonly<Record<string, Exported>> {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: this.heap.memory } });
    return instance.exports as Readonly<Record<string, Exported>>;
  }

  /** What `make` makes for this key, made once: code that many kernels use, whatever their sizes. */
  shared<T>(key: string, make: () => T): T {
    return this.#shared.get(key, make) as T;
  }
}
