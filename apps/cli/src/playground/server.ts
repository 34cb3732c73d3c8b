import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A page that is being served. */
export interface ServedPage {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** How a page is served. */
export interface ServeOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether the page is cross-origin isolated, so that it may share memory between threads. */
  readonly isolation: boolean;
}

/** Only this machine can reach it. */
const host = '127.0.0.1';

/** Serves the files of a folder. Rejects where the port is taken. */
export async function servePage(folder: string, { port, isolation }: ServeOptions): Promise<ServedPage> {
  const server = createServer((request, response) => {
    answer(folder, isolation, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.json': 'application/json', '.wasm': 'application/wasm', '.png': 'image/png',
};

async function answer(folder: string, isolation: boolean, { method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405);
  const file = fileOf(folder, url);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || found?.isFile() !== true) return refuse(response, 404);
  response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Content-Length': found.size, ...headersOf(file, isolation) });
  if (method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
}

/** The file of an address: never one outside of the folder. */
function fileOf(folder: string, url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://page').pathname);
    const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
    return file.startsWith(normalize(folder + sep)) && !file.includes('\0') ? file : undefined;
  } catch {
    return undefined;
  }
}

// What has a name made of its own content never changes.
function headersOf(file: string, isolation: boolean): Record<string, string> {
  return {
    'Cache-Control': file.includes(`${sep}assets${sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer',
    ...(isolation ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Resource-Policy': 'same-origin' } : {}),
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${status}\n`);
}
