/**
 * Measures the built page in Chromium against its budgets: `pnpm --filter @unroll/playground budgets [minutes of training]`.
 * Ends with code 1 where one is exceeded. On a busy machine times say little; sizes and the growth of the heap hold anywhere.
 */
import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright';
import { browserHere, modelsOf, ready, Stage } from './page.ts';

interface Row {
  readonly what: string;
  readonly measured: number;
  readonly most: number;
  readonly unit: string;
}

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const minutes = Number(process.argv[2] ?? 10);

/** Kilobytes of the scripts that the page needs before it shows, gzipped. */
function firstScripts(): number {
  const html = readFileSync(`${dist}index.html`, 'utf8');
  const names = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/gu)].map(([, name]) => name as string);
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(dist + name), { level: 9 }).length, 0) / 1000;
}

/** Milliseconds from the request until the page can be used, and until all three models can be trained. */
async function opening(stage: Stage): Promise<readonly [usable: number, ready: number]> {
  const { page, context } = await stage.open();
  const usable = await page.evaluate(() => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).domContentLoadedEventEnd);
  await ready(page);
  const whole = await page.evaluate(() => performance.now());
  await context.close();
  return [usable, whole];
}

/** Trains for some minutes: the longest task of the page's own thread, steps a second of the slowest model, and the growth of the heap in MB after the first half minute. */
async function training(stage: Stage): Promise<{ longest: Longest; rate: number; growth: number }> {
  const { page, context } = await stage.open();
  await ready(page);
  await page.evaluate(() => Object.assign((globalThis as unknown as { lab: object }).lab, { ending: 'never' }));
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForTimeout(30_000);
  const [before, first] = [await heapOf(page), await slowest(page)];
  const start = performance.now();
  await page.waitForTimeout(minutes * 60_000);
  const rate = (1000 * ((await slowest(page)) - first)) / (performance.now() - start);
  const growth = (await heapOf(page)) - before;
  const longest = await longestTask(page);
  await context.close();
  return { longest, rate, growth };
}

/** Milliseconds of the longest task of the page's own thread: of the processor, and by the clock, which counts what it waited for others, too. */
interface Longest { readonly processor: number; readonly clock: number }

/** Of twenty-five seconds in which one looks into another model, and takes the cell with the largest picture. */
async function longestTask(page: Page): Promise<Longest> {
  const browser = page.context().browser();
  if (browser === null) return { processor: NaN, clock: NaN };
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await page.waitForTimeout(15_000);
  await page.keyboard.press('3');
  await page.waitForTimeout(3000);
  await page.evaluate(() => void (globalThis as unknown as { lab: { chooseModel: (slot: number, model: object) => Promise<void> } }).lab.chooseModel(1, { cell: 'slstm', backend: 'wasm' }));
  await page.keyboard.press('2');
  await page.waitForTimeout(7000);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly TraceEvent[] };
  const own = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name.includes('RunTask') && own.has(`${pid} ${tid}`));
  const most = (time: (task: TraceEvent) => number): number => tasks.reduce((sum, task) => Math.max(sum, time(task) / 1000), 0);
  return { processor: most(({ tdur = 0 }) => tdur), clock: most(({ dur = 0 }) => dur) };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds, and those of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

async function slowest(page: Page): Promise<number> {
  return Math.min(...(await modelsOf(page)).map(({ step }) => step));
}

/** Megabytes of live objects of the page. */
async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1e6;
}

async function measure(program: string): Promise<boolean> {
  const stage = await Stage.begin(program);
  await opening(stage);
  const [usable, whole] = await opening(stage);
  const { longest, rate, growth } = await training(stage);
  await stage.end();
  const rows: Row[] = [
    { what: 'first scripts, gzipped', measured: firstScripts(), most: 120, unit: 'KB' },
    { what: 'page can be used after', measured: usable, most: 1500, unit: 'ms' },
    { what: 'models can be trained after', measured: whole, most: Infinity, unit: 'ms' },
    { what: 'longest task of the page while three models train', measured: longest.processor, most: 50, unit: 'ms of the processor' },
    { what: 'the same by the clock', measured: longest.clock, most: 50, unit: 'ms' },
    { what: 'steps of the slowest model', measured: rate, most: Infinity, unit: 'a second' },
    { what: `growth of the heap in ${minutes} minutes`, measured: growth, most: 5, unit: 'MB' },
  ];
  for (const { what, measured, most, unit } of rows) {
    writeSync(1, `${measured <= most ? 'ok  ' : 'OVER'} ${what}: ${measured.toFixed(1)} ${unit}${most === Infinity ? '' : `, at most ${most}`}\n`);
  }
  return rows.every(({ measured, most }) => measured <= most);
}

const program = browserHere();
process.exitCode = program !== undefined && (await measure(program)) ? 0 : 1;
