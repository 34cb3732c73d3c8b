import type { Cell } from '@unroll/cells';
import { DataError } from '@unroll/datasets';
import { createTextRun, type TextRun } from '@unroll/recipes';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { readCell } from '../files/cell.ts';
import { saveRun } from '../files/model.ts';
import { readText } from '../files/read.ts';
import { checkTarget, freeName } from '../files/target.ts';
import { bytes, count, duration } from '../print/format.ts';
import { describeEvaluation, describeRun, describeText } from './describe.ts';
import { signalOutcomes } from './interruption.ts';
import { trainVisibly } from './loop.ts';

/** What the command line may say about a training; the names are those of the run description in `@unroll/train`. */
export interface TrainFlags {
  /** A name of the registry; of no account where there is a `cellFile`. */
  readonly cell: string;
  readonly cellFile?: string;
  readonly hidden: number;
  readonly layers: number;
  readonly embedding: number;
  readonly dropout: number;
  readonly batch: number;
  readonly length: number;
  readonly steps: number;
  readonly lr: number;
  readonly clip: number;
  readonly seed: number;
  readonly backend: BackendName;
  readonly out?: string;
}

/** `unroll train`: reads, trains, measures, saves. */
export async function train(path: string, flags: TrainFlags, session: Session): Promise<void> {
  try {
    await work(path, flags, session);
  } catch (error) {
    throw flags.cellFile === undefined ? error : misfit(error, flags.cellFile, flags);
  }
}

async function work(path: string, { backend, out, cellFile, ...flags }: TrainFlags, { io, finish }: Session): Promise<void> {
  const say = (line: string): void => io.stderr.write(`${line}\n`);
  const target = out ?? (await freeName(path));
  await checkTarget(target);
  const config = cellFile === undefined ? flags : { ...flags, cell: await readCell(cellFile) };
  const text = await readText(path);
  await useBackend(backend);
  const run = prepare(path, text, config);
  try {
    say(describeText(path, run, symbols(text)));
    say(describeRun(run, backend));
    const { stopped, evaluation, seconds } = await trainVisibly(run, io);
    if (evaluation !== undefined) io.stdout.write(`${describeEvaluation(evaluation)}\n`);
    const size = await saveRun(target, run);
    const how = stopped === undefined ? 'trained' : `stopped at step ${count(run.optimizer.steps)} of ${count(run.config.steps)},`;
    say(`${how} in ${duration(seconds)}; saved ${target} (${bytes(size)})`);
    say(`next: unroll sample ${quoted(target)}`);
    if (stopped !== undefined) finish(signalOutcomes[stopped]);
  } finally {
    run.dispose();
  }
}

interface Config extends Omit<TrainFlags, 'backend' | 'out' | 'cell' | 'cellFile'> {
  readonly cell: Cell | string;
}

const holdout = 0.1;

function prepare(path: string, text: string, config: Config): TextRun {
  try {
    return createTextRun(text, { ...config, optimizer: 'adam', holdout });
  } catch (error) {
    if (error instanceof DataError && error.code === 'text-too-short') throw tooShort(path, text, config);
    throw error instanceof DataError ? new CliError('data', `${path}: ${error.message}`) : error;
  }
}

// Each of the streams needs one character more than a step reads: the one to predict last.
function tooShort(path: string, text: string, { batch, length }: Config): CliError {
  const needed = Math.max(11, Math.ceil((batch * (length + 1)) / (1 - holdout)));
  return new CliError(
    'data',
    `${path}: ${count(symbols(text))} characters are too few, --batch ${batch} and --length ${length} need ${count(needed)}; give a longer text, or lower --batch or --length`,
  );
}

// Equations that are well formed may still be no cell for this network, which only its parts find out.
function misfit(error: unknown, cellFile: string, { embedding, hidden }: TrainFlags): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'StepError') return new CliError('data', `${cellFile}: ${error.message} Equations that use x itself need --embedding ${embedding} and --hidden ${hidden} to be equal`);
  return ['LayerError', 'RecipeError'].includes(error.name) ? new CliError('data', `${cellFile}: ${error.message}`) : error;
}

/** Code points. */
function symbols(text: string): number {
  let total = 0;
  for (const _ of text) total += 1;
  return total;
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
