import { useChoice } from './choose-backend.ts';
import { exitCodes, reportOf } from '../errors.ts';
import type { ErrorEvent } from './events.ts';
import { openJob, type Opened } from './open.ts';
import { plan } from './plan.ts';
import type { Job, Stop, Tell } from './protocol.ts';
import { trainOpened } from './train-opened.ts';

/** Does a job and tells how it goes. Never throws: the last event is `done`, `plan` or `error`. */
export async function work(job: Job, tell: Tell, stop: Stop): Promise<void> {
  const begun = performance.now();
  const seconds = (): number => Math.round(performance.now() - begun) / 1000;
  const at = { t: 0, step: 0, epoch: 0 };
  let opened: Opened | undefined;
  try {
    const backend = await useChoice(job, (message) => tell({ event: 'warning', ...at, t: seconds(), message }));
    const progress = { onProgress: ({ file, received, total }: { file: string; received: number; total: number }) => tell({ event: 'download', ...at, t: seconds(), file, received, total }) };
    const options = { ...(job.dataDir === undefined ? {} : { dataDir: job.dataDir }), ...progress, signal: stop.signal };
    opened = await openJob(job, options, (message) => tell({ event: 'warning', ...at, t: seconds(), message }));
    await (job.dryRun === true ? plan(opened, tell) : trainOpened(opened, { ...job, backend }, tell, stop, seconds));
  } catch (error) {
    tell(errorEvent(error, seconds(), opened));
  } finally {
    opened?.trainee.dispose();
  }
}

function errorEvent(error: unknown, t: number, opened: Opened | undefined): ErrorEvent {
  const { outcome, line, excerpt = [] } = reportOf(error);
  const { stack } = error instanceof Error ? error : {};
  const at = { step: opened?.trainee.optimizer.steps ?? 0, epoch: opened?.trainee.epoch ?? 0 };
  return { event: 'error', t, ...at, outcome, code: exitCodes[outcome], message: line, excerpt, ...(stack === undefined ? {} : { stack }) };
}
