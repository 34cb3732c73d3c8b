import type { StartJob } from './protocol.ts';

/** Starts a job in this thread: for tests, which run from sources that a worker could not load. */
export const startHere: StartJob = (job, tell) => {
  const controller = new AbortController();
  const stop = { get requested() { return controller.signal.aborted; }, signal: controller.signal };
  const done = import('./work.ts').then(({ work }) => work(job, tell, stop));
  return { done, stop: () => controller.abort() };
};
