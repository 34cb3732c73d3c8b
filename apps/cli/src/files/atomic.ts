import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';

/**
 * Puts `bytes` where `path` says so that a crash at any moment leaves either the old file or the new one, whole: written under
 * another name in the same folder, flushed to the disk, renamed, the folder flushed. An old file's permissions are kept.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  const mode = await permissions(path);
  try {
    await writeFlushed(temporary, bytes, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** Finds out whether `writeAtomically` could begin, by beginning. Throws the error of the operating system. */
export async function tryWriting(path: string): Promise<void> {
  const temporary = temporaryName(path);
  await (await open(temporary, 'w')).close();
  await rm(temporary);
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
}

async function permissions(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o7777;
  } catch {
    return undefined;
  }
}

async function writeFlushed(path: string, bytes: Uint8Array, mode: number | undefined): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    if (mode !== undefined) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The name itself must reach the disk too. Windows cannot open folders, and needs it not. */
async function flushFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, 'r');
  } catch (error) {
    if (['EISDIR', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '')) return;
    throw error;
  }
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems refuse; what could be done has been done.
    if (!['EINVAL', 'EPERM', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    await folder.close();
  }
}
