import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@unroll/interop';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFragment } from '../config/fragment.ts';
import { firstConfig, optionsOf, taskInfos, taskNames } from '../config/tasks.ts';
import type { Config, TaskName } from '../config/config.ts';
import { browserHere, modelsOf, ready, Stage, trainTo } from '../testing/page.ts';

const program = browserHere();

function configOf(task: TaskName, change: Partial<Config> = {}): Config {
  return { ...firstConfig, ...taskInfos[task].start, task, options: optionsOf(task, {}), ...change };
}

async function hashOf(task: TaskName, change: Partial<Config> = {}): Promise<string> {
  return `#${await toFragment({ config: configOf(task, change) })}`;
}

describe.skipIf(program === undefined)('the playground in Chromium', () => {
  let stage: Stage;
  beforeAll(async () => { stage = await Stage.begin(program ?? ''); }, 120_000);
  afterAll(() => stage.end());

  it('trains every task, asks nobody else for anything, and says no error', async () => {
    const { page, errors, foreign, context } = await stage.open();
    await ready(page);
    for (const task of taskNames) {
      if (task === 'csv') {
        const rows = Array.from({ length: 200 }, (_, k) => `${Math.sin(k / 3).toFixed(3)},${k % 7}`);
        await page.locator('.task select').selectOption('csv');
        await page.locator('textarea').first().fill(['wave,week', ...rows].join('\n'));
        await page.getByRole('button', { name: 'Learn from this' }).click();
      } else {
        await page.locator('.task select').selectOption(task);
      }
      await page.waitForFunction((name) => (globalThis as unknown as { lab: { config: { task: string } } }).lab.config.task === name, task);
      await ready(page);
      await trainTo(page, 10);
      for (const { losses, score } of await modelsOf(page)) {
        expect([task, losses.length, losses.every((loss) => Number.isFinite(loss)), Number.isFinite(score)]).toEqual([task, 10, true, true]);
      }
    }
    expect([errors, foreign]).toEqual([[], []]);
    await context.close();
  }, 240_000);

  it('shows that an LSTM remembers over 30 steps what an RNN forgets', async () => {
    const { page, context } = await stage.open({ hash: await hashOf('echo', { options: { lag: 30 } }) });
    await ready(page);
    await trainTo(page, 150);
    const [rnn, lstm] = await modelsOf(page);
    expect(lstm?.score).toBeGreaterThan((rnn?.score ?? 1) + 0.05);
    await context.close();
  }, 240_000);

  it('repeats the curves of a link to the bit, on an isolated page and on one that is not', async () => {
    const hash = await hashOf('temporal-order', { seed: 5, batch: 16 });
    const curves: unknown[] = [];
    for (const isolation of [true, false]) {
      const { page, context } = await stage.open({ hash, isolation });
      await ready(page);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolation);
      if (!isolation) await trainTo(page, 13);
      await trainTo(page, 30);
      curves.push((await modelsOf(page)).map(({ losses }) => losses));
      await context.close();
    }
    expect(curves[0]).toEqual(curves[1]);
  }, 240_000);

  it('goes on after a GPU was lost, and leaves one alone that is lost again', async () => {
    const models = [{ cell: 'rnn', backend: 'webgpu' }, ...firstConfig.models.slice(1)] as unknown as Config['models'];
    const { page, context } = await stage.open({ hash: await hashOf('parity', { models, hidden: 4, batch: 4, options: { length: 4 } }) });
    await ready(page);
    await trainTo(page, 12);
    expect((await modelsOf(page))[0]?.backend).toBe('webgpu');
    await loseDevice(page);
    await trainTo(page, 24);
    const after = (await modelsOf(page))[0];
    expect([after?.backend, after?.losses.length, after?.losses.every((loss) => Number.isFinite(loss))]).toEqual(['webgpu', 24, true]);
    await expect.poll(() => page.getByText(/The GPU was lost/u).count()).toBe(1);
    await loseDevice(page);
    await trainTo(page, 30);
    expect((await modelsOf(page))[0]?.backend).toBe('wasm');
    await context.close();
    const undisturbed = await stage.open({ hash: await hashOf('parity', { hidden: 4, batch: 4, options: { length: 4 } }) });
    await ready(undisturbed.page);
    await trainTo(undisturbed.page, 24);
    const losses = (await modelsOf(undisturbed.page))[0]?.losses ?? [];
    for (const [k, loss] of losses.entries()) expect(Math.abs((after?.losses[k] ?? NaN) - (loss ?? NaN))).toBeLessThan(1e-3);
    await undisturbed.context.close();
  }, 240_000);

  it('says in words that a loss became no number, and calms down', async () => {
    const models = [{ cell: 'rnn-relu', backend: 'wasm' }, ...firstConfig.models.slice(1)] as unknown as Config['models'];
    const { page, context } = await stage.open({ hash: await hashOf('sine', { models, lr: 1, clip: 100 }) });
    await ready(page);
    await page.getByRole('button', { name: 'Play' }).click();
    const way = page.getByRole('button', { name: /Halve the learning rate/u });
    await way.waitFor({ timeout: 60_000 });
    await way.click();
    await expect.poll(() => page.evaluate(() => (globalThis as unknown as { lab: { config: { lr: number } } }).lab.config.lr)).toBe(0.5);
    await context.close();
  }, 240_000);

  it('goes back, and keeps what was as a dashed line', async () => {
    const { page, context } = await stage.open();
    await ready(page);
    await trainTo(page, 25);
    const before = await modelsOf(page);
    await page.getByLabel(/^Go back/u).fill('1');
    await page.getByRole('button', { name: 'Back to step 10' }).click();
    await expect.poll(async () => (await modelsOf(page)).map(({ step }) => step)).toEqual([10, 10, 10]);
    await trainTo(page, 25);
    expect((await modelsOf(page)).map(({ losses }) => losses)).toEqual(before.map(({ losses }) => losses));
    await context.close();
  }, 240_000);

  it('gives a trained model away, in a link and in a file', async () => {
    const { page, context } = await stage.open({ hash: await hashOf('parity', { options: { length: 6 } }) });
    await ready(page);
    await trainTo(page, 30);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('checkbox', { name: /with the trained LSTM/u }).check();
    const field = page.getByRole('textbox', { name: 'Share' });
    await expect.poll(async () => (await field.inputValue()).length).toBeGreaterThan(1000);
    const link = await field.inputValue();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Weights (safetensors)', exact: true }).click()]);
    const { tensors, metadata } = readSafetensors(await readFile(await download.path()));
    expect([[...tensors.keys()].length, metadata.get('cell'), metadata.get('steps')]).toEqual([6, 'lstm', '30']);
    const own = await answers(page);
    const other = await stage.open({ hash: new URL(link).hash });
    await ready(other.page);
    await expect.poll(async () => difference(own, await answers(other.page)), { timeout: 20_000 }).toBeLessThan(0.01);
    await Promise.all([context.close(), other.context.close()]);
  }, 240_000);

  it('works without a network after the first visit', async () => {
    const { page, context, url } = await stage.open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await expect.poll(() => page.evaluate(async () => (await (await caches.open((await caches.keys())[0] ?? '')).keys()).length)).toBeGreaterThan(5);
    await context.setOffline(true);
    await page.goto(url);
    await ready(page);
    await trainTo(page, 5);
    await page.locator('.task select').selectOption('text');
    await ready(page);
    await context.close();
  }, 240_000);

  it('is used by keyboard', async () => {
    const { page, context } = await stage.open();
    await ready(page);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => page.getByTestId('step').innerText()).toBe('1');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Play' }).waitFor();
    await page.keyboard.press('n');
    await page.waitForFunction(() => (globalThis as unknown as { lab: { config: { seed: number } } }).lab.config.seed === 2);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await context.close();
  }, 240_000);

  it('fits on a phone, in both languages', async () => {
    const { page, context } = await stage.open({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
    await ready(page);
    await trainTo(page, 10);
    for (const task of ['temporal-order', 'text', 'airline'] as const) {
      await page.locator('.task select').selectOption(task);
      await ready(page);
      expect([task, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([task, 360]);
    }
    await page.locator('header select').selectOption('ko');
    await page.getByText('재생').first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await context.close();
  }, 240_000);

  it.each(['light', 'dark'] as const)('has nothing serious that axe would say, %s', async (colorScheme) => {
    const { page, context } = await stage.open({ colorScheme, bypassCSP: true });
    await ready(page);
    await trainTo(page, 10);
    await page.locator('summary').last().click();
    await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('axe-core/axe.min.js')) });
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { target: unknown; failureSummary: string }[] }[] }> } };
      return (await axe.run()).violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ target, failureSummary }) => [target, failureSummary])]);
    });
    expect(found).toEqual([]);
    await context.close();
  }, 240_000);
});

function loseDevice(page: Page): Promise<void> {
  return page.evaluate(() => (globalThis as unknown as { lab: { ask: (slot: number, name: string) => Promise<void> } }).lab.ask(0, 'loseDevice'));
}

/** What the LSTM of a page says of a held-out sequence. */
function answers(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const { lab } = globalThis as unknown as { lab: { ask: (slot: number, name: string, request: object) => Promise<{ outputs: Float32Array }> } };
    return [...(await lab.ask(1, 'trace', { sequence: 0 })).outputs];
  });
}

function difference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, k) => Math.abs(value - (b[k] ?? Infinity))));
}
