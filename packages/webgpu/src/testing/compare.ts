import { bytesPerElement, hostArray, inputsOf, outputsOf, referenceKernel, sizeOf, type Backend, type Buffer, type HostData, type Kernel } from '@unroll/tensor/backend';
import { expect } from 'vitest';

/** Runs a kernel on a backend and by definition, and expects the same within `tolerance`, relative to values above 1. */
export async function checkKernel(backend: Backend, kernel: Kernel, inputs: readonly HostData[], tolerance = 0): Promise<void> {
  const expected = outputsOf(kernel).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)));
  referenceKernel(kernel, inputs, expected);
  const results = await runKernel(backend, kernel, inputs);
  expected.forEach((values, k) => expectClose(results[k] as HostData, values, tolerance));
}

/** What a backend computes. Outputs hold something else before. */
export async function runKernel(backend: Backend, kernel: Kernel, inputs: readonly HostData[]): Promise<HostData[]> {
  const from = inputs.map((data) => upload(backend, data));
  const outputs = outputsOf(kernel).map(({ shape, dtype }) => ({ dtype, buffer: upload(backend, hostArray(dtype, sizeOf(shape) * bytesPerElement[dtype] / 4).fill(-77)) }));
  backend.dispatch(kernel, from, outputs.map(({ buffer }) => buffer));
  const results = await Promise.all(outputs.map(({ buffer, dtype }) => backend.read(buffer, dtype)));
  for (const buffer of [...from, ...outputs.map((output) => output.buffer)]) backend.free(buffer);
  return results;
}

/** Inputs of a kernel, by its signatures, from −2 to 2. */
export function randomInputs(kernel: Kernel, seed: number): HostData[] {
  const random = randomNumbers(seed);
  return inputsOf(kernel).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)).map(() => {
    const value = 4 * random() - 2;
    return dtype === 'int32' ? Math.round(value * 10) : value;
  }));
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
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

function expectClose(got: HostData, expected: HostData, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  const wrong = expected.findIndex((value, k) => {
    const other = got[k] as number;
    return !(Object.is(other, value) || other === value || Math.abs(other - value) <= tolerance * Math.max(1, Math.abs(value)));
  });
  if (wrong >= 0) expect.fail(`element ${wrong} of ${expected.length} is ${got[wrong]} instead of ${expected[wrong]}`);
}
