import type { Backend, HostData } from '../backend.ts';
import { hostArray, type DType } from '../dtype.ts';
import { check } from '../errors.ts';
import type { Shape } from '../kernel.ts';
import { elementStore } from '../kernels/store.ts';
import { allocate, checkSupported } from '../run.ts';
import { checkShape, shapeText, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { currentBackend } from '../use.ts';

/** Numbers, in arrays within arrays as deep as the tensor has axes. */
export type NestedNumbers = number | readonly NestedNumbers[];
/** What a tensor can be made from. */
export type TensorData = NestedNumbers | HostData;
/** float32 where none is named. */
export interface TypeOptions { readonly dtype?: DType }

/**
 * A tensor from numbers on the host, copied. The shape is that of the nesting, or (N) for a typed array, unless given; the type is
 * that of a typed array, else float32.
 */
export function tensor(data: TensorData, options: { readonly shape?: Shape; readonly dtype?: DType } = {}): Tensor {
  const nested = isHostData(data) ? [data.length] : shapeOf(data);
  const shape = options.shape ?? nested;
  checkShape('tensor', shape);
  check(sizeOf(shape) === sizeOf(nested), 'shape', () => `tensor: ${sizeOf(nested)} numbers do not fill shape ${shapeText(shape)}, which takes ${sizeOf(shape)}.`);
  const dtype = options.dtype ?? (isHostData(data) ? typeOf(data) : 'float32');
  const host = isHostData(data) && typeOf(data) === dtype ? data : converted(isHostData(data) ? data : leaves(data), dtype, sizeOf(shape));
  return upload(currentBackend(), host, shape, dtype);
}

/** Zeros. */
export function zeros(shape: Shape, options: TypeOptions = {}): Tensor { return full(shape, 0, options); }
/** Ones. */
export function ones(shape: Shape, options: TypeOptions = {}): Tensor { return full(shape, 1, options); }
/** One number everywhere. */
export function full(shape: Shape, value: number, { dtype = 'float32' }: TypeOptions = {}): Tensor {
  return filled(currentBackend(), shape, value, dtype);
}
/** Zeros in the shape and type of `x`, where it lives. */
export function zerosLike(x: Tensor): Tensor { return filled(x.backend, x.shape, 0, x.dtype); }
/** Ones in the shape and type of `x`, where it lives. */
export function onesLike(x: Tensor): Tensor { return filled(x.backend, x.shape, 1, x.dtype); }

/** `0, 1, … stop−1`. */
export function arange(stop: number, options?: TypeOptions): Tensor;
/** `start, start + step, …` as long as it is before `stop`. */
export function arange(start: number, stop: number, step?: number, options?: TypeOptions): Tensor;
export function arange(first: number, second?: number | TypeOptions, step = 1, options: TypeOptions = {}): Tensor {
  const [start, stop] = typeof second === 'number' ? [first, second] : [0, first];
  const { dtype = 'float32' } = typeof second === 'object' ? second : options;
  check([start, stop, step].every(Number.isFinite) && step !== 0, 'argument', () => `arange: needs finite numbers and a step other than 0, got start ${start}, stop ${stop}, step ${step}.`);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return upload(currentBackend(), converted(Array.from({ length: count }, (_, k) => start + k * step), dtype, count), [count], dtype);
}

/** A copy on another backend. */
export async function to(x: Tensor, backend: Backend): Promise<Tensor> {
  checkSupported(backend, x.dtype);
  return upload(backend, await x.data(), x.shape, x.dtype);
}

// For the other operations.

/** int32 `0, 1, … count−1` on a backend. */
export function arangeOn(backend: Backend, count: number): Tensor {
  return upload(backend, Int32Array.from({ length: count }, (_, k) => k), [count], 'int32');
}

/** Host data as a tensor on a backend. */
export function upload(backend: Backend, data: HostData, shape: Shape, dtype: DType): Tensor {
  const result = allocate(backend, { shape: [...shape], dtype });
  try {
    if (data.length > 0) backend.write(result.storage.buffer, data);
    return result;
  } catch (error) {
    result.dispose();
    throw error;
  }
}

// Private.

function filled(backend: Backend, shape: Shape, value: number, dtype: DType): Tensor {
  checkShape('full', shape);
  checkSupported(backend, dtype);
  return upload(backend, converted(undefined, dtype, sizeOf(shape), value), shape, dtype);
}

function converted(values: ArrayLike<number> | undefined, dtype: DType, length: number, value = 0): HostData {
  const host = hostArray(dtype, length);
  if (values === undefined && value === 0) return host;
  const store = elementStore(host);
  for (let k = 0; k < length; k++) store(k, values?.[k] ?? value);
  return host;
}

function isHostData(data: TensorData): data is HostData {
  return data instanceof Float32Array || data instanceof Int32Array || data instanceof Float64Array;
}

function typeOf(data: HostData): DType {
  if (data instanceof Int32Array) return 'int32';
  return data instanceof Float64Array ? 'float64' : 'float32';
}

function shapeOf(data: NestedNumbers): number[] {
  if (typeof data === 'number') return [];
  const [first, ...rest] = data.map(shapeOf);
  const other = rest.find((shape) => shapeText(shape) !== shapeText(first ?? []));
  check(other === undefined, 'shape', () => `tensor: nested arrays must have equal lengths, got ${shapeText(first ?? [])} beside ${shapeText(other ?? [])}.`);
  return [data.length, ...(first ?? [])];
}

function leaves(data: NestedNumbers): number[] {
  return typeof data === 'number' ? [data] : data.flatMap(leaves);
}
