import { TensorError, type Backend } from '@unroll/tensor/backend';
import { ModuleBuilder } from './assembler.ts';
import { WasmBackend } from './backend.ts';
import { Heap } from './memory.ts';
import { chooseProfile } from './probe.ts';

/** How the backend computes. */
export interface WasmOptions {
  /**
   * Results with the same bits on every machine and engine, a tenth slower: without fused multiply-add. Where the engine has none,
   * that is so anyway.
   */
  readonly deterministic?: boolean;
}

/**
 * A backend that computes on the CPU, with SIMD code generated for the kernels that it meets. Each has a memory of its own.
 * Throws a `TensorError`: `backend` where the engine cannot compile such code, `memory` where no memory can be had.
 */
export async function wasm(options: WasmOptions = {}): Promise<Backend> {
  checkEngine();
  return new WasmBackend(new Heap({ shared: canShare() }), chooseProfile(options));
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
