import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright';
import { preview, type PreviewServer } from 'vite';
import type { Config, TaskName } from '../config/config.ts';
import { toFragment } from '../config/fragment.ts';
import { firstConfig, optionsOf, taskInfos } from '../config/tasks.ts';

/** Pages of the built playground in a real browser, for tests. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Whether tests in a browser can run: says loudly where they cannot, and throws under UNROLL_BROWSER=1. */
export function browserHere(): string | undefined {
  const problem = existsSync(join(root, 'dist/index.html')) ? undefined : 'the playground is not built; run: pnpm build';
  const found = problem === undefined ? findChromium() : undefined;
  if (found !== undefined) return found;
  const message = problem ?? 'there is no Chromium on the path; install one (Debian: apt-get install chromium) or name it in UNROLL_CHROMIUM';
  if (process.env['UNROLL_BROWSER'] === '1') throw new Error(message);
  process.stderr.write(`\nSKIPPED, the playground in a browser: ${message}.\n`);
  return undefined;
}

/** A browser and a server, shared by the tests of a file. */
export class Stage {
  readonly #browser: Browser;
  readonly #servers: readonly PreviewServer[];
  readonly #urls: readonly [isolated: string, open: string];

  private constructor(browser: Browser, servers: readonly PreviewServer[], urls: readonly [string, string]) {
    [this.#browser, this.#servers, this.#urls] = [browser, servers, urls];
  }

  static async begin(program: string): Promise<Stage> {
    const serve = (headers: Record<string, string>): Promise<PreviewServer> => preview({ root, configFile: false, logLevel: 'silent', base: './', preview: { port: 0, host: '127.0.0.1', headers }, build: { outDir: 'dist' } });
    const servers = [await serve(isolated), await serve({})];
    const urls = servers.map((server) => server.resolvedUrls?.local[0] ?? '') as [string, string];
    const args = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
    return new Stage(await chromium.launch({ executablePath: program, args }), servers, urls);
  }

  /** A page of its own, opened and ready to train. Whatever it says as an error is in `errors`, requests to others in `foreign`. */
  async open({ hash = '', isolation = true, worker = '', ...options }: OpenOptions = {}): Promise<Opened> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...(worker === '' ? {} : { serviceWorkers: 'block' }), ...options });
    const page = await context.newPage();
    if (worker !== '') {
      await page.route('**/worker-*.js', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `${worker}\n${await response.text()}` });
      });
    }
    const url = this.#urls[isolation ? 0 : 1];
    const [errors, foreign]: [string[], string[]] = [[], []];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
    page.on('request', (request) => { if (!/^(data|blob):/u.test(request.url()) && !request.url().startsWith(url)) foreign.push(request.url()); });
    await page.goto(url + hash);
    await page.getByTestId('step').waitFor();
    return { page, context, errors, foreign, url };
  }

  async end(): Promise<void> {
    await this.#browser.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}

export interface OpenOptions extends NonNullable<Parameters<Browser['newContext']>[0]> {
  readonly hash?: string;
  readonly isolation?: boolean;
  /** Runs in the workers before their own code: another machine, as it were. */
  readonly worker?: string;
}

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly errors: readonly string[];
  readonly foreign: readonly string[];
  readonly url: string;
}

/** The address of a task as it starts, with something changed. */
export async function hashOf(task: TaskName, change: Partial<Config> = {}): Promise<string> {
  return `#${await toFragment({ config: { ...firstConfig, ...taskInfos[task].start, task, options: optionsOf(task, {}), ...change } })}`;
}

/** Trains until so many steps were made by all three, then pauses. */
export async function trainTo(page: Page, steps: number): Promise<void> {
  await page.evaluate((limit) => {
    const { lab } = globalThis as unknown as { lab: { models: { step: number }[]; train: (steps: number) => void } };
    lab.train(limit - Math.max(...lab.models.map(({ step }) => step)));
  }, steps);
  await page.waitForFunction((limit) => (globalThis as unknown as { lab: { models: { step: number }[] } }).lab.models.every(({ step }) => step === limit), steps, { timeout: 120_000 });
}

/** What the models of the page have come to. */
export function modelsOf(page: Page): Promise<readonly { readonly step: number; readonly score: number; readonly losses: readonly (number | null)[]; readonly backend: string; readonly threads: number }[]> {
  return page.evaluate(() => {
    const { lab } = globalThis as unknown as { lab: { models: { step: number; score: number; opened: { backend: string; threads: number }; curve: { values: (quantity: string) => (number | null)[] } }[] } };
    return lab.models.map(({ step, score, curve, opened }) => ({ step, score, losses: curve.values('loss'), backend: opened.backend, threads: opened.threads }));
  });
}

/** Waits until all three models can be trained. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => (globalThis as unknown as { lab?: { models: { status: string }[] } }).lab?.models.every(({ status }) => status === 'ready'), undefined, { timeout: 60_000 });
}

function findChromium(): string | undefined {
  const named = process.env['UNROLL_CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].flatMap((program) => folders.map((folder) => join(folder, program))).find((path) => existsSync(path));
}
