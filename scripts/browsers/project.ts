import type { TestProjectInlineConfiguration } from 'vitest/config';
import type { BrowserProviderOption } from 'vitest/node';

/** Packages are run from their sources here; what `dist` holds is proved by scripts/pack.test.ts. */
const conditions = ['@unroll/source', 'module', 'browser', 'development|production'];

const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Which browser, and what is run in it. */
export interface InBrowser {
  readonly name: string;
  readonly browser: 'chromium' | 'firefox';
  readonly provider: BrowserProviderOption;
  readonly include: string;
  /** Whether pages are isolated from others, and so may share memory between threads. */
  readonly isIsolated: boolean;
  /** How much of the suites of backends: Chromium without a GPU takes seconds to compile what Firefox compiles in milliseconds. */
  readonly extent: 'full' | 'short';
}

/** A vitest project whose tests run in a real browser. */
export function inBrowser({ name, browser, provider, include, isIsolated, extent }: InBrowser): TestProjectInlineConfiguration {
  return {
    extends: true,
    // Projects run beside each other, and each keeps prepared dependencies.
    cacheDir: `node_modules/.vite/${name.replaceAll(/\W+/g, '-')}`,
    resolve: { conditions },
    server: { headers: isIsolated ? isolation : {} },
    // Named here, because what is found later reloads the page under the tests.
    optimizeDeps: { include: ['fast-check'] },
    test: {
      name,
      include: [include],
      setupFiles: ['scripts/fail-on-console.ts'],
      provide: { isIsolated, extent, mustHaveGpu: process.env['UNROLL_GPU'] === '1' },
      browser: { enabled: true, headless: true, screenshotFailures: false, provider, instances: [{ browser }] },
    },
  };
}
