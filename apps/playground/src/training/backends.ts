import { use, type Backend } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';
import type { Learning } from '../config/config.ts';
import { Network, type NetworkPlan } from './network.ts';
import type { BackendName, Notice } from './protocol.ts';

/** A backend that was opened, and why it is not the one that was asked for, or how it was chosen. */
export interface Device {
  readonly name: BackendName;
  readonly backend: Backend;
  /** Takes it away, as a crash would. */
  readonly lose: () => void;
  readonly notice?: Notice;
}

/** Opens the backend that was asked for; where there is no GPU, the other one with a notice. */
export async function openDevice(name: BackendName): Promise<Device> {
  if (name === 'wasm') return { name, backend: await processor(), lose: () => undefined };
  try {
    // The GPU's code is loaded when somebody asks for it.
    const { webgpu } = await import('@unroll/webgpu');
    const backend = await webgpu();
    return { name, backend, lose: () => backend.destroy() };
  } catch (error) {
    return { ...(await openDevice('wasm')), notice: { code: 'no-webgpu', values: { message: error instanceof Error ? error.message : String(error) } } };
  }
}

// Its memory is set aside once: models come and go in it.
let cpu: Promise<Backend> | undefined;

/** The same bits on every machine, so that a link repeats a curve. */
function processor(): Promise<Backend> {
  cpu ??= wasm({ deterministic: true });
  return cpu;
}

/** Milliseconds that each backend is measured for, after its kernels were compiled. */
const measured = { time: 200, warmUp: 2 };

/** Trains a network for a moment on both backends and takes the faster one. */
export async function fasterDevice(plan: NetworkPlan, learning: Learning): Promise<Device> {
  const [cpu, gpu] = [await openDevice('wasm'), await openDevice('webgpu')];
  const rates = { wasm: await rateOf(cpu.backend, plan, learning), webgpu: gpu.name === 'webgpu' ? await rateOf(gpu.backend, plan, learning) : 0 };
  const chosen = rates.webgpu > rates.wasm ? gpu : cpu;
  if (gpu !== chosen && gpu.name === 'webgpu') gpu.lose();
  return { ...chosen, notice: { code: 'auto', values: { backend: chosen.name, wasm: Math.round(rates.wasm), webgpu: Math.round(rates.webgpu) } } };
}

/** Whether an error says that a device is gone. */
export function isLoss(error: unknown): boolean {
  return error instanceof Error && error.name === 'WebGpuError' && 'code' in error && error.code === 'lost';
}

/** Training steps a second. */
async function rateOf(backend: Backend, plan: NetworkPlan, learning: Learning): Promise<number> {
  use(backend);
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
  }
}
