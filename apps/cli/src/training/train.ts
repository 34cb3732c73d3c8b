import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { BackendChoice } from '../backend-names.ts';
import type { Session } from '../command.ts';
import { CliError, JobError } from '../errors.ts';
import { newestRun, recordOf } from '../files/run-folder.ts';
import { checkTarget } from '../files/target.ts';
import { dataIn, projectFile, readConfigFile, type ConfigFile } from '../options/file.ts';
import { recipes } from '../options/recipes.ts';
import { givenIn, resolve, splitValues, valuesOf, type Settings } from '../options/resolve.ts';
import { runSpecs } from '../options/shared.ts';
import { flagOf, type OptionSpec } from '../options/spec.ts';
import { schemaAddress } from '../options/schema.ts';
import type { RecipeName } from '../recipes/names.ts';
import { interruption, signalExit, signalOutcomes } from './interruption.ts';
import type { Job, Target } from './protocol.ts';
import { Reporter } from './reporter.ts';
import { printSettings } from './settings.ts';

/** What the command line asks for. */
export interface TrainRequest {
  readonly recipe: RecipeName;
  /** Names of the data. */
  readonly names: readonly string[];
  /** With its options read. */
  readonly command: Command;
}

interface Flags {
  readonly config?: string;
  readonly run?: string;
  readonly out?: string;
  /** True where it was given without a run. */
  readonly resume?: string | true;
  readonly dryRun?: true;
  readonly printConfig?: true;
}

/** `unroll train`: settles what is asked for, has a worker do it, and tells how it goes. */
export async function train(request: TrainRequest, session: Session): Promise<void> {
  const flags = request.command.opts<Flags>();
  const { job, settings } = flags.resume === undefined ? newJob(request, flags) : await resumedJob(request, flags, flags.resume);
  if (flags.printConfig === true) {
    printSettings(job, settings, session);
    return;
  }
  if (job.resume === undefined && job.data.length === 0) throw new CliError('usage', `name the data to learn from: unroll train story.txt; see unroll train --help`);
  if (flags.out !== undefined) await checkTarget(flags.out);
  await runJob(job, session);
}

/** Has a job done and tells how it goes, until it ends or is asked to twice. Throws a `JobError` where it fails. */
export async function runJob(job: Job, { io, format, finish }: Session): Promise<void> {
  const reporter = new Reporter(io, format);
  const running = io.startJob(job, (event) => reporter.hear(event));
  const stop = interruption(io, (signal) => {
    if (reporter.hasBegun) {
      reporter.say('stopping after this step; press Ctrl-C again to leave at once');
      running.stop();
      return;
    }
    reporter.say('stopped before the training began; there is nothing to save');
    running.stop();
    io.exit(signalExit(signal));
  });
  try {
    await running.done;
  } finally {
    // After a first signal a second one still means the same, until the process is gone.
    if (stop.signal === undefined) stop.end();
    reporter.end();
  }
  const { last } = reporter;
  if (last?.event === 'error') throw jobError(last);
  if (last?.event !== 'done' && last?.event !== 'plan') throw new CliError('runtime', 'the worker ended without a word; set DEBUG=unroll and try again');
  if (last.event === 'done' && last.reason === 'stopped') finish(signalOutcomes[stop.signal ?? 'SIGINT']);
}

function jobError({ outcome, message, excerpt, stack, t, step, epoch }: Extract<Reporter['last'], { readonly event: 'error' }>): JobError {
  const error = new JobError(outcome, message, excerpt, { t, step, epoch });
  if (stack !== undefined) error.stack = stack;
  return error;
}

interface Prepared {
  readonly job: Job;
  readonly settings: Settings;
}

function newJob({ recipe, names, command }: TrainRequest, { config, run, out, dryRun }: Flags): Prepared {
  const file = configFile(config);
  const { specs } = recipes[recipe];
  const settings = checkedCell(resolve(command, [...specs, ...runSpecs], file));
  const { config: values, options } = splitValues(settings, specs);
  const data = names.length > 0 ? names : dataIn(file);
  const record = { $schema: schemaAddress, recipe, ...values, ...options, ...valuesOf(settings, runSpecs) };
  return { settings, job: { recipe, data, config: values, options, record, ...processPart(settings, { run, out }), ...(dryRun === undefined ? {} : { dryRun }) } };
}

async function resumedJob({ recipe, names, command }: TrainRequest, { config, run, out, dryRun }: Flags, resume: string | true): Promise<Prepared> {
  if (config !== undefined || run !== undefined) throw new CliError('usage', `--resume goes on in the run's own folder with its own settings; leave out ${config === undefined ? '--run' : '--config'}`);
  const from = resume === true ? await newestRun() : resume;
  const { specs } = recipes[recipe];
  const recorded = await recordOf(from);
  const before = { path: join(from, 'config.json'), content: onlyKnown(recorded, runSpecs) };
  const settings = resolve(command, [...specs, ...runSpecs], before);
  const given = givenIn(settings);
  checkChanges(given, [...specs, ...runSpecs]);
  const changes = valuesOf(given, specs);
  const record = { ...changes, ...valuesOf(settings, runSpecs) };
  return { settings: new Map([...settings].filter(([, { origin }]) => origin !== 'default')), job: { recipe, data: names, config: changes, options: {}, resume: from, record, ...processPart(settings, { out }), ...(dryRun === undefined ? {} : { dryRun }) } };
}

function processPart(settings: Settings, { run, out }: { readonly run?: string | undefined; readonly out?: string | undefined }): Pick<Job, 'backend' | 'target' | 'dataDir'> {
  const number = (key: string): number => settings.get(key)?.value as number;
  const dataDir = settings.get('dataDir')?.value as string | undefined;
  const target: Target = {
    saveEvery: number('saveEvery'), keep: number('keep'), sampleEvery: number('sampleEvery'), logEvery: number('logEvery'),
    ...(run === undefined ? {} : { folder: run }), ...(out === undefined ? {} : { out }),
  };
  return { backend: settings.get('backend')?.value as BackendChoice, target, ...(dataDir === undefined ? {} : { dataDir }) };
}

function configFile(path: string | undefined): ConfigFile | undefined {
  if (path !== undefined) return readConfigFile(path);
  return existsSync(projectFile) ? readConfigFile(projectFile) : undefined;
}

// A cell file says which cell; a name beside it is either a default, or a contradiction.
function checkedCell(settings: Settings): Settings {
  const [cell, cellFile] = [settings.get('cell'), settings.get('cellFile')];
  if (cellFile === undefined) return settings;
  if (cell !== undefined && cell.origin !== 'default') throw new CliError('usage', `--cell ${String(cell.value)} and --cell-file ${String(cellFile.value)} are two cells; give one of them`);
  return new Map([...settings].filter(([key]) => key !== 'cell'));
}

function checkChanges(given: Settings, specs: readonly OptionSpec[]): void {
  const fixed = specs.find(({ key, resumable }) => resumable !== true && given.has(key));
  if (fixed === undefined) return;
  const flags = specs.filter(({ resumable }) => resumable === true).map(({ key }) => flagOf(key));
  throw new CliError('usage', `${flagOf(fixed.key)} is settled for a training that goes on; these may change: ${flags.join(', ')}`);
}

function onlyKnown(record: Readonly<Record<string, unknown>>, specs: readonly OptionSpec[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => specs.some((spec) => spec.key === key)));
}
