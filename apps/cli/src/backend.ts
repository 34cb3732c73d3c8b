import { reference, use, type Backend, type DType } from '@unroll/tensor';
import type { BackendName } from './backend-names.ts';
import { CliError } from './errors.ts';

export type { BackendName };

/** The widest float of each backend: what numbers are compared in. */
export const widestFloat: Readonly<Record<BackendName, DType>> = { wasm: 'float32', webgpu: 'float32', reference: 'float64' };

/** Opens a backend and puts it in use. Throws a `CliError` of outcome `device` where this machine cannot run it. */
export async function useBackend(name: BackendName): Promise<Backend> {
  try {
    const backend = await openers[name]();
    use(backend);
    return backend;
  } catch (error) {
    throw new CliError('device', `backend ${name}: ${error instanceof Error ? error.message : String(error)}; try --backend ${name === 'webgpu' ? 'wasm' : 'reference'}`);
  }
}

const openers: Readonly<Record<BackendName, () => Promise<Backend>>> = {
  // Same bits, half the time of products in Node 24: the process is the command's own, so V8's flag may be set.
  wasm: async () => (await import('@unroll/wasm')).wasm({ accelerate: true }),
  webgpu: openGpu,
  reference: async () => reference(),
};

let gpu: Backend | undefined;

/** One device does for all that a process does one after the other; what was compiled for it stays. */
async function openGpu(): Promise<Backend> {
  if (gpu !== undefined) return gpu;
  const { webgpu } = await import('@unroll/webgpu');
  const opened = await webgpu();
  gpu = opened;
  void forgetWhenLost(opened);
  return opened;
}

async function forgetWhenLost({ lost }: { readonly lost: Promise<unknown> }): Promise<void> {
  await lost;
  gpu = undefined;
}
