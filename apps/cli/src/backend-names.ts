/** Backends by the name that `--backend` takes. */
export type BackendName = 'wasm' | 'webgpu' | 'reference';

export const backendNames: readonly BackendName[] = ['wasm', 'webgpu', 'reference'];
