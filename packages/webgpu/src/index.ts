import { Recorder } from './backend.ts';
import type { BackendOptions, WebGpuBackend } from './contract.ts';
import { openDevice, type DeviceOptions } from './probe.ts';

export type { BackendOptions, Statistics, WebGpuBackend } from './contract.ts';
export { shadersOf } from './compile.ts';
export { WebGpuError, type WebGpuErrorCode } from './errors.ts';
export type { DeviceOptions } from './probe.ts';
export { anyDevice, type Access, type Feature, type Limits, type Shader, type Target, type WeightFormat } from './program.ts';

/** Which GPU computes, and how. */
export interface WebGpuOptions extends DeviceOptions, BackendOptions {}

/**
 * A backend that computes on a GPU: that of the browser, in Node that of the package `webgpu` (0.6.2), or a device of your own.
 * Throws a `WebGpuError` (`adapter`) that names what is missing.
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  return new Recorder(await openDevice(options), options);
}
