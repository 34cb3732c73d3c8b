import { runTrial, trials, type Trial, type TrialProgress, type TrialResult } from '@unroll/recipes';
import { useBackend } from '../backend.ts';
import type { BackendName } from '../backend-names.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { count, duration } from '../print/format.ts';
import { painter } from '../print/style.ts';
import { interruption, signalOutcomes, type Interruption } from '../training/interruption.ts';

/** What the command line may say about a benchmark of tasks. */
export interface BenchFlags {
  readonly seeds: number;
  readonly backend: BackendName;
  readonly list?: true;
}

/** `unroll bench tasks`: a row on stdout for each task and seed; progress on stderr. Not as expected is exit code 1. */
export async function benchTasks(names: readonly string[], { seeds, backend, list }: BenchFlags, { io, format, finish }: Session): Promise<void> {
  const json = format === 'json';
  const chosen = chosenTrials(names);
  if (list === true) {
    for (const [name, trial] of chosen) io.stdout.write(json ? `${JSON.stringify({ name, ...trial })}\n` : `${name.padEnd(nameWidth)}  ${goalText(trial)}; published: ${publishedText(trial)}\n`);
    return;
  }
  await useBackend(backend);
  const stopping = interruption(io, () => undefined);
  let unexpected = 0;
  try {
    if (!json) io.stdout.write(`${painter(io, io.stdout)('strong', head)}\n`);
    for (const [name, trial] of chosen) {
      for (let seed = 0; seed < seeds && stopping.signal === undefined; seed++) {
        const result = await followed(`${name} seed ${seed}`, trial, { seed, io, stopping });
        if (result === undefined) break;
        if (result.solved !== trial.expected) unexpected += 1;
        io.stdout.write(json ? `${JSON.stringify({ name, seed, ...result, expected: trial.expected, criterion: trial.criterion, goal: trial.goal, published: trial.published })}\n` : `${row(name, trial, seed, result)}\n`);
      }
    }
  } finally {
    stopping.end();
  }
  if (stopping.signal !== undefined) finish(signalOutcomes[stopping.signal]);
  else if (unexpected > 0) finish('runtime');
}

const nameWidth = 22;
const head = `${'task'.padEnd(nameWidth)}  seed  ${'ours'.padEnd(26)}  sequences     time  published`;

function chosenTrials(names: readonly string[]): [name: string, trial: Trial][] {
  const all = Object.entries(trials);
  for (const name of names) {
    if (!all.some(([known]) => known.startsWith(name))) throw new CliError('usage', `there is no task ${name}; there are ${all.map(([known]) => known).join(', ')}`);
  }
  return names.length === 0 ? all : all.filter(([known]) => names.some((name) => known.startsWith(name)));
}

interface Following { readonly seed: number; readonly io: Io; readonly stopping: Interruption }

/** Runs one, and says on a terminal how far it is; undefined where it was asked to stop before the end. */
async function followed(title: string, trial: Trial, { seed, io, stopping }: Following): Promise<TrialResult | undefined> {
  const line = liveLine(io);
  const running = runTrial(trial, { seed });
  try {
    for (;;) {
      const { done, value } = await running.next();
      if (done === true) return value;
      if (stopping.signal !== undefined) {
        // The loop is left as by break, so that what it holds is freed.
        await running.return({ solved: false, score: NaN, sequences: 0, seconds: 0 });
        return undefined;
      }
      if (value.score !== undefined || value.step === 1) line(progressLine(title, trial, value));
    }
  } finally {
    line('');
  }
}

/** Shows a text in the place of the one before, on a terminal; nothing elsewhere. */
function liveLine({ stderr }: Io): (text: string) => void {
  let shown = '';
  return (text) => {
    if (stderr.isTTY && (text !== '' || shown !== '')) stderr.write(`\r${text.padEnd(shown.length)}${text === '' ? '\r' : ''}`);
    shown = text;
  };
}

function progressLine(title: string, { criterion, steps }: Trial, { step, loss, score }: TrialProgress): string {
  return `${title}: ${count(step)} of ${count(steps)} updates, loss ${loss.toPrecision(3)}${score === undefined ? '' : `, ${criterion} ${score.toPrecision(3)}`}`;
}

function row(name: string, trial: Trial, seed: number, { solved, score, sequences, seconds }: TrialResult): string {
  const verdict = `${solved ? 'solved' : 'not solved'}${solved === trial.expected ? '' : ' (!)'}`;
  const ours = `${verdict}, ${trial.criterion} ${score.toPrecision(3)}`;
  return `${name.padEnd(nameWidth)}  ${String(seed).padStart(4)}  ${ours.padEnd(26)}  ${count(sequences).padStart(9)}  ${duration(seconds).padStart(7)}  ${publishedText(trial)}`;
}

function publishedText({ published: { source, value, sequences } }: Trial): string {
  return `${value}${sequences === undefined ? '' : `, after ${sequences} sequences`} (${source})`;
}

function goalText({ cell, hidden, criterion, goal, expected }: Trial): string {
  return `${cell} of ${hidden}: ${criterion} ${criterion === 'mse' ? 'below' : 'at least'} ${goal}${expected ? '' : ', which is not expected'}`;
}
