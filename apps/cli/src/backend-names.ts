/** Backends by the name that `--backend` takes. */
export type BackendName = 'wasm' | 'reference';

export const backendNames: readonly BackendName[] = ['wasm', 'reference'];
