/** A worker of a page, as one that computes there would be: runs a recurrence on as many threads as it is told, and tells what came out. */
import { WasmBackend } from '../backend.ts';
import { Heap } from '../memory.ts';
import { chooseProfile } from '../probe.ts';
import { Pool } from '../threads/pool.ts';
import { placesOf, plainRecurrence } from './recurrence.ts';

/** What it answers. */
export interface Answer { readonly threads: number; readonly rounds: number; readonly result: Float32Array; readonly failure?: string }

const kernel = plainRecurrence(40, 7, 17);

async function answer(threads: number): Promise<Answer> {
  const heap = new Heap({ shared: globalThis.crossOriginIsolated });
  const pool = await Pool.start(heap, threads, { least: 0, always: true });
  const backend = new WasmBackend(heap, chooseProfile(), pool);
  const { inputs, outputs } = placesOf(backend, kernel);
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
