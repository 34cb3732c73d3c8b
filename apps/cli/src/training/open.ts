import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CliError, reportOf } from '../errors.ts';
import { dataOptions, readCheckpoint, type SavedContent } from '../files/checkpoint.ts';
import { checkpointsOf, isFolder, makeRunFolder, recordOf, runFiles } from '../files/run-folder.ts';
import type { SourceOptions } from '../files/remote.ts';
import { openSource, type Source } from '../files/source.ts';
import type { Values } from '../options/spec.ts';
import type { Trainee } from '../recipes/adapter.ts';
import type { RecipeName } from '../recipes/names.ts';
import { adapters } from '../recipes/registry.ts';
import type { Job } from './protocol.ts';

/** A training that is ready to begin or to go on. */
export interface Opened {
  readonly recipe: RecipeName;
  readonly trainee: Trainee;
  readonly source: Source;
  /** The folder that it goes on in; undefined: a new one. */
  readonly folder: string | undefined;
  /** The checkpoint it goes on from. */
  readonly checkpoint: string | undefined;
  /** Names of the data. */
  readonly data: readonly string[];
  /** How they are read. */
  readonly options: Values;
}

/** Opens the data of a job and makes its trainee. `warn` hears of damaged checkpoints that were passed over. */
export async function openJob(job: Job, options: SourceOptions, warn: (message: string) => void): Promise<Opened> {
  return job.resume === undefined ? begin(job, options) : goOn(job, job.resume, options, warn);
}

/** The folder of a new run, with a copy of what came through stdin, since that does not come twice. */
export async function newFolder({ data, target }: Job, source: Source): Promise<string> {
  const folder = await makeRunFolder(target.folder, data[0] ?? '');
  const [first] = source.files;
  if (data.includes('-') && first !== undefined) await writeFile(join(folder, runFiles.data), first.bytes);
  return folder;
}

/** What `config.json` says of the data, so that they are found again from another folder. */
export function placesOf(data: readonly string[], { remote }: Source, folder: string): string[] {
  return data.map((name) => {
    if (remote !== undefined) return name;
    return resolve(name === '-' ? join(folder, runFiles.data) : name);
  });
}

async function begin(job: Job, options: SourceOptions): Promise<Opened> {
  const adapter = await adapters[job.recipe]();
  const source = await openSource(job.data, options);
  const trainee = await adapter.create(source, job.config, job.options);
  return { recipe: job.recipe, trainee, source, folder: undefined, checkpoint: undefined, data: job.data, options: job.options };
}

async function goOn(job: Job, from: string, options: SourceOptions, warn: (message: string) => void): Promise<Opened> {
  const inFolder = await isFolder(from);
  const folder = inFolder ? from : dirname(from);
  const candidates = inFolder ? await checkpointsOf(from) : [from];
  if (candidates.length === 0) throw new CliError('checkpoint', `${from}: there is no checkpoint in this folder; nothing was saved there yet`);
  const record = await recordOf(folder);
  const isRun = inFolder || Object.keys(record).length > 0;
  const { data, source } = await sourceAgain(job, record, from, options);
  const failures: string[] = [];
  for (const checkpoint of candidates) {
    try {
      const saved = await readCheckpoint(checkpoint);
      checkData(saved, source, data);
      const recipe = recipeOf(saved, checkpoint);
      const trainee = await (await adapters[recipe]()).resume(source, saved, job.config, dataOptions(saved));
      for (const failure of failures) warn(`${failure}; going on from ${checkpoint}, the one before it`);
      return { recipe, trainee, source, folder: isRun ? folder : undefined, checkpoint, data, options: dataOptions(saved) };
    } catch (error) {
      const { outcome, line } = reportOf(error);
      if (outcome !== 'checkpoint') throw error;
      failures.push(line);
    }
  }
  throw new CliError('checkpoint', failures.join('; '));
}

async function sourceAgain(job: Job, record: Readonly<Record<string, unknown>>, from: string, options: SourceOptions): Promise<Pick<Opened, 'data' | 'source'>> {
  const recorded = Array.isArray(record['data']) ? record['data'].filter((name) => typeof name === 'string') : [];
  const data = job.data.length > 0 ? job.data : recorded;
  if (data.length === 0) throw new CliError('usage', `--resume ${from}: it does not say which data it learnt from; name them`);
  const dataDir = options.dataDir ?? (typeof record['dataDir'] === 'string' ? record['dataDir'] : undefined);
  return { data, source: await openSource(data, { ...options, dataDir }) };
}

function checkData({ provenance }: SavedContent, { sha256 }: Source, data: readonly string[]): void {
  const before = provenance['data'];
  if (typeof before !== 'string' || before === sha256) return;
  throw new CliError('data', `${data.join(' ')}: not the data that the run began with (SHA-256 ${sha256.slice(0, 12)}…, then ${before.slice(0, 12)}…); bring them back, or train anew`);
}

function recipeOf({ description: { kind } }: SavedContent, path: string): RecipeName {
  if (typeof kind === 'string' && Object.hasOwn(adapters, kind)) return kind as RecipeName;
  throw new CliError('checkpoint', `${path}: it holds a ${JSON.stringify(kind)}, which is none of ${Object.keys(adapters).join(', ')}`);
}
