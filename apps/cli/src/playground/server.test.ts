import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { servePage } from './server.ts';

const work = mkdtempSync(join(tmpdir(), 'unroll-page-'));
const folder = join(work, 'page');
mkdirSync(join(folder, 'assets'), { recursive: true });
writeFileSync(join(folder, 'index.html'), '<p>page</p>');
writeFileSync(join(folder, 'assets/a-1.js'), 'export {}');
writeFileSync(join(work, 'secret.txt'), 'secret');

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('servePage', () => {
  it('serves the page, isolated, and files that never change for good', async () => {
    const page = await servePage(folder, { port: 0, isolation: true });
    const index = await fetch(page.url);
    expect([await index.text(), index.headers.get('content-type'), index.headers.get('cache-control')]).toEqual(['<p>page</p>', 'text/html; charset=utf-8', 'no-cache']);
    expect([index.headers.get('cross-origin-opener-policy'), index.headers.get('cross-origin-embedder-policy')]).toEqual(['same-origin', 'require-corp']);
    const script = await fetch(`${page.url}assets/a-1.js`);
    expect([script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual(['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable']);
    await page.close();
  });

  it('serves without isolation where it is told to', async () => {
    const page = await servePage(folder, { port: 0, isolation: false });
    expect((await fetch(page.url)).headers.get('cross-origin-embedder-policy')).toBeNull();
    await page.close();
  });

  it('gives nothing away that is not in the folder', async () => {
    const page = await servePage(folder, { port: 0, isolation: true });
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%00', '/%', '/nothing', '/assets']) {
      expect([path, await statusOf(page.url, path)]).toEqual([path, 404]);
    }
    expect((await fetch(page.url, { method: 'POST' })).status).toBe(405);
    await page.close();
  });

  it('says that a port is taken', async () => {
    const page = await servePage(folder, { port: 0, isolation: true });
    await expect(servePage(folder, { port: Number(new URL(page.url).port), isolation: true })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await page.close();
  });
});

/** As it is written: `fetch` would tidy the path up. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject).end();
  });
}
