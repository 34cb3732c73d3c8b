import type { ViteUserConfig } from 'vitest/config';
import { firefox, mustFindBrowser } from './scripts/browsers/find.ts';
import { firefoxProvider } from './scripts/browsers/firefox.ts';
import { inBrowser } from './scripts/browsers/project.ts';

/** Tests of backends in Firefox, whose WebGPU is another implementation than that of Node and Chromium: `pnpm test:firefox`. */
const config: ViteUserConfig = {
  test: {
    testTimeout: 180_000,
    projects: [inBrowser({ name: 'firefox', browser: 'firefox', provider: firefoxProvider(mustFindBrowser(firefox)), include: 'packages/*/src/**/*.browser.test.ts', isIsolated: true, extent: 'full' })],
  },
};

export default config;
