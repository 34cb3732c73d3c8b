import type { ViteUserConfig } from 'vitest/config';

/** Packages are run from their sources here; what `dist` holds is proved by scripts/pack.test.ts. */
const conditions = ['@unroll/source', 'module', 'node', 'development|production'];

const config: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // A slow machine is not a failing one.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One project today. A second one, for what needs a browser, belongs beside it.
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts', 'docs/examples/**/*.test.ts'],
          setupFiles: ['scripts/fail-on-console.ts'],
        },
      },
    ],
  },
};

export default config;
