/** How Chromium is started for tests: the only place that knows the flags. */
import { playwright } from '@vitest/browser-playwright';
import type { BrowserProviderOption } from 'vitest/node';

/** What a page needs for WebGPU on a machine without a GPU, where it computes on SwiftShader; and what root needs. */
const flags: readonly string[] = ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-gpu-watchdog'];

/** A way for vitest to open its pages in the Chromium at this path. */
export function chromiumProvider(executablePath: string): BrowserProviderOption {
  return playwright({ launchOptions: { executablePath, args: [...flags] } });
}
