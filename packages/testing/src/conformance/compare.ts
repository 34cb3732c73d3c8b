import { text } from '@unroll/expr';
import { bytesPerElement, hostArray, inputsOf, outputsOf, referenceKernel, sizeOf, type Backend, type Buffer, type DType, type HostData, type Kernel } from '@unroll/tensor/backend';
import { expect } from 'vitest';

/** A kernel and what goes in. */
export interface Case { readonly kernel: Kernel; readonly inputs: readonly HostData[] }

/**
 * Runs a case on a backend and by definition in float64, and expects the same: int32 exactly, floats within `tolerance`, absolute
 * below and relative above 1. Also expects that inputs stay as they are and that every element of the outputs is written.
 */
export async function expectConforming(backend: Backend, { kernel, inputs }: Case, tolerance: number): Promise<void> {
  const found = await dispatched(backend, kernel, inputs);
  expectedOf(kernel, inputs).forEach((expected, k) => expectClose(found[k] as HostData, expected, tolerance, `${nameOf(kernel)}, output ${k}`));
}

function nameOf(kernel: Kernel): string {
  return kernel.kind === 'map' ? `map of ${kernel.bodies.map(text).join(', ')}` : kernel.kind;
}

/** The float64 version of a kernel: the same, with rounding out of the picture. */
function exact(kernel: Kernel): Kernel {
  const wide = (dtype: DType): DType => (dtype === 'float32' ? 'float64' : dtype);
  const widened = { ...kernel, dtype: wide(kernel.dtype) };
  return widened.kind === 'map' ? { ...widened, compute: wide(widened.compute), inputs: widened.inputs.map(({ shape, dtype }) => ({ shape, dtype: wide(dtype) })) } : widened;
}

function expectedOf(kernel: Kernel, inputs: readonly HostData[]): HostData[] {
  const outputs = outputsOf(exact(kernel)).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)));
  referenceKernel(exact(kernel), inputs.map((data) => (data instanceof Float32Array ? Float64Array.from(data) : data)), outputs);
  return outputs;
}

async function dispatched(backend: Backend, kernel: Kernel, inputs: readonly HostData[]): Promise<HostData[]> {
  const used = backend.memory().used;
  const from = inputs.map((data, k) => uploaded(backend, inputsOf(kernel)[k]?.dtype ?? 'float32', data));
  // Nothing may rest on outputs being clear.
  const to = outputsOf(kernel).map(({ shape, dtype }) => uploaded(backend, dtype, hostArray(dtype, sizeOf(shape)).fill(dtype === 'int32' ? -77 : NaN)));
  if (outputsOf(kernel).some(({ shape }) => sizeOf(shape) > 0)) backend.dispatch(kernel, from, to);
  const found = await Promise.all(outputsOf(kernel).map(({ dtype }, k) => backend.read(to[k] as Buffer, dtype)));
  const after = await Promise.all(inputsOf(kernel).map(({ dtype }, k) => backend.read(from[k] as Buffer, dtype)));
  for (const buffer of [...from, ...to]) backend.free(buffer);
  if (!after.every((data, k) => same(data, inputs[k] as HostData))) expect.fail(`${kernel.kind}: changed its inputs`);
  if (backend.memory().used !== used) expect.fail(`${kernel.kind}: left ${backend.memory().used - used} bytes behind`);
  return found;
}

function same(a: HostData, b: HostData): boolean {
  return a.every((value, k) => Object.is(value, b[k]));
}

function uploaded(backend: Backend, dtype: DType, data: HostData): Buffer {
  const buffer = backend.allocate(data.length * bytesPerElement[dtype]);
  if (data.length > 0) backend.write(buffer, data);
  return buffer;
}

function expectClose(found: HostData, expected: HostData, tolerance: number, what: string): void {
  if (found.length !== expected.length) expect.fail(`${what}: has ${found.length} elements, by definition ${expected.length}`);
  const narrow = found instanceof Float32Array ? Math.fround : (value: number): number => value;
  const wrong = expected.findIndex((value, k) => !isClose(found[k] as number, narrow(value), found instanceof Int32Array ? 0 : tolerance));
  if (wrong >= 0) expect.fail(`${what}: element ${wrong} is ${found[wrong]}, by definition ${expected[wrong]}, tolerance ${tolerance}`);
}

function isClose(found: number, expected: number, tolerance: number): boolean {
  if (Number.isNaN(expected) || !Number.isFinite(expected)) return Object.is(found, expected);
  return Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected));
}
