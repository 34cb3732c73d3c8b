import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { UserConfig } from 'vite';

/** Workspace packages come from their sources; addresses are relative, so that the page may lie in any folder of any host. */
const config: UserConfig = {
  base: './',
  plugins: [svelte()],
  resolve: { conditions: ['@unroll/source', 'browser', 'module', 'development|production'] },
  worker: { format: 'es' },
  build: { target: 'es2022', modulePreload: { polyfill: false }, reportCompressedSize: false },
};

export default config;
