import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@unroll/interop';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../config/config.ts';
import { firstConfig, taskNames } from '../config/tasks.ts';
import { browserHere, hashOf, modelsOf, ready, Stage, trainTo } from '../testing/page.ts';

const program = browserHere();

describe.skipIf(program === undefined)('the playground in Chromium', () => {
  let stage: Stage;
  beforeAll(async () => { stage = await Stage.begin(program ?? ''); }, 120_000);
  afterAll(() => stage.end());

  it('trains every task, and the losses of all three fall; asks nobody else for anything, and says no error', async () => {
    const steps = 40;
    const fallen: [string, boolean[]][] = [];
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
      await trainTo(page, steps);
      for (const { losses, score } of await modelsOf(page)) {
        expect([task, losses.length, losses.every((loss) => Number.isFinite(loss)), Number.isFinite(score)]).toEqual([task, steps, true, true]);
      }
      fallen.push([task, (await modelsOf(page)).map(({ losses }) => mean(losses.slice(-10)) < mean(losses.slice(0, 5)))]);
    }
    expect(fallen).toEqual(taskNames.map((task) => [task, [true, true, true]]));
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

  it('stops by itself where there is nothing more to learn, and goes on for who wants it to', async () => {
    const { page, context } = await stage.open({ hash: await hashOf('parity', { hidden: 8, batch: 16, lr: 0.05, options: { length: 4 } }) });
    await ready(page);
    await page.getByRole('button', { name: 'Play' }).click();
    const said = page.getByText(/Paused: each model has learnt what there is to learn/u);
    await said.waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Play' }).click();
    const [model] = await modelsOf(page);
    await page.waitForFunction((step) => ((globalThis as unknown as { lab: { models: { step: number }[] } }).lab.models[0]?.step ?? 0) > step + 40, model?.step ?? 0);
    expect(await said.count()).toBe(0);
    await page.getByRole('button', { name: 'Pause' }).click();
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
    await page.keyboard.press('s');
    await page.getByText(/has something to write/u).waitFor();
    await page.keyboard.press('3');
    await page.waitForFunction(() => (globalThis as unknown as { lab: { selected: number } }).lab.selected === 2);
    await page.locator('.task select').selectOption('text');
    await ready(page);
    const written = page.locator('section[aria-labelledby=sample-title] p.text');
    await written.filter({ hasText: /\S/u }).waitFor();
    const before = await written.textContent();
    await page.locator('.task select').blur();
    await page.keyboard.press('s');
    await expect.poll(() => written.textContent()).not.toBe(before);
    await page.getByRole('textbox', { name: 'Begins with' }).fill('');
    await page.keyboard.type('rn1');
    expect(await page.evaluate(() => { const { lab } = globalThis as unknown as { lab: { selected: number; config: { seed: number } } }; return [lab.selected, lab.config.seed]; })).toEqual([2, 2]);
    await page.getByRole('textbox', { name: 'Begins with' }).blur();
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

  it.each([
    ['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }], ['on a phone', { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }],
  ] as const)('has nothing serious that axe would say, %s', async (_, look) => {
    const { page, context } = await stage.open({ ...look, bypassCSP: true });
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

/** What the LSTM of a page says of a held-out sequence. */
function answers(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const { lab } = globalThis as unknown as { lab: { ask: (slot: number, name: string, request: object) => Promise<{ outputs: Float32Array }> } };
    return [...(await lab.ask(1, 'trace', { sequence: 0 })).outputs];
  });
}

function mean(losses: readonly (number | null)[]): number {
  return losses.reduce<number>((sum, loss) => sum + (loss ?? NaN), 0) / losses.length;
}

function difference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, k) => Math.abs(value - (b[k] ?? Infinity))));
}
