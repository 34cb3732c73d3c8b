/** A worker of a page, as one that computes there would be: runs a recurrence on as many threads as it is told, and tells what came out. */
import { add, dot, input, tanh, type Step } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import { WasmBackend } from '../backend.ts';
import { Heap } from '../memory.ts';
import { chooseProfile } from '../probe.ts';
import { Pool } from '../threads/pool.ts';

/** What it answers. */
export interface Answer { readonly threads: number; readonly rounds: number; readonly result: Float32Array; readonly failure?: string }

const [H, T, B] = [40, 7, 17];
const next = tanh(add(dot('W', 0, input('x')), dot('R', 0, input('h'))));
const step: Step = {
  states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], vectors: [],
  weights: [{ name: 'W', blocks: 1, rows: H, columns: H, bias: true }, { name: 'R', blocks: 1, rows: H, columns: H, bias: true }],
  next: [next], outputs: [{ name: 'y', width: H, value: next }], accumulations: [], names: [],
};
const kernel: ScanKernel = { kind: 'scan', step, dtype: 'float32', steps: T, batch: B, reverse: false, masked: false };

async function answer(threads: number): Promise<Answer> {
  const heap = new Heap({ shared: globalThis.crossOriginIsolated });
  const pool = await Pool.start(heap, threads, { least: 0, always: true });
  const backend = new WasmBackend(heap, chooseProfile(), pool);
  const inputs = [B * H, T * B * H, H * H, H, H * H, H].map((size) => {
    const buffer = backend.allocate(size * 4);
    backend.write(buffer, Float32Array.from({ length: size }, (_, k) => Math.sin(k)));
    return buffer;
  });
  const outputs = [B * H, T * B * H].map((size) => backend.allocate(size * 4));
  let rounds = 0;
  for (; rounds < 20; rounds++) backend.dispatch(kernel, inputs, outputs);
  const result = await backend.read(outputs[1] as (typeof outputs)[number], 'float32') as Float32Array;
  backend.dispose();
  return { threads: backend.threads, rounds, result };
}

addEventListener('message', ({ data }: MessageEvent<number>) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window: it has no origin to name
  const tell = (told: Answer): void => { (globalThis as unknown as { postMessage(value: Answer): void }).postMessage(told); };
  answer(data).then(tell, (error: unknown) => { tell({ threads: 0, rounds: 0, result: new Float32Array(), failure: String(error) }); });
});
