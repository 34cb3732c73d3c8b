import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';

/**
 * Puts `bytes` where `path` says so that a crash at any moment leaves either the old file or the new one, whole: written under
 * another name in the same folder, flushed to the disk, renamed, the folder flushed. An old file's permissions are kept.
 *
 * All in one go, without letting others run: a measurement under way, for instance, when a training is asked to end.
 */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  const temporary = temporaryName(path);
  const mode = permissions(path);
  try {
    writeFlushed(temporary, bytes, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushFolder(dirname(path));
}

/** Finds out whether `writeAtomically` could begin, by beginning. Throws the error of the operating system. */
export function tryWriting(path: string): void {
  const temporary = temporaryName(path);
  closeSync(openSync(temporary, 'w'));
  rmSync(temporary);
}

/** A name beside `path` that `tidy` knows as left over. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
}

/** The name itself must reach the disk too. Windows cannot open folders, and needs it not. */
export function flushFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch (error) {
    if (['EISDIR', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '')) return;
    throw error;
  }
  try {
    fsyncSync(folder);
  } catch (error) {
    // Some network file systems refuse; what could be done has been done.
    if (!['EINVAL', 'EPERM', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    closeSync(folder);
  }
}

function permissions(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o7777;
  } catch {
    return undefined;
  }
}

function writeFlushed(path: string, bytes: Uint8Array, mode: number | undefined): void {
  const file = openSync(path, 'w');
  try {
    // A call may write less than it is given.
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    if (mode !== undefined) fchmodSync(file, mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
