import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserHere, modelsOf, ready, Stage } from '../testing/page.ts';

const program = browserHere();

/** Presses Tab until what is focused is called so, and gives back how often; nothing but the keyboard is used. */
async function tabTo(page: Page, name: RegExp, most = 120): Promise<number> {
  for (let k = 1; k <= most; k++) {
    await page.keyboard.press('Tab');
    const called = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? '';
    });
    if (name.test(called)) return k;
  }
  throw new Error(`nothing called ${name.source} within ${most} presses of Tab`);
}

async function reads(page: Page): Promise<string> {
  return (await page.locator('section.inside p.reading').textContent()) ?? '';
}

async function trained(page: Page, steps: number): Promise<void> {
  await page.waitForFunction((limit) => (globalThis as unknown as { lab: { models: { step: number }[] } }).lab.models.every(({ step }) => step === limit), steps, { timeout: 120_000 });
}

describe.skipIf(program === undefined)('the inside of a cell, in Chromium', () => {
  let stage: Stage;
  beforeAll(async () => { stage = await Stage.begin(program ?? ''); }, 120_000);
  afterAll(() => stage.end());

  it('teaches the first lesson to somebody who has a keyboard alone', async () => {
    const { page, errors, context } = await stage.open({ reducedMotion: 'reduce' });
    await ready(page);
    await page.locator('nav.lessons button').first().waitFor();
    await tabTo(page, /What a hidden state is/u);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'lesson-title');
    await ready(page);
    await tabTo(page, /^Go on$/u);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    await tabTo(page, /^Train 200 steps$/u);
    await page.keyboard.press('Enter');
    await trained(page, 200);
    for (const { score } of await modelsOf(page)) expect(score).toBeGreaterThan(0.9);
    await tabTo(page, /^Go on$/u);
    await page.keyboard.press('Enter');
    await page.locator('section.inside p.reading').filter({ hasText: 'Step' }).waitFor();
    const said: string[] = [];
    for (const which of [/^First l$/u, /^Second l$/u]) {
      await tabTo(page, which, 200);
      await page.keyboard.press('Enter');
      await page.waitForTimeout(1500);
      said.push(await reads(page));
    }
    expect(said[0]).toMatch(/reads “l”, is asked for “l”, says “l”/u);
    expect(said[1]).toMatch(/reads “l”, is asked for “o”, says “o”/u);
    await tabTo(page, /^Go on$/u);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Done$/u);
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('What a hidden state is');
    expect(errors).toEqual([]);
    await context.close();
  }, 180_000);

  it('underlines the token that is wrong, and trains what is right', async () => {
    const { page, errors, context } = await stage.open();
    await ready(page);
    await page.locator('#equations-title').waitFor();
    const setsFormulas = (): boolean => performance.getEntriesByType('resource').some(({ name }) => name.includes('/katex'));
    await page.keyboard.press('e');
    // The library's own formulas were set when the page was built; those of the visitor are set here.
    await page.locator('.formulas math').waitFor();
    expect(await page.evaluate(setsFormulas)).toBe(false);
    const area = page.getByRole('textbox', { name: /^Equations of/u });
    await area.fill('f = sigmiod(W_f x + R_f h + b_f)\nh = f * h');
    expect(await area.getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('sigmiod');
    await page.locator('.cm-lintRange-error').hover();
    await page.locator('.cm-tooltip .cm-diagnostic').filter({ hasText: 'did you mean "sigmoid"' }).waitFor();
    expect(await page.locator('#equations-status').textContent()).toMatch(/^Line 1: .*did you mean "sigmoid"/u);
    await area.fill('n = tanh(W_n x + R_n h + b_n)\nh = 0.5 * h + 0.5 * n');
    expect(await area.getAttribute('aria-invalid')).toBe('false');
    await page.waitForFunction(() => (globalThis as unknown as { lab: { config: { models: { cell: string }[] }; models: { step: number }[] } }).lab.config.models[1]?.cell === 'custom');
    await page.waitForFunction(() => (globalThis as unknown as { lab: { models: { step: number }[] } }).lab.models.every(({ step }) => step > 2), undefined, { timeout: 60_000 });
    await page.waitForFunction(setsFormulas);
    await page.locator('.formulas math').waitFor();
    expect(await page.locator('[data-node], svg[data-picture]').count()).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    await context.close();
  }, 120_000);

  it('completes names while one types, keeps keys to itself, takes back, and lets Tab out', async () => {
    const { page, errors, context } = await stage.open();
    await ready(page);
    await page.locator('#equations-title').waitFor();
    await page.keyboard.press('e');
    const area = page.locator('.cm-content');
    await area.waitFor();
    const text = async (): Promise<string> => (await area.locator('.cm-line').allTextContents()).join('\n');
    const before = await text();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\nsnr = sig');
    await page.locator('.cm-tooltip-autocomplete li').filter({ hasText: /^sigmoid\(a\)/u }).waitFor();
    // The list takes no key within its first 75 ms, so that none hits it by chance.
    await page.waitForTimeout(150);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(text).toBe(`${before}\nsnr = sigmoid(`);
    await page.keyboard.type('W_s');
    await page.locator('.cm-tooltip-autocomplete li').filter({ hasText: 'W_snr' }).waitFor();
    expect(await text()).toBe(`${before}\nsnr = sigmoid(W_s`);
    expect(await page.evaluate(() => { const { lab } = globalThis as unknown as { lab: { playing: boolean; config: { seed: number } } }; return [lab.playing, lab.config.seed]; })).toEqual([false, 1]);
    await page.keyboard.press('Escape');
    for (let k = 0; k < 8 && (await text()) !== before; k++) await page.keyboard.press('Control+z');
    expect(await text()).toBe(before);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BUTTON');
    expect(errors).toEqual([]);
    await context.close();
  }, 120_000);

  it('moves a cursor in every chart by arrow keys, says where it is, and shows the numbers as a table', async () => {
    const { page, context } = await stage.open();
    await ready(page);
    await page.locator('#place-gates').scrollIntoViewIfNeeded();
    const maps = page.locator('section.inside [role=slider]');
    await maps.first().waitFor();
    expect(await maps.count()).toBeGreaterThanOrEqual(8);
    for (const chart of await maps.all()) {
      await chart.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      expect(await chart.getAttribute('aria-valuenow')).toBe('3');
      expect(await chart.getAttribute('aria-valuetext')).toMatch(/[Ss]tep 3/u);
    }
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => page.getByRole('img', { name: /^Loss\. RNN \d.*LSTM \d.*GRU \d/u }).count()).toBe(1);
    for (const summary of await page.locator('section.inside summary').all()) await summary.click();
    for (const table of await page.locator('section.inside details table').all()) expect(await table.locator('tr').count()).toBeGreaterThan(5);
    await context.close();
  }, 120_000);

  it('saves each view as SVG and as PNG', async () => {
    const { page, context } = await stage.open();
    await ready(page);
    await page.locator('#place-gates').scrollIntoViewIfNeeded();
    await page.locator('section.inside [role=slider]').first().waitFor();
    for (const view of ['place-picture', 'place-gates', 'place-conveyor', 'place-reach', 'equations-title', 'answers-title', 'curves-title']) {
      for (const [kind, sign] of [['SVG', '<svg'], ['PNG', '\u{FFFD}PNG']] as const) {
        const download = page.waitForEvent('download');
        await page.locator(`section[aria-labelledby=${view}] button`, { hasText: kind }).click();
        const file = await readFile(await (await download).path());
        expect(file.toString('utf8').slice(0, 4)).toBe(sign);
        expect(file.length).toBeGreaterThan(800);
      }
    }
    await context.close();
  }, 120_000);

  it.each(['light', 'dark'] as const)('has nothing serious that axe would say of a lesson, of tables and of a fault, %s', async (colorScheme) => {
    const { page, context } = await stage.open({ colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
    await ready(page);
    await page.locator('nav.lessons li button').nth(2).click();
    await page.locator('#place-gates').scrollIntoViewIfNeeded();
    await page.locator('section.inside [role=slider]').first().waitFor();
    for (const summary of await page.locator('section.inside summary').all()) await summary.click();
    await page.getByRole('textbox', { name: /^Equations of/u }).fill('h = tanx(W_h x)');
    await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('axe-core/axe.min.js')) });
    const serious = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { target: unknown }[] }[] }> } };
      return (await axe.run()).violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ target }) => target)]);
    });
    expect(serious).toEqual([]);
    await context.close();
  }, 120_000);

  it('has no width to scroll on a phone, in any lesson', async () => {
    const { page, context } = await stage.open({ viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true });
    await ready(page);
    await page.locator('#place-gates').scrollIntoViewIfNeeded();
    for (const lesson of await page.locator('nav.lessons li button').all()) {
      await lesson.click();
      await page.waitForTimeout(1200);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    }
    await context.close();
  }, 120_000);
});
