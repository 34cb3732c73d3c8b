import { shouldBeIsolated } from '@unroll/testing/suites';
import { expect, test } from 'vitest';
import { wasm } from './index.ts';
import type { Answer } from './testing/threads.worker.ts';

function inWorker(threads: number): Promise<Answer> {
  const worker = new Worker(new URL('testing/threads.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<Answer>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => { resolve(data); });
    worker.addEventListener('error', ({ message }) => { reject(new Error(message)); });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window: it has no origin to name
    worker.postMessage(threads);
  }).finally(() => { worker.terminate(); });
}

test('a worker of an isolated page computes on two threads, with the bits of one; of any other page on one', async () => {
  const [one, two] = [await inWorker(1), await inWorker(2)];
  expect([one.failure, two.failure]).toEqual([undefined, undefined]);
  expect(globalThis.crossOriginIsolated).toBe(shouldBeIsolated());
  // No run ends before every thread has met the others: all of them took part in each.
  expect([one.threads, two.threads, two.rounds]).toEqual([1, shouldBeIsolated() ? 2 : 1, 20]);
  expect(two.result.some((value) => value !== 0)).toBe(true);
  expect(two.result).toEqual(one.result);
});

test('a page itself, which must not sleep, has one thread', async () => {
  const backend = await wasm({ threads: 2 });
  expect(backend.threads).toBe(1);
  const buffer = backend.allocate(4);
  backend.write(buffer, Float32Array.of(1));
  expect(await backend.read(buffer, 'float32')).toEqual(Float32Array.of(1));
});
