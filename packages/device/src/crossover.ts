import { lstm } from '@unroll/cells';
import type { Backend } from '@unroll/tensor';
import { millisecondsOf, shapeClass, type Workload } from './workload.ts';

/** Where measurements are kept between runs: a `Map`, or a few lines around `localStorage` or a file. */
export interface Cache {
  get(key: string): string | undefined;
  set(key: string, value: string): unknown;
}

/** How long one workload takes on both, in milliseconds. */
export interface Measured {
  readonly wasm: number;
  readonly webgpu: number;
}

/** What is measured with. */
export interface CrossoverOptions {
  /** Which GPU it is: measurements of others say nothing. */
  readonly gpu: string;
  readonly cache?: Cache;
  readonly milliseconds?: (backend: Backend, workload: Workload) => Promise<number>;
}

const kept: Cache = new Map<string, string>();

/** Measures a workload on CPU and GPU, or recalls what was measured of one as good as it, on this GPU. */
export async function crossover(backends: Readonly<Record<keyof Measured, Backend>>, workload: Workload, { gpu, cache = kept, milliseconds = millisecondsOf }: CrossoverOptions): Promise<Measured> {
  const key = `unroll crossover 1: ${gpu}: ${shapeClass(workload)}`;
  const known = recalled(cache.get(key));
  if (known !== undefined) return known;
  // One after the other: on some machines both compute on the same processor.
  const measured = { wasm: await milliseconds(backends.wasm, workload), webgpu: await milliseconds(backends.webgpu, workload) };
  cache.set(key, JSON.stringify(measured));
  return measured;
}

/** For a table: an LSTM from one short stream to a large batch. */
export const usualWorkloads: readonly Workload[] = [
  { batch: 1, hiddenSize: 32 }, { batch: 1, hiddenSize: 128 }, { batch: 16, hiddenSize: 64 }, { batch: 32, hiddenSize: 128 }, { batch: 64, hiddenSize: 256 },
].map(({ batch, hiddenSize }) => ({ cell: lstm, inputSize: hiddenSize, hiddenSize, steps: 32, batch }));

/** A cache is not trusted. */
function recalled(text: string | undefined): Measured | undefined {
  if (text === undefined) return undefined;
  try {
    const { wasm, webgpu } = JSON.parse(text) as Partial<Record<keyof Measured, unknown>>;
    return typeof wasm === 'number' && typeof webgpu === 'number' && wasm > 0 && webgpu > 0 ? { wasm, webgpu } : undefined;
  } catch {
    return undefined;
  }
}
