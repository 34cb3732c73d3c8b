import { reference, use, type Backend, type DType } from '@unroll/tensor';
import { CliError } from './errors.ts';

/** Backends by the name that `--backend` takes. This file is the only place of the command that knows them. */
export type BackendName = 'wasm' | 'reference';

export const backendNames: readonly BackendName[] = ['wasm', 'reference'];

/** The widest float of each backend: what numbers are compared in. */
export const widestFloat: Readonly<Record<BackendName, DType>> = { wasm: 'float32', reference: 'float64' };

/** Opens a backend and puts it in use. Throws a `CliError` of outcome `device` where this machine cannot run it. */
export async function useBackend(name: BackendName): Promise<Backend> {
  try {
    const backend = await openers[name]();
    use(backend);
    return backend;
  } catch (error) {
    throw new CliError('device', `backend ${name}: ${error instanceof Error ? error.message : String(error)}; try --backend reference`);
  }
}

const openers: Readonly<Record<BackendName, () => Promise<Backend>>> = {
  wasm: async () => (await import('@unroll/wasm')).wasm(),
  reference: async () => reference(),
};
