import { DataError } from '../errors.ts';
import type { ByteCache } from './cache.ts';
import { fileUrl, type RemoteDataset, type RemoteFile } from './catalog.ts';
import { chosenFiles, verify, type DatasetFiles } from './verify.ts';

/** How far a download is. */
export interface FetchProgress {
  readonly dataset: string;
  readonly file: string;
  /** Bytes of the file that are there, what an interrupted download left included. */
  readonly received: number;
  /** Bytes of the file. */
  readonly total: number;
}

/** How a set is fetched. */
export interface FetchOptions {
  readonly cache: ByteCache;
  /** The files that are needed; all unless given. */
  readonly only?: readonly string[];
  /** The platform's own unless given. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Stops between two pieces; what arrived stays in the cache, and the next call goes on from there. */
  readonly signal?: AbortSignal;
}

/** Connections that may break off before a download is given up. */
const attempts = 5;

/**
 * The files of a set: from the cache where they are there and sound, else from their address. What arrives is kept piece by piece,
 * so that a download that broke off, or was stopped, goes on where it was; at the end the size and SHA-256 decide.
 *
 * @throws DataError `offline` where the address cannot be reached, `download` where it answers with an error, `checksum` where it has
 * other bytes; what `signal` gives as its reason; what the cache throws
 */
export async function fetchDataset(dataset: RemoteDataset, options: FetchOptions): Promise<DatasetFiles> {
  const files = new Map<string, Uint8Array>();
  for (const file of chosenFiles(dataset, options.only)) {
    files.set(file.name, (await cached(dataset, file, options)) ?? (await downloaded(dataset, file, options)));
  }
  return files;
}

async function cached(dataset: RemoteDataset, file: RemoteFile, { cache, onProgress }: FetchOptions): Promise<Uint8Array | undefined> {
  const key = `${dataset.name}/${file.name}`;
  const bytes = await cache.read(key);
  if (bytes === undefined) return undefined;
  if (!(await isSound(dataset, file, bytes))) {
    await cache.remove(key);
    return undefined;
  }
  onProgress?.({ dataset: dataset.name, file: file.name, received: bytes.length, total: file.size });
  return bytes;
}

async function downloaded(dataset: RemoteDataset, file: RemoteFile, options: FetchOptions): Promise<Uint8Array> {
  const { cache, signal } = options;
  const [key, part] = [`${dataset.name}/${file.name}`, `${dataset.name}/${file.name}.part`];
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const before = (await cache.read(part))?.length ?? 0;
    if (before < file.size) {
      const broken = await receive(dataset, file, part, before, options);
      if (broken !== undefined && attempt < attempts) continue;
      if (broken !== undefined) throw broken;
    }
    const bytes = (await cache.read(part)) ?? new Uint8Array(0);
    const sound = await isSound(dataset, file, bytes);
    if (sound) await cache.write(key, bytes);
    await cache.remove(part);
    if (sound) return bytes;
    // Pieces of two versions, perhaps: once more from the start, and then believe it.
    if (before === 0) await verify(dataset, file, bytes);
  }
}

// Appends what is missing. Gives an error instead of throwing it where the connection broke off on the way, so that it can go on.
async function receive(dataset: RemoteDataset, file: RemoteFile, part: string, before: number, options: FetchOptions): Promise<DataError | undefined> {
  const { cache, signal, onProgress } = options;
  const response = await answer(dataset, file, before, options);
  if (response.status === 416) {
    await cache.remove(part);
    return new DataError('download', `${dataset.name}: ${fileUrl(dataset, file)} has fewer bytes than were fetched before; try again`);
  }
  let received = response.status === 206 ? before : 0;
  if (received === 0) await cache.remove(part);
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read().catch((error: unknown) => unreachable(dataset, file, error));
    if (piece instanceof DataError) {
      signal?.throwIfAborted();
      return piece;
    }
    if (piece === undefined || piece.done) return undefined;
    await cache.append(part, piece.value);
    received += piece.value.length;
    onProgress?.({ dataset: dataset.name, file: file.name, received, total: file.size });
    if (received > file.size || signal?.aborted === true) await reader?.cancel();
    signal?.throwIfAborted();
  }
}

async function answer(dataset: RemoteDataset, file: RemoteFile, before: number, options: FetchOptions): Promise<Response> {
  const { fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init), signal } = options;
  const url = fileUrl(dataset, file);
  let response: Response;
  try {
    response = await fetch(url, { headers: before > 0 ? { Range: `bytes=${before}-` } : {}, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(dataset, file, error);
  }
  if (response.ok || response.status === 416) return response;
  throw new DataError('download', `${dataset.name}: ${url} answered ${response.status} ${response.statusText}`.trimEnd() + `; try later, or give a folder that has ${file.name}`);
}

function unreachable(dataset: RemoteDataset, file: RemoteFile, error: unknown): DataError {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  const reason = cause?.message ?? message ?? String(error);
  return new DataError('offline', `${dataset.name}: ${fileUrl(dataset, file)} cannot be reached (${reason}); connect to the network and try again, or give a folder that has ${file.name}`);
}

async function isSound(dataset: RemoteDataset, file: RemoteFile, bytes: Uint8Array): Promise<boolean> {
  return verify(dataset, file, bytes).then(() => true, () => false);
}
