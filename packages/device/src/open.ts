import { reference, type Backend } from '@unroll/tensor';
import type { WebGpuBackend } from '@unroll/webgpu';
import { crossover, type Cache, type CrossoverOptions, type Measured } from './crossover.ts';
import { adapterName } from './examine.ts';
import type { Workload } from './workload.ts';

/** What computes: the GPU, the processor, or the definitions in float64. */
export type DeviceName = 'webgpu' | 'wasm' | 'reference';
/** The same, or what is the fastest here. */
export type Choice = DeviceName | 'auto';

/** How backends are opened. */
export interface OpenOptions {
  /** For `auto`: what is going to be computed. Without it, a GPU is taken where there is one. */
  readonly workload?: Workload;
  /** Keeps measurements from run to run; otherwise they last as long as the program. */
  readonly cache?: Cache;
  /** Measures also on a GPU that is the processor in disguise; otherwise that is never chosen. */
  readonly measureSoftware?: boolean;
  /** Other ways to open backends: with options of their own, or in tests. */
  readonly openers?: Partial<Openers>;
  /** Another way to measure, for who has the training itself at hand; otherwise a layer of the workload's sizes is trained. */
  readonly milliseconds?: CrossoverOptions['milliseconds'];
}

type Gpu = Pick<WebGpuBackend, 'device' | 'destroy'> & Backend;
interface Openers { readonly webgpu: () => Promise<Gpu>; readonly wasm: () => Promise<Backend>; readonly reference: () => Promise<Backend> }

/** A backend, still to be put in use. */
export interface Opened {
  readonly name: DeviceName;
  readonly backend: Backend;
  /** For a choice that was left to us: why this one, in a sentence. */
  readonly because?: string;
  /** For `auto`: what was measured. */
  readonly measured?: Measured;
}

/**
 * Opens a backend. `auto` measures a moment what the workload takes on CPU and GPU, once for a GPU and sizes of that kind; where there is
 * no GPU it says so in `because` and takes the processor.
 *
 * @example
 * const { backend, because } = await openBackend('auto', { workload: { cell: lstm, inputSize: 64, hiddenSize: 256, steps: 64, batch: 32 } });
 * use(backend);
 * @throws WebGpuError, TensorError where the backend that was asked for by name does not run here
 */
export async function openBackend(choice: Choice, options: OpenOptions = {}): Promise<Opened> {
  const openers = { ...usual, ...options.openers };
  if (choice !== 'auto') return { name: choice, backend: await openers[choice]() };
  const gpu = await openers.webgpu().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (gpu instanceof Error) return { name: 'wasm', backend: await openers.wasm(), because: `computing on the processor, because there is no GPU to use (${gpu.message})` };
  return choose(gpu, openers, options);
}

// Private.

const usual: Openers = {
  webgpu: async () => (await import('@unroll/webgpu')).webgpu(),
  wasm: async () => (await import('@unroll/wasm')).wasm(),
  reference: async () => reference(),
};

async function choose(gpu: Gpu, { wasm }: Openers, { workload, cache, measureSoftware = false, milliseconds }: OpenOptions): Promise<Opened> {
  const name = adapterName(gpu.device.adapterInfo);
  if (gpu.device.adapterInfo.isFallbackAdapter && !measureSoftware) {
    gpu.destroy();
    return { name: 'wasm', backend: await wasm(), because: `computing on the processor, because the GPU here is a driver that computes on it, too (${name})` };
  }
  if (workload === undefined) return { name: 'webgpu', backend: gpu, because: `computing on the GPU (${name})` };
  const processor = await wasm();
  const measured = await crossover({ wasm: processor, webgpu: gpu }, workload, { gpu: name, ...(cache === undefined ? {} : { cache }), ...(milliseconds === undefined ? {} : { milliseconds }) });
  const times = `a step takes ${short(measured.webgpu)} ms on the GPU (${name}) and ${short(measured.wasm)} ms on the processor`;
  if (measured.webgpu < measured.wasm) return { name: 'webgpu', backend: gpu, measured, because: `computing on the GPU, because ${times}` };
  gpu.destroy();
  return { name: 'wasm', backend: processor, measured, because: `computing on the processor, because ${times}` };
}

function short(milliseconds: number): string {
  return String(Number(milliseconds.toPrecision(2)));
}
