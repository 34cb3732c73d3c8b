import { openBackend, selfTest, successor, type Opened, type Succession, type Workload } from '@unroll/device';
import { use, type Backend } from '@unroll/tensor';
import type { Wasm } from '@unroll/wasm';
import type { WebGpuBackend } from '@unroll/webgpu';
import { slots, type BackendChoice, type Learning } from '../config/config.ts';
import { Network, type NetworkPlan } from './network.ts';
import type { BackendName, Notice } from './protocol.ts';

/** A backend that was opened, and why it is not the one that was asked for, or how it was chosen. */
export interface Device {
  readonly name: BackendName;
  readonly backend: Backend;
  /** Threads that it shares recurrences among; of the GPU 1. */
  readonly threads: number;
  /** Takes it away, as a crash would. */
  readonly lose: () => void;
  readonly notice?: Notice;
}

/** What is going to be trained, for who has to choose. */
export interface Trial {
  readonly plan: NetworkPlan;
  readonly learning: Learning;
  /** B. */
  readonly batch: number;
}

/** Where a worker computes, one model after the other: as it was asked for, by measurement, and after a loss as `@unroll/device` has it. */
export class Devices {
  readonly #openers: { readonly wasm: () => Promise<Wasm>; readonly webgpu: () => Promise<WebGpuBackend> };
  readonly #next: (loss: Error) => Promise<Backend>;
  /** Its memory is set aside once: models come and go in it. */
  #processor: Promise<Wasm> | undefined;
  #isTrusted = false;
  #refusal = '';
  #succession: Succession | undefined;

  constructor(open: () => Promise<WebGpuBackend> = usualGpu) {
    this.#openers = { wasm: () => (this.#processor ??= usualProcessor()), webgpu: () => this.#gpu(open) };
    this.#next = successor({ openers: this.#openers, say: (_, succession) => { this.#succession = succession; } });
  }

  /** Opens the backend that was asked for, or the faster one; where there is no GPU, the other one with a notice. */
  async open(choice: BackendChoice, trial: Trial): Promise<Device> {
    if (choice === 'auto') return this.#faster(trial);
    try {
      return deviceOf(choice, (await openBackend(choice, { openers: this.#openers })).backend);
    } catch (error) {
      if (choice === 'wasm') throw error;
      return this.#withoutGpu();
    }
  }

  /** Opens what follows a GPU that was lost, with a notice of why that. */
  async follow(loss: Error): Promise<Device> {
    const backend = await this.#next(loss);
    const { name, reason, losses, message } = this.#succession as Succession;
    return deviceOf(name, backend, { code: lossCodes[reason], values: { backend: name, losses, message } });
  }

  async #faster({ plan, learning, batch }: Trial): Promise<Device> {
    const { cell, hidden, source: { shape, heldOut } } = plan;
    const workload: Workload = { cell, inputSize: shape.inputSize, hiddenSize: hidden, steps: heldOut.inputShape[0] ?? 1, batch };
    const milliseconds = async (backend: Backend): Promise<number> => 1000 / (await rateOf(backend, plan, learning));
    // A GPU that is the processor in disguise is measured, too: the visitor sees both numbers.
    const { name, backend, measured } = await openBackend('auto', { workload, milliseconds, measureSoftware: true, openers: this.#openers });
    if (measured === undefined) return this.#withoutGpu();
    return deviceOf(name, backend, { code: 'auto', values: { backend: name, wasm: perSecond(measured.wasm), webgpu: perSecond(measured.webgpu) } });
  }

  // One that computes wrongly is none. It is examined once: those that are opened after it are the same.
  async #gpu(open: () => Promise<WebGpuBackend>): Promise<WebGpuBackend> {
    try {
      const gpu = await open();
      if (!this.#isTrusted) await examined(gpu);
      this.#isTrusted = true;
      return gpu;
    } catch (error) {
      this.#refusal = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #withoutGpu(): Promise<Device> {
    return deviceOf('wasm', await this.#openers.wasm(), { code: 'no-webgpu', values: { message: this.#refusal } });
  }
}

/** Threads for one of the models that train at the same time: a shared memory, and processors enough. More would wait for each other. */
export function threadsFor({ isIsolated, processors }: { readonly isIsolated: boolean; readonly processors: number }): number {
  return isIsolated ? Math.max(1, Math.floor(processors / slots.length)) : 1;
}

// Private.

const lossCodes = { again: 'device-lost', often: 'device-lost-often', gone: 'device-gone' } as const;

/** The same bits on every machine and with any number of threads, so that a link repeats a curve. */
async function usualProcessor(): Promise<Wasm> {
  const { wasm } = await import('@unroll/wasm');
  const { crossOriginIsolated, navigator } = globalThis as Host;
  return wasm({ deterministic: true, threads: threadsFor({ isIsolated: crossOriginIsolated ?? false, processors: navigator?.hardwareConcurrency ?? 1 }) });
}

/** Its code is loaded when somebody asks for it. */
async function usualGpu(): Promise<WebGpuBackend> {
  return (await import('@unroll/webgpu')).webgpu();
}

/** Throws where a GPU computes something else than the definitions say. */
async function examined(gpu: WebGpuBackend): Promise<void> {
  const { ok, error, tolerance } = await selfTest(gpu);
  if (ok) return;
  gpu.destroy();
  throw new Error(`the GPU computes wrongly: it is off by ${error.toPrecision(2)}, where ${tolerance} is allowed`);
}

// Node 20 has none of them.
interface Host {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

function deviceOf(name: Opened['name'], backend: Backend, notice?: Notice): Device {
  const told = notice === undefined ? {} : { notice };
  if (name === 'webgpu') return { name, backend, threads: 1, lose: () => (backend as WebGpuBackend).destroy(), ...told };
  return { name: 'wasm', backend, threads: (backend as Wasm).threads, lose: () => undefined, ...told };
}

function perSecond(milliseconds: number): number {
  return Math.round(1000 / milliseconds);
}

/** Milliseconds that each backend is measured for, after its kernels were compiled. */
const measured = { time: 200, warmUp: 2 };

/** Training steps a second. */
async function rateOf(backend: Backend, plan: NetworkPlan, learning: Learning): Promise<number> {
  const before = use(backend);
  const network = new Network(plan, learning);
  try {
    for (let k = 0; k < measured.warmUp; k++) await network.update();
    const start = performance.now();
    let steps = 0;
    do {
      await network.update();
      steps += 1;
    } while (performance.now() - start < measured.time);
    return (1000 * steps) / (performance.now() - start);
  } finally {
    await network.dispose();
    use(before);
  }
}
