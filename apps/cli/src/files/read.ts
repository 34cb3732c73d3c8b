import { readFile, stat } from 'node:fs/promises';
import { decodeUtf8 } from '@unroll/datasets';
import { CliError, complaint, type Outcome } from '../errors.ts';

/** The text in a file, strictly UTF-8. Throws a `CliError` of outcome `data` that names the file. */
export async function readText(path: string): Promise<string> {
  const text = decodeUtf8(await readBytes(path, 'data'), path);
  if (text.length === 0) throw new CliError('data', `${path}: the file is empty; give it a text to learn from`);
  return text;
}

/** The bytes of a file. Throws a `CliError` of the given outcome that names the file. */
export async function readBytes(path: string, outcome: Outcome): Promise<Uint8Array> {
  try {
    // A pipe has no end as long as nobody writes, and a device may have none at all.
    const kind = await stat(path);
    if (!kind.isFile() && !kind.isDirectory() && !(outcome === 'data' && kind.isFIFO())) throw new CliError(outcome, `${path}: it is no file; name one, or - for stdin`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(outcome, `${path}: ${complaint(error)}${await hint(path)}`);
  }
}

async function hint(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? '; name a file in it' : '';
  } catch {
    return '; check the path';
  }
}
