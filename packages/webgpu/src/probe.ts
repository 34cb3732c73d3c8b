import { WebGpuError } from './errors.ts';
import { featureNames, limitNames, type Feature, type Limits, type Target } from './program.ts';

/** Which GPU is opened, and how. */
export interface DeviceOptions {
  /** A device of the caller's own, with the limits and features that it was asked for; it stays the caller's to destroy. */
  readonly device?: GPUDevice;
  /** Where there are several GPUs. */
  readonly powerPreference?: GPUPowerPreference;
  /** In Node: what the package `webgpu` is started with, `adapter=…` or `backend=null` say. */
  readonly flags?: readonly string[];
}

/** A device, and what code for it depends on. */
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly target: Target;
  /** Whether it computes on the CPU after all. */
  readonly isSoftware: boolean;
  readonly isOwn: boolean;
}

/** Opens a device with all of the limits and features that its adapter has. Throws a `WebGpuError` (`adapter`) that says what is missing. */
export async function openDevice(options: DeviceOptions = {}): Promise<OpenDevice> {
  if (options.device !== undefined) return { device: options.device, target: targetOf(options.device, options.device.adapterInfo), isSoftware: options.device.adapterInfo?.isFallbackAdapter ?? false, isOwn: false };
  const gpu = await findGpu(options.flags ?? []);
  const adapter = await gpu.requestAdapter(options.powerPreference === undefined ? {} : { powerPreference: options.powerPreference });
  if (adapter === null) throw new WebGpuError('adapter', `webgpu: no GPU was found; ${isNode() ? 'install its Vulkan driver (on Linux; Mesa 25 has one for the CPU, lavapipe)' : 'see whether this browser has WebGPU switched on'}, or use wasm().`);
  const device = await adapter.requestDevice({ requiredFeatures: featureNames.filter((name) => adapter.features.has(name)), requiredLimits: limitsOf(adapter.limits) });
  return { device, target: targetOf(device, adapter.info), isSoftware: adapter.info.isFallbackAdapter, isOwn: true };
}

/** Whether what this process runs in tells the results of waiting late, unless it is kept busy (Firefox, by up to 100 ms). */
export function answersLate(host: Host = thisHost()): boolean {
  return host.navigator?.userAgent?.includes('Firefox/') === true;
}

// Private.

/** What the host says about itself; each part is missing somewhere. */
interface Host {
  readonly navigator?: { readonly gpu?: GPU; readonly userAgent?: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

// By way of `object`, because what the type of globalThis has depends on who compiles this.
function thisHost(): Host {
  const host: object = globalThis;
  return host;
}

/** The part of the package `webgpu` that is used. */
interface NodeWebGpu { create(flags: readonly string[]): GPU }

/** By flags. The object that makes devices has to outlive them: the process crashes when it is collected. */
const pinned = new Map<string, GPU>();

async function findGpu(flags: readonly string[]): Promise<GPU> {
  const host = thisHost();
  if (host.navigator?.gpu !== undefined) return host.navigator.gpu;
  if (!isNode()) throw new WebGpuError('adapter', 'webgpu: this browser has no WebGPU, or this page is not served over https; use wasm().');
  const key = flags.join(' ');
  const gpu = pinned.get(key) ?? (await nodeWebGpu()).create(flags);
  pinned.set(key, gpu);
  return gpu;
}

async function nodeWebGpu(): Promise<NodeWebGpu> {
  // A name that is no literal: neither bundlers for browsers nor the types of users see it.
  const name: string = ['web', 'gpu'].join('');
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ name) as NodeWebGpu;
  } catch (error) {
    throw new WebGpuError('adapter', `webgpu: Node needs the package "webgpu" for this, install webgpu@0.6.2, or use wasm(); importing it said: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isNode(): boolean {
  return thisHost().process?.versions?.node !== undefined;
}

function limitsOf(limits: GPUSupportedLimits): Limits {
  return Object.fromEntries(limitNames.map((name) => [name, limits[name]])) as Limits;
}

/**
 * SwiftShader sets workgroup memory to zero by an instruction for each word, written out: with all of its 32 KiB, a shader of two pages
 * takes seven seconds to compile and one of six pages minutes, with a quarter of it one and a half. It runs hardly slower for it, since
 * to a processor this memory is like any other.
 */
function sensible(limits: Limits, architecture: string): Limits {
  return architecture === 'swiftshader' ? { ...limits, maxComputeWorkgroupStorageSize: Math.min(limits.maxComputeWorkgroupStorageSize, 8192) } : limits;
}

function targetOf({ limits, features }: GPUDevice, info: GPUAdapterInfo | undefined): Target {
  const { architecture = '', subgroupMinSize = 0, subgroupMaxSize = 0 } = info ?? {};
  return { limits: sensible(limitsOf(limits), architecture), features: new Set(featureNames.filter((name): name is Feature => features.has(name))), architecture, subgroupSize: subgroupMinSize === subgroupMaxSize ? subgroupMinSize : 0 };
}
