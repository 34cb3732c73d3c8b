/**
 * Firefox for vitest's browser mode. Playwright drives only a build of its own; all that tests need of a stock Firefox is that it opens
 * a page, which takes no driver: a profile of its own and the address.
 */
import { defineBrowserProvider } from '@vitest/browser';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserProvider, BrowserProviderOption } from 'vitest/node';

const preferences: Readonly<Record<string, boolean>> = {
  // Both are needed where there is no GPU; either alone gives no adapter.
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  // A first start is to show our page, and nothing is to be asked of the network.
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
};

/** A way for vitest to open its pages in the Firefox at this path. */
export function firefoxProvider(path: string): BrowserProviderOption {
  return defineBrowserProvider({ name: 'firefox', supportedBrowser: ['firefox'], options: {}, providerFactory: () => new Firefox(path) });
}

interface Started { readonly process: ChildProcess; readonly profile: string }

class Firefox implements BrowserProvider {
  readonly name = 'firefox';
  readonly supportsParallelism = false;
  readonly #path: string;
  readonly #started: Started[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  getCommandsContext(): Record<string, unknown> {
    return {};
  }

  async openPage(_sessionId: string, url: string): Promise<void> {
    const profile = await mkdtemp(join(tmpdir(), 'unroll-firefox-'));
    await writeFile(join(profile, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${value});\n`).join(''));
    const process = spawn(this.#path, ['--headless', '--no-remote', '--profile', profile, url], { stdio: 'ignore' });
    this.#started.push({ process, profile });
    await once(process, 'spawn');
  }

  async close(): Promise<void> {
    for (const { process, profile } of this.#started.splice(0)) {
      if (process.exitCode === null && process.kill()) await once(process, 'exit');
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }
}
