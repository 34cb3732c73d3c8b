import { TensorError, type Backend, type Kernel } from '@unroll/tensor/backend';
import { ModuleBuilder } from './assembler.ts';
import { WasmBackend } from './backend.ts';
import { Heap } from './memory.ts';
import { chooseProfile } from './probe.ts';
import type { ProfileName } from './profile.ts';
import { Pool } from './threads/pool.ts';
import { accelerated } from './turbo.ts';

export type { ProfileName } from './profile.ts';

/** How the backend computes. */
export interface WasmOptions {
  /**
   * Results with the same bits on every machine and engine, a tenth slower: without fused multiply-add. Where the engine has none,
   * that is so anyway.
   */
  readonly deterministic?: boolean;
  /**
   * Vectors of 256 bits in Node 24 and later, where products then take half the time: switches an experimental part of V8 on for the whole
   * process, after comparing it with plain code for 60 ms; it stays off where it does not help. Default false.
   */
  readonly accelerate?: boolean;
  /**
   * Threads for recurrences, this one counted; 'auto': one for each processor, at most 8. Results are those of one thread, to the bit. A
   * kernel runs on one thread where that is faster. Default 1; more only in Node and in workers of cross-origin isolated pages.
   */
  readonly threads?: number | 'auto';
}

/** A CPU backend, and how it computes here. */
export interface Wasm extends Backend {
  /** How products are shaped for this engine. */
  readonly profile: ProfileName;
  /** Threads, this one counted. */
  readonly threads: number;
  /**
   * Compiles what kernels need before they run: recurrences off this thread, the rest in slices that leave a page alive. `compile` of
   * `@unroll/tensor` finds out which kernels a function needs.
   */
  compile(kernels: readonly Kernel[]): Promise<void>;
  /** Ends its other threads; it computes on without them. */
  dispose(): void;
}

/**
 * A backend that computes on the CPU, with SIMD code generated for the kernels that it meets. Each has a memory of its own.
 * Throws a `TensorError`: `backend` where the engine cannot compile such code, `memory` where no memory can be had.
 */
export async function wasm(options: WasmOptions = {}): Promise<Wasm> {
  checkEngine();
  const threads = threadsOf(options.threads ?? 1);
  const plain = chooseProfile(options);
  const heap = new Heap({ shared: canShare() });
  return new WasmBackend(heap, options.accelerate === true ? accelerated(plain) : plain, await Pool.start(heap, threads));
}

/** Of more threads a step has too little work for each. */
const mostThreads = 8;

function threadsOf(threads: number | 'auto'): number {
  if (threads === 'auto') return Math.min(processors(), mostThreads);
  if (!Number.isInteger(threads) || threads < 1) throw new TensorError('argument', `wasm: threads must be a whole number from 1, or 'auto', got ${threads}.`);
  return threads;
}

function processors(): number {
  const host: { readonly navigator?: { readonly hardwareConcurrency?: number }; readonly process?: { getBuiltinModule?(id: string): unknown } } = globalThis;
  const system = host.process?.getBuiltinModule?.('node:os') as { availableParallelism(): number } | undefined;
  return system?.availableParallelism() ?? host.navigator?.hardwareConcurrency ?? 1;
}

// A shared memory grows without being copied. Browsers have them only for isolated pages.
function canShare(): boolean {
  const host: { readonly crossOriginIsolated?: boolean; readonly process?: { readonly versions?: { readonly node?: string } } } = globalThis;
  return host.process?.versions?.node !== undefined || host.crossOriginIsolated === true;
}

function checkEngine(): WebAssembly.Module {
  const module = new ModuleBuilder({ initial: 0, maximum: 1, shared: false });
  module.function({ params: [], results: ['v128'] }, (f) => f.f32x4(0));
  try {
    return new WebAssembly.Module(module.bytes());
  } catch (error) {
    throw new TensorError('backend', `wasm: this engine does not compile WebAssembly with SIMD at run time (${String(error)}); allow 'wasm-unsafe-eval' in the page's content security policy, or use reference().`);
  }
}
