import type { TestProjectInlineConfiguration, ViteUserConfig } from 'vitest/config';
import { chromiumProvider } from './scripts/browsers/chromium.ts';
import { chromium, findBrowserOrSkip } from './scripts/browsers/find.ts';
import { inBrowser } from './scripts/browsers/project.ts';

/** Packages are run from their sources here; what `dist` holds is proved by scripts/pack.test.ts. */
const conditions = ['@unroll/source', 'module', 'node', 'development|production'];

const node: TestProjectInlineConfiguration = {
  extends: true,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: 'node',
    environment: 'node',
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts', 'docs/examples/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.browser.test.ts'],
    setupFiles: ['scripts/fail-on-console.ts'],
  },
};

/** The GPU backend on a second driver for the CPU, where UNROLL_SWIFTSHADER names its description: in short, for it compiles slowly. */
function onSwiftShader(driver: string): TestProjectInlineConfiguration {
  return {
    ...node,
    test: { ...node.test, name: 'node, SwiftShader', include: ['packages/webgpu/src/conformance.test.ts'], env: { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, UNROLL_EXTENT: 'short' } },
  };
}

/** The backends in pages that may share memory between threads; WebAssembly also in one that may not. */
function inChromium(path: string): TestProjectInlineConfiguration[] {
  const common = { browser: 'chromium', provider: chromiumProvider(path), extent: 'short' } as const;
  return [
    inBrowser({ ...common, name: 'chromium', include: '{packages,apps}/*/src/**/*.browser.test.ts', isIsolated: true }),
    inBrowser({ ...common, name: 'chromium, not isolated', include: 'packages/wasm/src/**/*.browser.test.ts', isIsolated: false }),
  ];
}

const browser = findBrowserOrSkip(chromium);
const swiftShader = process.env['UNROLL_SWIFTSHADER'];

const config: ViteUserConfig = {
  test: {
    // A slow machine is not a failing one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A driver for the processor takes its time to let go of what it compiled.
    teardownTimeout: 60_000,
    projects: [node, ...(swiftShader === undefined ? [] : [onSwiftShader(swiftShader)]), ...(browser === undefined ? [] : inChromium(browser))],
  },
};

export default config;
