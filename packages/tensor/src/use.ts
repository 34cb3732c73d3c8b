import type { Backend } from './backend.ts';
import { TensorError } from './errors.ts';

let inUse: Backend | undefined;

/** Makes `backend` the one on which new tensors are created; returns the one before. */
export function use(backend: Backend | undefined): Backend | undefined {
  const before = inUse;
  inUse = backend;
  return before;
}

/** The backend in use. Throws where none was chosen: nothing is picked in silence. */
export function currentBackend(): Backend {
  if (inUse === undefined) throw new TensorError('backend', 'tensor: no backend is in use; call use(await wasm()) or use(reference()) first.');
  return inUse;
}
