import { copyFileSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { access, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CliError, complaint, systemCode } from '../errors.ts';
import { flushFolder, temporaryName, tryWriting } from './atomic.ts';

/** Files of a run folder, besides checkpoints by step. */
export const runFiles = { last: 'last.safetensors', best: 'best.safetensors', config: 'config.json', log: 'log.jsonl', curve: 'curve.svg', data: 'data' } as const;

/** Where runs go that were not given a place. */
const home = 'runs';

/** Makes the folder of a new run: the one that is asked for, or one named after the data. Throws a `CliError` where there is no place for it. */
export async function makeRunFolder(asked: string | undefined, data: string): Promise<string> {
  if (asked !== undefined) return claim(asked);
  const stem = data === '-' ? 'stdin' : basename(data, extname(data));
  for (let number = 1; ; number += 1) {
    const folder = join(home, `${stem === '' ? 'run' : stem}${number === 1 ? '' : `-${number}`}`);
    if (await make(folder)) return folder;
  }
}

/** Checkpoints of a run from the newest to the oldest, the newest perhaps under two names. */
export async function checkpointsOf(folder: string): Promise<string[]> {
  const names = await list(folder);
  const steps = names.filter((name) => stepOf(name) !== undefined).sort((a, b) => (stepOf(b) as number) - (stepOf(a) as number));
  return [...(names.includes(runFiles.last) ? [runFiles.last] : []), ...steps].map((name) => join(folder, name));
}

/** The name of the checkpoint of a step. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}.safetensors`;
}

/** Removes what a crash left behind, and all but the newest `keep` checkpoints. */
export function tidy(folder: string, keep: number): void {
  const names = readdirSync(folder);
  const old = names.filter((name) => stepOf(name) !== undefined).sort().slice(0, -keep);
  const stale = names.filter((name) => name.startsWith('.') && name.endsWith('.tmp'));
  for (const name of [...old, ...stale]) rmSync(join(folder, name), { force: true });
}

/** Makes `name` another name of `target`, in one go; where the file system knows no links, a copy. */
export function nameAgain(folder: string, target: string, name: string): void {
  const path = join(folder, name);
  const temporary = temporaryName(path);
  rmSync(temporary, { force: true });
  try {
    linkSync(join(folder, target), temporary);
  } catch {
    copyFileSync(join(folder, target), temporary);
  }
  renameSync(temporary, path);
  flushFolder(folder);
}

/** The model in a run folder that is there to be used: the best, or else the last. A file is itself. Throws a `CliError` of outcome `checkpoint`. */
export async function modelIn(path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  for (const name of [runFiles.best, runFiles.last]) if (await exists(join(path, name))) return join(path, name);
  const [newest] = await checkpointsOf(path);
  if (newest !== undefined) return newest;
  throw new CliError('checkpoint', `${path}: there is no model in this folder; name a run folder or a .safetensors file`);
}

/** The run that was worked on last, in `runs`. Throws a `CliError` where there is none. */
export async function newestRun(): Promise<string> {
  const runs = await Promise.all((await list(home).catch(() => [])).map(async (name) => {
    const [newest] = await checkpointsOf(join(home, name)).catch(() => []);
    return newest === undefined ? undefined : { folder: join(home, name), time: (await stat(newest)).mtimeMs };
  }));
  const [last] = runs.filter((run) => run !== undefined).sort((a, b) => b.time - a.time);
  if (last !== undefined) return last.folder;
  throw new CliError('usage', `--resume: there is no run with a checkpoint in ${home}; name the run folder`);
}

/** What a run was asked for. Empty where it does not say, or not any more. */
export async function recordOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const record: unknown = JSON.parse(await readFile(join(folder, runFiles.config), 'utf8'));
    return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

function stepOf(name: string): number | undefined {
  const digits = /^step-(\d{8,})\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

async function claim(folder: string): Promise<string> {
  await make(folder);
  const [found] = await checkpointsOf(folder);
  if (found !== undefined) throw new CliError('usage', `--run ${folder}: there is a run already, with ${basename(found)}; go on with --resume ${folder}, or choose another folder`);
  return folder;
}

/** False where it was there already. */
async function make(folder: string): Promise<boolean> {
  try {
    if (folder.startsWith(join(home, ''))) await mkdir(home, { recursive: true });
    const made = await mkdir(folder).then(() => true, (error: unknown) => {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    });
    if (!(await isFolder(folder))) return false;
    tryWriting(join(folder, 'probe'));
    return made;
  } catch (error) {
    throw new CliError('usage', `${folder}: ${complaint(error)}; choose another place with --run FOLDER`);
  }
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
