import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { DataError } from '../errors.ts';
import { memoryCache, type ByteCache } from './cache.ts';
import type { RemoteDataset } from './catalog.ts';
import { fetchDataset, type FetchOptions, type FetchProgress } from './fetch.ts';
import { localDataset, sha256 } from './verify.ts';

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 256);
const digest = await sha256(content);
const set: RemoteDataset = { name: 'demo', description: '', terms: '', base: 'https://data.example/demo/', files: [{ name: 'a.bin', path: 'raw.bin', size: content.length, sha256: digest }] };

type Answer = (from: number, signal: AbortSignal | undefined) => Response;

/** Answers one request after the other and keeps what was asked. */
function serve(...answers: readonly Answer[]): { asked: string[]; fetch: NonNullable<FetchOptions['fetch']> } {
  const asked: string[] = [];
  return {
    asked,
    fetch: (url, { headers, signal }) => {
      const range = new Headers(headers).get('range');
      asked.push(`${url} ${range ?? 'all'}`);
      const answer = answers[asked.length - 1];
      if (answer === undefined) return Promise.reject(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND data.example') }));
      return Promise.resolve(answer(Number(/\d+/.exec(range ?? '')?.[0] ?? 0), signal ?? undefined));
    },
  };
}

/** The bytes [from, to) in pieces; the connection breaks where they end before the file does. */
function body(from: number, to: number = content.length, bytes: Uint8Array = content): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = from;
  return new ReadableStream({
    pull: (controller) => {
      if (at < to) controller.enqueue(bytes.slice(at, (at = Math.min(to, at + 1000))));
      else if (to < bytes.length) controller.error(new TypeError('terminated'));
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

const whole: Answer = () => new Response(body(0));
const rest: Answer = (from) => new Response(body(from), { status: 206 });
const broken = (to: number): Answer => (from) => new Response(body(from, to), { status: from > 0 ? 206 : 200 });

describe('fetchDataset', () => {
  test('fetches, verifies, keeps, and does not fetch again', async () => {
    const [cache, progress] = [memoryCache(), [] as FetchProgress[]];
    const { asked, fetch } = serve(whole);
    const files = await fetchDataset(set, { cache, fetch, onProgress: (one) => progress.push(one) });
    expect(files.get('a.bin')).toEqual(content);
    expect(progress.map(({ received }) => received)).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(progress[0]).toEqual({ dataset: 'demo', file: 'a.bin', received: 1000, total: 5000 });
    expect(await cache.read('demo/a.bin.part')).toBeUndefined();
    expect((await fetchDataset(set, { cache, fetch })).get('a.bin')).toEqual(content);
    expect(asked).toEqual(['https://data.example/demo/raw.bin all']);
  });

  test('goes on where the connection broke off, as often as it takes up to five times', async () => {
    const { asked, fetch } = serve(broken(2000), broken(3000), rest);
    expect((await fetchDataset(set, { cache: memoryCache(), fetch })).get('a.bin')).toEqual(content);
    expect(asked.map((line) => line.split(' ')[1])).toEqual(['all', 'bytes=2000-', 'bytes=3000-']);
    const hopeless = serve(...[1, 2, 3, 4, 5, 6].map(() => broken(1000)));
    await expect(fetchDataset(set, { cache: memoryCache(), fetch: hopeless.fetch })).rejects.toThrow('cannot be reached (terminated)');
    expect(hopeless.asked).toHaveLength(5);
  });

  test('goes on where a signal stopped it, in another call', async () => {
    const [cache, stop] = [memoryCache(), new AbortController()];
    const first = serve(whole);
    const onProgress = ({ received }: FetchProgress): void => {
      if (received === 3000) stop.abort(new Error('enough'));
    };
    await expect(fetchDataset(set, { cache, fetch: first.fetch, signal: stop.signal, onProgress })).rejects.toThrow('enough');
    const second = serve(rest);
    expect((await fetchDataset(set, { cache, fetch: second.fetch })).get('a.bin')).toEqual(content);
    expect(second.asked[0]).toMatch(/bytes=3000-$/);
    await expect(fetchDataset(set, { cache: memoryCache(), fetch: second.fetch, signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });

  test('begins again where the server gives the whole file, or says that there is no such part', async () => {
    for (const answers of [[whole], [() => new Response(null, { status: 416 }), whole]] as Answer[][]) {
      const cache = memoryCache();
      await cache.append('demo/a.bin.part', content.slice(0, 1234));
      expect((await fetchDataset(set, { cache, fetch: serve(...answers).fetch })).get('a.bin')).toEqual(content);
    }
  });

  test('does not believe pieces of another version, or a damaged cache', async () => {
    const cache = memoryCache();
    await cache.append('demo/a.bin.part', new Uint8Array(2000));
    const { asked, fetch } = serve(rest, whole);
    expect((await fetchDataset(set, { cache, fetch })).get('a.bin')).toEqual(content);
    expect(asked).toHaveLength(2);
    await cache.write('demo/a.bin', content.map((byte) => byte ^ 1));
    expect((await fetchDataset(set, { cache, fetch: serve(whole).fetch })).get('a.bin')).toEqual(content);
    expect(await cache.read('demo/a.bin')).toEqual(content);
    await cache.remove('demo/a.bin');
    await cache.append('demo/a.bin.part', new Uint8Array(9000));
    expect((await fetchDataset(set, { cache, fetch: serve(whole).fetch })).get('a.bin')).toEqual(content);
  });

  test('refuses other bytes, also endless ones, and keeps none of them', async () => {
    const other = content.map((byte) => byte ^ 1);
    const long = new Uint8Array(50_000);
    for (const [bytes, message] of [[other, `has the SHA-256 ${await sha256(other)} where ${digest} was published`], [long, 'bytes where 5000 were published'], [content.slice(0, 10), 'has 10 bytes where 5000 were published']] as const) {
      const cache = memoryCache();
      const error: unknown = await fetchDataset(set, { cache, fetch: serve(() => new Response(body(0, bytes.length, bytes))).fetch }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'checksum', message: expect.stringContaining(message) as string });
      expect([await cache.read('demo/a.bin'), await cache.read('demo/a.bin.part')]).toEqual([undefined, undefined]);
    }
  });

  test('says what to do offline, and what a server answered', async () => {
    const offline: unknown = await fetchDataset(set, { cache: memoryCache(), fetch: serve().fetch }).catch((thrown: unknown) => thrown);
    expect(offline).toBeInstanceOf(DataError);
    expect(offline).toMatchObject({
      code: 'offline',
      message: 'demo: https://data.example/demo/raw.bin cannot be reached (getaddrinfo ENOTFOUND data.example); connect to the network and try again, or give a folder that has a.bin',
    });
    const gone = serve(() => new Response(null, { status: 404, statusText: 'Not Found' }));
    await expect(fetchDataset(set, { cache: memoryCache(), fetch: gone.fetch })).rejects.toThrow('demo: https://data.example/demo/raw.bin answered 404 Not Found; try later');
    await expect(fetchDataset(set, { cache: memoryCache(), only: ['b.bin'] })).rejects.toThrow('did you mean "a.bin"?');
  });

  test('passes on what the cache throws', async () => {
    const cache: ByteCache = { ...memoryCache(), append: () => Promise.reject(new Error('disk full')) };
    await expect(fetchDataset(set, { cache, fetch: serve(whole).fetch })).rejects.toThrow('disk full');
  });
});

describe('over HTTP', () => {
  let server: Server | undefined;
  afterEach(() => new Promise((resolve) => void (server?.close(resolve) ?? resolve(undefined))));

  test('goes on with a range after the server hung up', async () => {
    const asked: (string | undefined)[] = [];
    server = createServer((request, response) => {
      asked.push(request.headers.range);
      const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from });
      if (from > 0) response.end(content.slice(from));
      else response.write(content.slice(0, 3000), () => setTimeout(() => response.destroy(), 50));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect((await fetchDataset({ ...set, base }, { cache: memoryCache() })).get('a.bin')).toEqual(content);
    expect(asked).toEqual([undefined, 'bytes=3000-']);
  });
});

test('sha256 is that of the standard', async () => {
  expect(await sha256(new TextEncoder().encode('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('localDataset verifies files that are there, and names those that are not', async () => {
  const folder = new Map([['a.bin', content]]);
  const read = (name: string): Promise<Uint8Array | undefined> => Promise.resolve(folder.get(name));
  expect((await localDataset(set, read)).get('a.bin')).toBe(content);
  const two = { ...set, files: [...set.files, { name: 'b.bin', size: 1, sha256: digest }, { name: 'c.bin', size: 1, sha256: digest }] };
  await expect(localDataset(two, read)).rejects.toThrow('demo: the folder lacks b.bin, c.bin');
  expect((await localDataset(two, read, ['a.bin'])).size).toBe(1);
  folder.set('a.bin', content.slice(1));
  await expect(localDataset(set, read)).rejects.toThrow('a.bin has 4999 bytes where 5000 were published');
});
