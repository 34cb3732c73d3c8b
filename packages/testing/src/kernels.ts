import { bytesPerElement, hostArray, inputsOf, outputsOf, referenceKernel, sizeOf, type Backend, type Buffer, type HostData, type Kernel } from '@unroll/tensor/backend';

const sentinel = 0x5a;

/** Runs a kernel; throws where it wrote outside of its outputs or changed its inputs. */
export async function runKernel(backend: Backend, kernel: Kernel, inputs: readonly HostData[]): Promise<HostData[]> {
  const used = backend.memory().used;
  const from = inputs.map((data) => upload(backend, data));
  const guarded = outputsOf(kernel).map(({ shape, dtype }) => {
    const bytes = sizeOf(shape) * bytesPerElement[dtype];
    const guard = (): HostData => new Int32Array(new Uint8Array(bytes).fill(sentinel).buffer);
    return { dtype, before: upload(backend, guard()), output: upload(backend, guard()), after: upload(backend, guard()) };
  });
  backend.dispatch(kernel, from, guarded.map(({ output }) => output));
  const results = await Promise.all(guarded.map(({ output, dtype }) => backend.read(output, dtype)));
  for (const [k, data] of inputs.entries()) demand(sameBits(await backend.read(from[k] as Buffer, 'int32'), data), () => `${kernel.kind}: input ${k} was changed`);
  for (const { before, after, output } of guarded) {
    for (const buffer of [before, after]) demand(bitsOf(await backend.read(buffer, 'int32')).every((byte) => byte === sentinel), () => `${kernel.kind}: wrote outside of its outputs`);
    for (const buffer of [before, after, output]) backend.free(buffer);
  }
  for (const buffer of from) backend.free(buffer);
  demand(backend.memory().used === used, () => `${kernel.kind}: left ${backend.memory().used - used} bytes behind`);
  return results;
}

/** Runs a kernel on a backend and by definition, and throws unless they agree within `tolerance`, relative to values above 1. */
export async function checkKernel(backend: Backend, kernel: Kernel, inputs: readonly HostData[], tolerance = 0): Promise<void> {
  const expected = outputsOf(kernel).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)));
  referenceKernel(kernel, inputs, expected);
  const results = await runKernel(backend, kernel, inputs);
  expected.forEach((values, k) => expectClose(results[k] as HostData, values, tolerance));
}

/** Inputs of a kernel, by its signatures. */
export function randomInputs(kernel: Kernel, seed: number, ranges: { readonly low?: number; readonly high?: number } = {}): HostData[] {
  const random = numberStream(seed);
  const { low = -2, high = 2 } = ranges;
  return inputsOf(kernel).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)).map(() => {
    const value = low + (high - low) * random();
    return dtype === 'int32' ? Math.round(value * 10) : value;
  }));
}

/** Numbers from 0 to 1, the same for the same seed. */
export function numberStream(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function upload(backend: Backend, data: HostData): Buffer {
  const buffer = backend.allocate(data.byteLength);
  backend.write(buffer, data);
  return buffer;
}

function bitsOf(data: HostData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function sameBits(a: HostData, b: HostData): boolean {
  const other = bitsOf(b);
  return bitsOf(a).every((byte, k) => byte === other[k]);
}

function expectClose(got: HostData, expected: HostData, tolerance: number): void {
  demand(got.length === expected.length, () => `${got.length} elements instead of ${expected.length}`);
  expected.forEach((value, k) => {
    const other = got[k] as number;
    const close = Object.is(other, value) || other === value || Math.abs(other - value) <= tolerance * Math.max(1, Math.abs(value));
    demand(close, () => `element ${k} of ${expected.length} is ${other} instead of ${value}`);
  });
}

function demand(condition: boolean, message: () => string): void {
  if (!condition) throw new Error(message());
}
