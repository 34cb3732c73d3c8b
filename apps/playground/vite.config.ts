import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { runnerImport, transformWithOxc, type Plugin, type UserConfig } from 'vite';

/** What the page may load: itself alone. WebAssembly is made at run time, styles are set by scripts, files are saved from blobs. */
const policy: string = [
  "default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "connect-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'none'",
].join('; ');

/** In the built page: says what it may load, and adds the service worker, which knows every file. */
function page(): Plugin {
  return {
    name: 'unroll-page',
    apply: 'build',
    transformIndexHtml: () => [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy }, injectTo: 'head-prepend' }],
    async generateBundle(_, bundle) {
      const files = [...Object.keys(bundle).filter((name) => name !== 'index.html'), 'icon.svg'].map((name) => `./${name}`).sort();
      const version = createHash('sha256').update(JSON.stringify(Object.values(bundle).map((one) => (one.type === 'chunk' ? one.code : String(one.source))))).digest('hex').slice(0, 12);
      const source = readFileSync(new URL('src/sw.ts', import.meta.url), 'utf8').replaceAll(/^declare const page.*$/gmu, '');
      const { code } = await transformWithOxc(source, 'sw.ts');
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: code.replaceAll('pageVersion', JSON.stringify(version)).replaceAll('pageFiles', JSON.stringify(files)) });
    },
  };
}

const conditions: string[] = ['@unroll/source', 'browser', 'module', 'development|production'];

/** Formulas of the library's cells, set when the page is built. */
function formulas(): Plugin {
  const id = 'virtual:formulas';
  return {
    name: 'unroll-formulas',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    async load(source) {
      if (source !== `\0${id}`) return undefined;
      const path = fileURLToPath(new URL('src/inside/settled.ts', import.meta.url));
      const { module } = await runnerImport<{ readonly settled: Readonly<Record<string, string>> }>(path, { configFile: false, resolve: { conditions } });
      return `export default ${JSON.stringify(module.settled)};`;
    },
  };
}

/** Workspace packages come from their sources; addresses are relative, so that the page may lie in any folder of any host. */
const config: UserConfig = {
  base: './',
  plugins: [svelte(), page(), formulas()],
  resolve: { conditions },
  worker: { format: 'es' },
  build: { target: 'es2022', modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } },
};

export default config;
