import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError, complaint } from '../errors.ts';
import { tryWriting } from './atomic.ts';

/** Finds out before hours of work, not after, that there is no place for their result. */
export async function checkTarget(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    if (!(await stat(folder)).isDirectory()) throw new CliError('usage', `--out ${path}: ${folder} is not a folder; choose another place`);
    tryWriting(path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `--out ${path}: folder ${folder}: ${complaint(error)}; create it or choose another place`);
  }
  if (await isFolder(path)) throw new CliError('usage', `--out ${path}: there is a folder of that name; add the name of a file`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
