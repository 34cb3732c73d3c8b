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
  /** What is being compiled off this thread, while it may be. */
  #ahead: Promise<unknown>[] | undefined;

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
    return this.#run(this.#bytes((module) => define(module, 'run')));
  }

  /**
   * A module of one function that all threads run together: its parameters are which of them runs it, and how many there are. When they
   * do is the pool's to say.
   */
  team(multiplications: number, define: (module: ModuleBuilder, name: string) => void): () => void {
    const bytes = this.#bytes((module) => define(module, 'run'));
    const own = this.#ahead === undefined ? { run: this.#run(bytes) } : this.#later(bytes, this.#ahead);
    return this.#together(multiplications, bytes, own);
  }

  /** Makes what `make` makes, its larger modules off this thread; resolved when they are there. Whoever does not wait still gets to run it. */
  async ahead(make: () => void): Promise<void> {
    const pending: Promise<unknown>[] = [];
    this.#ahead = pending;
    try {
      make();
    } finally {
      this.#ahead = undefined;
    }
    await Promise.all(pending);
  }

  #together(multiplications: number, bytes: Uint8Array<ArrayBuffer>, own: { run: Exported }): () => void {
    const { pool } = this;
    const kernel = pool === undefined || multiplications < pool.sharing.least ? undefined : pool.load(bytes);
    if (pool === undefined || kernel === undefined) return () => own.run(0, 1);
    const choice = new Choice();
    return () => {
      const together = pool.alive && (pool.sharing.always || choice.together());
      const start = performance.now();
      if (together) pool.run(kernel, own.run);
      else own.run(0, 1);
      choice.took(together, performance.now() - start);
    };
  }

  /** A function that is compiled now if it is called before it came. */
  #later(bytes: Uint8Array<ArrayBuffer>, pending: Promise<unknown>[]): { run: Exported } {
    const own: { run: Exported } = {
      run: (...values) => {
        own.run = this.#run(bytes);
        own.run(...values);
      },
    };
    const arrive = async (): Promise<void> => { own.run = named((await WebAssembly.instantiate(bytes, this.#imports())).instance, 'run'); };
    pending.push(arrive());
    return own;
  }

  #bytes(define: (module: ModuleBuilder) => void): Uint8Array<ArrayBuffer> {
    const module = new ModuleBuilder(this.heap.limits);
    define(module);
    return module.bytes();
  }

  #instance(bytes: Uint8Array<ArrayBuffer>): Readonly<Record<string, Exported>> {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), this.#imports()).exports as Readonly<Record<string, Exported>>;
  }

  #run(bytes: Uint8Array<ArrayBuffer>): Exported {
    return named(new WebAssembly.Instance(new WebAssembly.Module(bytes), this.#imports()), 'run');
  }

  #imports(): WebAssembly.Imports {
    return { env: { memory: this.heap.memory } };
  }

  /** What `make` makes for this key, made once: code that many kernels use, whatever their sizes. */
  shared<T>(key: string, make: () => T): T {
    return this.#shared.get(key, make) as T;
  }
}

function named({ exports }: WebAssembly.Instance, name: string): Exported {
  const found = exports[name];
  if (typeof found !== 'function') throw new RangeError(`wasm: the module exports nothing under the name ${name}.`);
  return found as Exported;
}
