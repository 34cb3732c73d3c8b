import type { Backend } from '@unroll/tensor';
import type { Wasm } from '@unroll/wasm';
import type { WebGpuBackend } from '@unroll/webgpu';

/** What a host computes with. */
export interface HostReport {
  /** `Node 20.20.2`, or what the browser says of itself. */
  readonly runtime: string;
  readonly processors: number;
  readonly simd: boolean;
  /** Fused multiply-add. */
  readonly relaxedSimd: boolean;
  /** Memory that threads can share. */
  readonly threads: boolean;
}

/** What a GPU has. */
export interface GpuReport {
  readonly adapter: string;
  /** Whether it computes on the processor after all. */
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** What was found out about the host, by the backend for its processor; undefined where that does not run. */
export function examineHost(backend: Backend | undefined): HostReport {
  const host: Host = globalThis;
  const { process, navigator } = host;
  const node = process?.versions?.node;
  const profile = (backend as Partial<Wasm> | undefined)?.profile;
  return {
    runtime: node === undefined ? (navigator?.userAgent ?? 'unknown') : `Node ${node}`,
    processors: (process?.getBuiltinModule?.('node:os') as { availableParallelism(): number } | undefined)?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1,
    simd: backend !== undefined,
    relaxedSimd: profile !== undefined && profile !== 'deterministic',
    threads: 'SharedArrayBuffer' in globalThis && (node !== undefined || host.crossOriginIsolated === true),
  };
}

/** Limits on which it depends what can be run, and how. */
const limitNames = [
  'maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup', 'maxComputeWorkgroupsPerDimension',
] as const;

/** What is known of the GPU of a backend. */
export function examineGpu({ device }: Pick<WebGpuBackend, 'device'>): GpuReport {
  const { adapterInfo, features, limits } = device;
  return {
    adapter: adapterName(adapterInfo),
    software: adapterInfo?.isFallbackAdapter ?? false,
    features: [...features].map(String).sort(),
    limits: Object.fromEntries(limitNames.map((name) => [name, limits[name]])),
  };
}

/** The name of a GPU, as far as the implementation tells. */
export function adapterName(info: GPUAdapterInfo | undefined): string {
  const parts = info === undefined ? [] : [info.description === '' ? info.device : info.description, info.vendor, info.architecture];
  return [...new Set(parts)].filter((part) => part !== '').join(', ') || 'unnamed';
}

// Each part is missing somewhere.
interface Host {
  readonly process?: { readonly versions?: { readonly node?: string }; getBuiltinModule?(id: string): unknown };
  readonly navigator?: { readonly userAgent?: string; readonly hardwareConcurrency?: number };
  readonly crossOriginIsolated?: boolean;
}
