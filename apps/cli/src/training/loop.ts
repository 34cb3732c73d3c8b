import { evaluateText, trainText, type TextEvaluation, type TextRun } from '@unroll/recipes';
import { DivergenceError } from '@unroll/train';
import { CliError } from '../errors.ts';
import type { Io, StopSignal } from '../io.ts';
import { Meter } from '../print/meter.ts';
import { Status } from '../print/status.ts';
import { divergenceMessage, Watch, type Fault } from './divergence.ts';
import { interruption } from './interruption.ts';

/** How a training ended. */
export interface Trained {
  /** What asked it to stop before its last step, if anything did. */
  readonly stopped: StopSignal | undefined;
  /** On the held-out text; absent where the training was stopped or nothing was held out. */
  readonly evaluation: TextEvaluation | undefined;
  readonly seconds: number;
}

/** What a training may be told besides the run's own description. */
export interface TrainingLimits {
  /** Seconds after which it ends. */
  readonly longest?: number;
  /** The learning rate when that share (0 to 1) of the steps, or of the time, is over; otherwise it stays as it is. */
  readonly lrAt?: (share: number) => number;
}

/**
 * Trains a run to its end, or until a signal comes or its time is over, with its progress on stderr.
 * Throws a `CliError` where it diverges.
 */
export async function trainVisibly(run: TextRun, io: Io, { longest = Infinity, lrAt }: TrainingLimits = {}): Promise<Trained> {
  const status = new Status(io);
  const stop = interruption(io, () => status.say('stopping after this step; press Ctrl-C again to leave at once'));
  const begun = io.now();
  const seconds = (): number => (io.now() - begun) / 1000;
  try {
    const complete = await follow(run, io, status, (step) => {
      if (lrAt !== undefined) run.optimizer.lr = lrAt(Math.min(1, Math.max(step / run.config.steps, seconds() / longest)));
      return stop.signal !== undefined || seconds() >= longest;
    });
    const trained = seconds();
    const evaluation = stop.signal === undefined ? (complete ?? (await evaluateText(run.model, run.heldOut))) : undefined;
    return { stopped: stop.signal, evaluation, seconds: trained };
  } finally {
    status.end();
    stop.end();
  }
}

/** The evaluation at the end, if the run got there. */
async function follow(run: TextRun, io: Io, status: Status, isOver: (step: number) => boolean): Promise<TextEvaluation | undefined> {
  const meter = new Meter(run.config.steps, io.now, run.optimizer.steps);
  const watch = new Watch();
  let evaluation: TextEvaluation | undefined;
  try {
    for await (const progress of trainText(run)) {
      if (progress.kind === 'evaluation') evaluation = progress;
      if (progress.kind === 'step') {
        if (watch.hasDiverged(progress)) throw diverged(progress, watch.before);
        meter.add(progress.loss, progress.tokens);
        const over = isOver(progress.step);
        status.update(meter.progress, over);
        if (over && progress.step < run.config.steps) return undefined;
      }
    }
  } catch (error) {
    throw error instanceof DivergenceError ? diverged(error, watch.before) : error;
  }
  return evaluation;
}

function diverged(fault: Fault, before: Fault | undefined): CliError {
  return new CliError('diverged', divergenceMessage(fault, before, 'try a smaller --lr or --clip; nothing was saved'));
}
