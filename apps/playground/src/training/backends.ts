import type { Backend } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';
import type { BackendName } from './protocol.ts';

/** Opens a backend. The GPU's code is loaded when it is asked for; without a GPU this rejects with a sentence that says so. */
export async function openBackend(name: BackendName): Promise<Backend> {
  if (name === 'wasm') return wasm({ deterministic: true });
  const { webgpu } = await import('@unroll/webgpu');
  return webgpu();
}
