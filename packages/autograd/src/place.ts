import { ones, use, zeros, type Tensor } from '@unroll/tensor';
import type { Backend, DType, Shape } from '@unroll/tensor/backend';

/** Zeros on a given backend, whichever is in use. */
export function zerosOn(backend: Backend, shape: Shape, dtype: DType): Tensor {
  return on(backend, () => zeros(shape, { dtype }));
}

/** Ones on a given backend. */
export function onesOn(backend: Backend, shape: Shape, dtype: DType): Tensor {
  return on(backend, () => ones(shape, { dtype }));
}

/** Makes new tensors on a given backend. */
export function on<T>(backend: Backend, body: () => T): T {
  const before = use(backend);
  try {
    return body();
  } finally {
    use(before);
  }
}
