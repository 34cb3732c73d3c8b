import { parentPort, workerData } from 'node:worker_threads';
import type { Job } from './protocol.ts';
import { work } from './work.ts';

/** What `startWorker` hands over. */
interface Data {
  readonly job: Job;
  /** One Int32: not 0 when the job is to end. */
  readonly flag: SharedArrayBuffer;
}

const { job, flag } = workerData as Data;
const requested = new Int32Array(flag);
const controller = new AbortController();
const port = parentPort;
port?.on('message', () => controller.abort());

await work(job, (event) => port?.postMessage(event), {
  get requested() { return Atomics.load(requested, 0) !== 0; },
  signal: controller.signal,
});
port?.close();
