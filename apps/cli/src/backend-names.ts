/** Backends by the name that `--backend` takes. */
export type BackendName = 'wasm' | 'webgpu' | 'reference';

export const backendNames: readonly BackendName[] = ['wasm', 'webgpu', 'reference'];

/** What a training may be told: a backend, or the faster one of processor and GPU, by measurement. */
export type BackendChoice = BackendName | 'auto';

export const backendChoices: readonly BackendChoice[] = [...backendNames, 'auto'];
