import { TensorError, type Backend } from '@unroll/tensor/backend';
import { ModuleBuilder } from './assembler.ts';
import { WasmBackend } from './backend.ts';
import { Heap } from './memory.ts';
import { chooseProfile } from './probe.ts';
import type { ProfileName } from './profile.ts';
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
}

/** A CPU backend, and how it computes here. */
export interface Wasm extends Backend {
  /** How products are shaped for this engine. */
  readonly profile: ProfileName;
}

/**
 * A backend that computes on the CPU, with SIMD code generated for the kernels that it meets. Each has a memory of its own.
 * Throws a `TensorError`: `backend` where the engine cannot compile such code, `memory` where no memory can be had.
 */
export async function wasm(options: WasmOptions = {}): Promise<Wasm> {
  checkEngine();
  const plain = chooseProfile(options);
  return new WasmBackend(new Heap({ shared: canShare() }), options.accelerate === true ? accelerated(plain) : plain);
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
