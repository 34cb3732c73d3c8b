/// <reference lib="webworker" />

/**
 * The service worker: after the first visit the page works without a network. What the build made has names of its own content and never
 * changes; the page itself is asked for anew, and taken from the cache where nobody answers.
 */

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
/** Put in by the build: the version, and every file. */
declare const pageVersion: string;
declare const pageFiles: readonly string[];
const cacheName = `unroll-${pageVersion}`;

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(['./', ...pageFiles])).then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(forgetOthers().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== worker.location.origin) return;
  event.respondWith(request.mode === 'navigate' ? freshOrKept(request) : keptOrFresh(request));
});

/** Hosts differ in what they say their answers depend on; these depend on the address alone. */
const anyVary: CacheQueryOptions = { ignoreVary: true };

async function freshOrKept(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match('./', anyVary)) ?? Response.error();
  }
}

async function keptOrFresh(request: Request): Promise<Response> {
  return (await caches.match(request, anyVary)) ?? fetch(request);
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('unroll-') && name !== cacheName).map((name) => caches.delete(name)));
}
