import type { Backend } from './backend.ts';
import { bytesPerElement, type DType } from './dtype.ts';
import { check, TensorError } from './errors.ts';
import type { Kernel, Shape, Signature } from './kernel.ts';
import { Storage } from './memory.ts';
import { inputsOf, outputsOf } from './kernels/index.ts';
import { isWithheld } from './rehearsal.ts';
import { shapeText, sizeOf } from './shape.ts';
import { Tensor } from './tensor.ts';
import { currentBackend } from './use.ts';

/**
 * Someone who listens to kernels as they run: the tape of automatic differentiation. A value is known by its `Tensor` object. The
 * tensors of a kernel have the sizes of its signatures, though maybe another shape: an adjoint gets the shape of its tensor.
 */
export interface Recorder {
  /** May ask for more outputs than the caller did (values that a backward pass needs), behind the caller's own. */
  extend(kernel: Kernel, inputs: readonly Tensor[]): Kernel;
  /** Sees every kernel that ran. The tensors may be freed by their scopes afterwards: retain their storage to keep the values. */
  record(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void;
  /** Where it is true, nobody else may listen inside of it: it has to hear every kernel. */
  readonly alone?: boolean;
  /** Sees every new tensor that shares the memory of another one, with the same elements in another shape. */
  alias(input: Tensor, output: Tensor): void;
}

const recorders: Recorder[] = [];

/** Runs `body` while `recorder` listens; recorders nest, the innermost hears. `undefined` switches listening off. */
export function recording<T>(recorder: Recorder | undefined, body: () => T): T {
  check(recorders.every(({ alone }) => alone !== true), 'argument', () => 'capture: gradients, and whatever else listens to kernels, cannot be captured; take them outside of the captured function.');
  recorders.push(recorder ?? silent);
  try {
    return body();
  } finally {
    recorders.pop();
  }
}

/** Whether someone listens. */
export function isRecording(): boolean {
  return recorders.length > 0;
}

/** Whether someone listens who is content with less than every single kernel. */
export function mayRunInPieces(): boolean {
  const recorder = recorders.at(-1);
  return recorder !== undefined && recorder !== silent && recorder.alone !== true;
}

/** Tells whoever records of a kernel that has run in pieces, unheard. */
export function ranInPieces(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  recorders.at(-1)?.record(kernel, inputs, outputs);
}

const silent: Recorder = { extend: (kernel) => kernel, record: () => undefined, alias: () => undefined };

/**
 * The one door to the backends: checks the kernel, tells whoever records, allocates the outputs and dispatches. `shapes` gives the
 * first outputs another shape of the same size than the kernel's own; elements keep their order.
 */
export function run(kernel: Kernel, inputs: readonly Tensor[], shapes: readonly Shape[] = []): Tensor[] {
  checkInputs(kernel, inputs);
  const backend = backendOf(inputs);
  const buffers = inputs.map((tensor) => tensor.storage.buffer);
  const recorder = recorders.at(-1);
  const extended = recorder?.extend(kernel, inputs) ?? kernel;
  const outputs: Tensor[] = [];
  try {
    for (const [k, signature] of outputsOf(extended).entries()) outputs.push(allocate(backend, reshaped(extended, signature, shapes[k])));
    if (!isWithheld(backend, extended) && outputs.some(({ size }) => size > 0)) backend.dispatch(extended, buffers, outputs.map((tensor) => tensor.storage.buffer));
  } catch (error) {
    // All or none: when memory ends at the third output, the first two are freed.
    for (const output of outputs) output.dispose();
    throw error;
  }
  recorder?.record(extended, inputs, outputs);
  return outputs;
}

/** A new tensor over the memory of `tensor`: the same elements in another shape. Whoever records hears of it. */
export function alias(tensor: Tensor, shape: Shape): Tensor {
  check(sizeOf(shape) === tensor.size, 'shape', () => `reshape: ${shapeText(tensor.shape)} has ${tensor.size} elements, ${shapeText(shape)} has ${sizeOf(shape)}; both must be the same.`);
  const output = new Tensor(shape, tensor.dtype, tensor.storage);
  recorders.at(-1)?.alias(tensor, output);
  return output;
}

/** A tensor whose elements are not set yet. */
export function allocate(backend: Backend, { shape, dtype }: Signature): Tensor {
  checkSupported(backend, dtype);
  return new Tensor(shape, dtype, new Storage(backend, sizeOf(shape) * bytesPerElement[dtype]));
}

/** Throws unless the backend has this element type. */
export function checkSupported(backend: Backend, dtype: DType): void {
  check(backend.supports(dtype), 'dtype', () => `tensor: the ${backend.name} backend has no ${dtype}; use float32 there, or the reference backend.`);
}

function reshaped(kernel: Kernel, signature: Signature, shape: Shape | undefined): Signature {
  if (shape === undefined) return signature;
  check(sizeOf(shape) === sizeOf(signature.shape), 'shape', () => `${kernel.kind}: gives ${shapeText(signature.shape)}, which has not the size of ${shapeText(shape)}.`);
  return { shape, dtype: signature.dtype };
}

function checkInputs(kernel: Kernel, inputs: readonly Tensor[]): void {
  const expected = inputsOf(kernel);
  if (expected.length !== inputs.length) throw new TensorError('argument', `${kernel.kind}: takes ${expected.length} inputs, got ${inputs.length}.`);
  for (let k = 0; k < expected.length; k++) {
    const [signature, { shape, dtype }] = [expected[k] as Signature, inputs[k] as Tensor];
    if (dtype === signature.dtype && (shape === signature.shape || sizeOf(shape) === sizeOf(signature.shape))) continue;
    throw new TensorError('shape', `${kernel.kind}: input ${k} must be ${shapeText(signature.shape)} ${signature.dtype}, got ${shapeText(shape)} ${dtype}.`);
  }
}

function backendOf(inputs: readonly Tensor[]): Backend {
  const first = inputs[0]?.backend ?? currentBackend();
  const other = inputs.find(({ backend }) => backend !== first);
  check(other === undefined, 'backend', () => `tensor: all tensors of an operation must live on one backend, got ${first.name} and ${other?.backend.name}; move one with to().`);
  return first;
}
