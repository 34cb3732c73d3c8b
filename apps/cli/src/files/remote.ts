import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fetchDataset, localDataset, type ByteCache, type FetchProgress, type RemoteDataset } from '@unroll/datasets';
import { CliError, complaint, systemCode } from '../errors.ts';
import { writeAtomically } from './atomic.ts';

/** A file of data, opened. */
export interface SourceFile {
  /** As errors call it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Where data may come from, and who hears of it. */
export interface SourceOptions {
  /** A folder with files of remote sets. */
  readonly dataDir?: string | undefined;
  /** Files of a remote set that are needed; all unless given. */
  readonly only?: readonly string[];
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * The files of a remote set: from `dataDir` where that is given, else from the cache folder, else fetched into it; a download that was
 * broken off goes on where it was.
 */
export async function remoteFiles(dataset: RemoteDataset, { dataDir, only, onProgress, signal }: SourceOptions): Promise<SourceFile[]> {
  const limits = only === undefined ? {} : { only };
  const files = dataDir === undefined
    ? await fetchDataset(dataset, { cache: folderCache(cacheFolder()), ...limits, ...(onProgress === undefined ? {} : { onProgress }), ...(signal === undefined ? {} : { signal }) })
    : await localDataset(dataset, finder(dataset, dataDir), only);
  return [...files].map(([name, bytes]) => ({ name, bytes }));
}

/** Where fetched sets are kept: `UNROLL_CACHE`, else `unroll` in the user's cache folder (XDG_CACHE_HOME, ~/.cache). */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = (key: string): string | undefined => (env[key] === '' ? undefined : env[key]);
  return named('UNROLL_CACHE') ?? join(named('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'unroll');
}

/** A cache that is a folder; whole files come into it atomically. */
export function folderCache(root: string): ByteCache {
  const at = (key: string): string => join(root, ...key.split('/'));
  return {
    read: (key) => readIfThere(at(key)),
    write: (key, bytes) => inFolder(at(key), (path) => Promise.resolve(writeAtomically(path, bytes))),
    append: (key, bytes) => inFolder(at(key), (path) => appendFile(path, bytes)),
    remove: (key) => rm(at(key), { force: true }),
  };
}

/** Sets lie in the folder itself or in one of their name. */
function finder({ name: set }: RemoteDataset, folder: string): (name: string) => Promise<Uint8Array | undefined> {
  return async (name) => (await readIfThere(join(folder, name))) ?? readIfThere(join(folder, set, name));
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw new CliError('data', `${path}: ${complaint(error)}`);
  }
}

async function inFolder(path: string, work: (path: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await work(path);
  } catch (error) {
    throw new CliError('runtime', `cache ${path}: ${complaint(error)}; choose another folder with UNROLL_CACHE`);
  }
}
