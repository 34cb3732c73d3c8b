import type { Kernel } from '@unroll/tensor/backend';
import { ModuleBuilder } from '../assembler.ts';
import type { WasmBuffer } from '../buffer.ts';
import { Cache } from '../cache.ts';
import type { Heap } from '../memory.ts';
import type { Profile } from '../profile.ts';

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
  readonly #shared = new Cache<unknown>(1024);

  constructor(heap: Heap, profile: Profile) {
    this.heap = heap;
    this.profile = profile;
  }

  /** A module of this machine's memory; `define` writes its functions and exports them. */
  exports(define: (module: ModuleBuilder) => void): Readonly<Record<string, Exported>> {
    const module = new ModuleBuilder(this.heap.limits);
    define(module);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory: this.heap.memory } });
    return instance.exports as Readonly<Record<string, Exported>>;
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

  /** What `make` makes for this key, made once: code that many kernels use, whatever their sizes. */
  shared<T>(key: string, make: () => T): T {
    return this.#shared.get(key, make) as T;
  }
}
