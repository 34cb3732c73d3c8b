import { stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { CliError, complaint } from '../errors.ts';
import { tryWriting } from './atomic.ts';

/** Where a model goes that was not given a name: that of its text, in the folder where we are, and never over another file. */
export async function freeName(textPath: string): Promise<string> {
  const stem = basename(textPath, extname(textPath));
  for (let number = 1; ; number += 1) {
    const name = `${stem}${number === 1 ? '' : `-${number}`}.safetensors`;
    if (!(await exists(name))) return name;
  }
}

/** Finds out before hours of work, not after, that there is no place for their result. */
export async function checkTarget(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    if (!(await stat(folder)).isDirectory()) throw new CliError('usage', `--out ${path}: ${folder} is not a folder; choose another place`);
    await tryWriting(path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `--out ${path}: folder ${folder}: ${complaint(error)}; create it or choose another place`);
  }
  if (await isFolder(path)) throw new CliError('usage', `--out ${path}: there is a folder of that name; add the name of a file`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
