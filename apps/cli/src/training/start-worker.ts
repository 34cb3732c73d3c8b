import { Worker } from 'node:worker_threads';
import type { TrainingEvent } from './events.ts';
import type { Job, Running, Tell } from './protocol.ts';

/** Starts a job in a thread of its own: this one stays free for signals and the terminal, however long a step takes. */
export function startWorker(job: Job, tell: Tell): Running {
  const flag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { job, flag } });
  const done = new Promise<void>((resolve, reject) => {
    worker.on('message', (event: TrainingEvent) => {
      tell(event);
      if (!isLast(event)) return;
      // All is on the disk. What may still be busy in there, a driver for instance, does not keep the process.
      worker.unref();
      resolve();
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
  return {
    done,
    stop: () => {
      Atomics.store(new Int32Array(flag), 0, 1);
      worker.postMessage('stop', []);
    },
  };
}

function isLast({ event }: TrainingEvent): boolean {
  return event === 'done' || event === 'plan' || event === 'error';
}
