import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { remoteDatasets, type RemoteName } from '@unroll/datasets';
import { CliError, complaint } from '../errors.ts';
import { readBytes } from './read.ts';
import { remoteFiles, type SourceFile, type SourceOptions } from './remote.ts';

/** All the data of a training or a measurement. */
export interface Source {
  readonly files: readonly SourceFile[];
  /** The remote set that they are, if they are one. */
  readonly remote: RemoteName | undefined;
  /** SHA-256 of all files in their order. */
  readonly sha256: string;
}

/**
 * Opens data: files, all files of a folder, `-` for what comes in through stdin, or the name of a remote set, unless a file has that
 * name. Throws a `CliError` of outcome `data` that names what cannot be read.
 */
export async function openSource(names: readonly string[], options: SourceOptions = {}): Promise<Source> {
  const [first = ''] = names;
  const remote = names.length === 1 && Object.hasOwn(remoteDatasets, first) && !(await isThere(first)) ? (first as RemoteName) : undefined;
  const files = remote === undefined ? await localFiles(names) : await remoteFiles(remoteDatasets[remote], options);
  const hash = createHash('sha256');
  for (const { bytes } of files) hash.update(bytes);
  return { files, remote, sha256: hash.digest('hex') };
}

/** All of stdin. Works in any thread. */
async function readStdin(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of createReadStream('', { fd: 0, autoClose: false })) pieces.push(piece as Uint8Array);
  } catch (error) {
    throw new CliError('data', `stdin: ${complaint(error)}`);
  }
  return Buffer.concat(pieces);
}

async function localFiles(names: readonly string[]): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const name of names) {
    if (name === '-') files.push({ name: 'stdin', bytes: await readStdin() });
    else for (const path of await expanded(name)) files.push({ name: path, bytes: await readBytes(path, 'data') });
  }
  return files;
}

/** A folder stands for the files in it, in the order of their names. */
async function expanded(name: string): Promise<string[]> {
  const isDirectory = await stat(name).then((found) => found.isDirectory(), () => false);
  if (!isDirectory) return [name];
  const entries = await readdir(name, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => join(name, entry.name)).sort();
  if (files.length === 0) throw new CliError('data', `${name}: there are no files in this folder`);
  return files;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
