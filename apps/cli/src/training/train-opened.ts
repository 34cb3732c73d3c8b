import { existsSync, readFileSync } from 'node:fs';
import { successor } from '@unroll/device';
import { DivergenceError } from '@unroll/train';
import { CliError } from '../errors.ts';
import { saveBytes } from '../files/checkpoint.ts';
import { recordOf, runFiles } from '../files/run-folder.ts';
import { quoted } from '../print/format.ts';
import type { Progress } from '../recipes/adapter.ts';
import { version } from '../version.ts';
import { divergenceMessage, Watch, type Fault } from './divergence.ts';
import type { DoneEvent, TrainingEvent } from './events.ts';
import { newFolder, placesOf, type Opened } from './open.ts';
import type { Job, Stop, Tell } from './protocol.ts';
import { Recorder } from './recorder.ts';

/** Seconds between checkpoints, unless they go by updates: what a crash may cost at most. */
const longestUnsaved = 30;

/** Trains to the end, or until asked to stop, and keeps the run's folder meanwhile. */
export async function trainOpened(opened: Opened, job: Job, tell: Tell, stop: Stop, seconds: () => number): Promise<void> {
  const folder = opened.folder ?? (await newFolder(job, opened.source));
  const { trainee } = opened;
  const recorder = new Recorder({
    folder, keep: job.target.keep, from: trainee.optimizer.steps, record: await recordFor(opened, job, folder),
    provenance: { unroll: version(), data: opened.source.sha256, ...(Object.keys(opened.options).length === 0 ? {} : { options: opened.options }) },
  });
  try {
    await new Course({ opened, job, stop, recorder, seconds, tell }).run();
  } finally {
    recorder.close();
  }
}

interface Parts {
  readonly opened: Opened;
  readonly job: Job;
  readonly stop: Stop;
  readonly recorder: Recorder;
  readonly seconds: () => number;
  readonly tell: Tell;
}

type Unplaced<Event> = Event extends TrainingEvent ? Omit<Event, 't' | 'step' | 'epoch'> : never;

/** One training from its beginning, or from where it goes on, to its end. */
class Course {
  readonly #parts: Parts;
  readonly #watch: Watch;
  #savedAt: { step: number; seconds: number } | undefined;
  #loss: number | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#watch = new Watch(parts.opened.trainee.history.series('loss')[0]?.value);
  }

  async run(): Promise<void> {
    const { stop, seconds } = this.#parts;
    const { trainee } = this.#parts.opened;
    this.#start();
    this.#savedAt = { step: trainee.optimizer.steps, seconds: seconds() };
    await this.#follow();
    const stopped = stop.requested;
    if (!stopped && trainee.stopped !== undefined) this.#tell({ event: 'early_stop', reason: trainee.stopped });
    await this.#saveLast();
    if (!stopped) await this.#conclude();
    this.#copyOut();
    this.#done(stopped ? 'stopped' : trainee.stopped === undefined ? 'finished' : 'early_stop');
  }

  async #follow(): Promise<void> {
    const { stop, job, opened: { trainee } } = this.#parts;
    // Processors are not taken away.
    const successors = job.backend === 'webgpu' ? successor({ say: (message) => this.#tell({ event: 'warning', message }) }) : undefined;
    const course = trainee.train(stop.signal, successors);
    let isLeft = false;
    try {
      for (;;) {
        const next = course.next();
        const result = trainee.isMeasuring ? await unlessStopped(next, stop.signal) : await next;
        isLeft = result === undefined;
        if (result === undefined || result.done === true) return;
        if (result.value.kind === 'step') await this.#stepped(result.value);
        else await this.#evaluated(result.value);
        if (stop.requested) return;
      }
    } catch (error) {
      throw error instanceof DivergenceError ? this.#diverged(error) : error;
    } finally {
      // What the course holds is freed. A measurement that nobody waits for would be waited for, so that is left to the end of the process.
      if (!isLeft) await course.return(undefined);
    }
  }

  async #stepped({ step, loss, gradNorm, lr, tokens }: Extract<Progress, { kind: 'step' }>): Promise<void> {
    const { job: { target: { saveEvery, sampleEvery, logEvery } }, stop, seconds, opened: { trainee } } = this.#parts;
    if (this.#watch.hasDiverged({ step, loss, gradNorm })) throw this.#diverged({ step, loss, gradNorm });
    if (step % logEvery === 0 || step === trainee.steps) this.#tell({ event: 'step', loss, gradNorm, lr, tokens });
    if (stop.requested) return;
    if (sampleEvery > 0 && step % sampleEvery === 0) this.#tell({ event: 'sample', text: await trainee.preview() });
    const isDue = saveEvery > 0 ? step % saveEvery === 0 : seconds() - (this.#savedAt?.seconds ?? 0) >= longestUnsaved;
    if (isDue && this.#watch.isSound) await this.#saveLast();
  }

  async #evaluated({ loss, metrics, about }: Extract<Progress, { kind: 'evaluation' }>): Promise<void> {
    const { opened: { trainee }, recorder } = this.#parts;
    this.#loss = loss;
    this.#tell({ event: 'eval', loss, metrics, best: trainee.isBest, about });
    // A last measurement that nobody waits for is not compared with the others.
    if (!trainee.isBest || trainee.history.latest('heldOut')?.step !== trainee.optimizer.steps) return;
    this.#tell({ event: 'checkpoint', ...(await recorder.saveBest(trainee)), role: 'best' });
  }

  async #conclude(): Promise<void> {
    const { opened: { trainee }, stop } = this.#parts;
    const result = await unlessStopped(Promise.resolve(trainee.conclude?.()), stop.signal);
    if (result === undefined) return;
    this.#loss = result.loss;
    this.#tell({ event: 'eval', ...result, best: false });
  }

  #start(): void {
    const { opened: { recipe, trainee, checkpoint }, job: { backend }, recorder: { folder } } = this.#parts;
    const { steps, config, about } = trainee;
    const parameters = Object.values(trainee.parameters).reduce((sum, { size }) => sum + size, 0);
    this.#tell({ event: 'start', recipe, steps, parameters, backend, run: folder, resumed: checkpoint ?? null, config, about });
  }

  async #saveLast(): Promise<void> {
    const { recorder, opened: { trainee }, seconds } = this.#parts;
    const saved = await recorder.saveLast(trainee);
    this.#savedAt = { step: trainee.optimizer.steps, seconds: seconds() };
    this.#tell({ event: 'checkpoint', ...saved, role: 'last' });
    const fault = recorder.takeFault();
    if (fault !== undefined) this.#tell({ event: 'warning', message: `${recorder.folder}/${runFiles.log}: ${fault}; the log ends here` });
  }

  /** The best, of an earlier process perhaps, or else the last: what `--out` names and what is to be used. */
  #model(): string {
    const { recorder: { folder } } = this.#parts;
    return [runFiles.best, runFiles.last].map((name) => `${folder}/${name}`).find((path) => existsSync(path)) ?? folder;
  }

  #copyOut(): void {
    const { job: { target: { out } } } = this.#parts;
    if (out === undefined) return;
    const bytes = readFileSync(this.#model());
    saveBytes(out, bytes);
    this.#tell({ event: 'checkpoint', path: out, bytes: bytes.length, role: 'out' });
  }

  #done(reason: DoneEvent['reason']): void {
    const { recorder: { folder }, seconds } = this.#parts;
    this.#tell({ event: 'done', reason, seconds: seconds(), loss: this.#loss, run: folder, model: this.#model() });
  }

  #diverged(fault: Fault): CliError {
    const { recorder: { folder }, opened: { trainee, checkpoint }, job } = this.#parts;
    const last = this.#savedAt !== undefined && (this.#savedAt.step > 0 || checkpoint !== undefined) ? this.#savedAt.step : undefined;
    const calmer = `--lr ${String(Number((trainee.optimizer.lr / 3).toPrecision(2)))}`;
    const tries = `try a smaller --lr or --clip${job.config['clip'] === 0 ? ' (clipping is off)' : ''}`;
    const advice = last === undefined
      ? `${tries}; nothing was saved`
      : `the last good checkpoint is of step ${last}: go on from it with unroll train --resume ${quoted(folder)} ${calmer}, or ${tries}`;
    return new CliError('diverged', divergenceMessage(fault, this.#watch.before, advice));
  }

  #tell(event: Unplaced<TrainingEvent>): void {
    const { tell, recorder, seconds, opened: { trainee } } = this.#parts;
    const placed = { ...event, t: seconds(), step: trainee.optimizer.steps, epoch: trainee.epoch } as TrainingEvent;
    recorder.log(placed);
    tell(placed);
  }
}

/** What a measurement gives; undefined where a wish to stop came first. It then goes on unheard until what it works on is freed. */
async function unlessStopped<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  work.catch(() => undefined);
  let stopped = (): void => undefined;
  const stop = new Promise<undefined>((resolve) => {
    stopped = () => resolve(undefined);
    signal.addEventListener('abort', stopped);
    if (signal.aborted) stopped();
  });
  try {
    return await Promise.race([work, stop]);
  } finally {
    signal.removeEventListener('abort', stopped);
  }
}

/** What `config.json` says: enough to begin the same training again with `--config`, and to go on with `--resume`. */
async function recordFor({ folder: old, data, source }: Opened, { record }: Job, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const before = old === undefined ? {} : await recordOf(old);
  return { ...before, ...record, data: placesOf(data, source, folder) };
}

