import { DataError, suggestion } from '../errors.ts';
import type { RemoteDataset, RemoteFile } from './catalog.ts';

/** The bytes of a set's files by their names, each verified. */
export type DatasetFiles = ReadonlyMap<string, Uint8Array>;

/**
 * A set from files that are there already: `read` gives the bytes of a name, or undefined. Nothing is fetched.
 *
 * @param only the files that are needed; all unless given
 * @throws DataError `missing-file` with all that are missing, `checksum` for a file that is not the one published
 */
export async function localDataset(dataset: RemoteDataset, read: (name: string) => Promise<Uint8Array | undefined>, only?: readonly string[]): Promise<DatasetFiles> {
  const chosen = chosenFiles(dataset, only);
  const found = await Promise.all(chosen.map(async (file) => [file, await read(file.name)] as const));
  const missing = found.flatMap(([file, bytes]) => (bytes === undefined ? [file.name] : []));
  if (missing.length > 0) throw new DataError('missing-file', `${dataset.name}: the folder lacks ${missing.join(', ')}; put it there, or let the set be fetched`);
  const files = new Map<string, Uint8Array>();
  for (const [file, bytes] of found) {
    await verify(dataset, file, bytes as Uint8Array);
    files.set(file.name, bytes as Uint8Array);
  }
  return files;
}

/** The files of a set, or those named. Throws DataError `missing-file` for a name that is not among them. */
export function chosenFiles(dataset: RemoteDataset, only: readonly string[] | undefined): readonly RemoteFile[] {
  const names = dataset.files.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new DataError('missing-file', `${dataset.name}: there is no file "${unknown}"; ${suggestion(unknown, names)}`);
  return dataset.files.filter(({ name }) => only?.includes(name) ?? true);
}

/** Throws DataError `checksum` unless these are the bytes that the set was published with. */
export async function verify(dataset: RemoteDataset, file: RemoteFile, bytes: Uint8Array): Promise<void> {
  const found = bytes.length === file.size ? await sha256(bytes) : undefined;
  if (found === file.sha256) return;
  const wrong = found === undefined ? `has ${bytes.length} bytes where ${file.size} were published` : `has the SHA-256 ${found} where ${file.sha256} was published`;
  throw new DataError('checksum', `${dataset.name}: ${file.name} ${wrong}; it is another version or damaged: get it again`);
}

/** SHA-256 (FIPS 180-4) as hexadecimal digits. Browsers compute it on secure pages only: https, or localhost. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
