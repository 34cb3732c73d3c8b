import type { Page } from 'playwright';
import { writeSafetensors } from '@unroll/interop';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFragment } from '../config/fragment.ts';
import { firstConfig } from '../config/tasks.ts';
import { browserHere, modelsOf, ready, Stage, trainTo } from '../testing/page.ts';

const program = browserHere();
const wave = Array.from({ length: 200 }, (_, k) => Math.sin(k / 3).toFixed(3));

/** Pastes something into the field for own data. */
async function paste(page: Page, text: string): Promise<void> {
  const field = page.locator('.own textarea');
  if (!(await field.isVisible())) await page.locator('.own summary').click();
  await field.fill(text);
  await page.getByRole('button', { name: 'Learn from this' }).click();
}

async function task(page: Page, name: string): Promise<void> {
  await page.locator('.task select').selectOption(name);
  await page.waitForFunction((wanted) => (globalThis as unknown as { lab: { config: { task: string } } }).lab.config.task === wanted, name);
}

function losses(page: Page): Promise<unknown> {
  return modelsOf(page).then((models) => models.map((model) => model.losses));
}

describe.skipIf(program === undefined)('what cannot be, in Chromium', () => {
  let stage: Stage;
  beforeAll(async () => { stage = await Stage.begin(program ?? ''); }, 120_000);
  afterAll(() => stage.end());

  it('refuses tables in words, and does not lose what was learnt of another', async () => {
    const { page, errors, context } = await stage.open();
    await ready(page);
    await task(page, 'csv');
    await paste(page, ['wave', ...wave].join('\n'));
    await page.getByText('Columns of numbers: wave.').waitFor();
    await ready(page);
    await trainTo(page, 10);
    const before = await losses(page);
    const faults: readonly [string, RegExp][] = [
      ['a,b\n1,2\n3\n', /nothing has changed: table:3: the row has 1 cells where the first row has 2/u], ['a,b\nx,y\n', /there is no column of numbers/u], ['a,b\n1,2\n', /1 rows are too few/u],
      ['a,b\n"1,2\n3,4', /a quote that was opened is not closed/u], [['a', ...wave.slice(0, 9), 'NA', ...wave].join('\n').replace(/^a\n[^\n]+/u, 'a\nNA'), /has no value/u],
    ];
    for (const [text, words] of faults) {
      await paste(page, text);
      await page.getByRole('alert').filter({ hasText: words }).waitFor();
      expect(await losses(page)).toEqual(before);
    }
    await trainTo(page, 12);
    await paste(page, wave.join('\n'));
    await page.getByText('Columns of numbers: column 1.').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  }, 240_000);

  it('reads 50,000 rows, and a text of 5 MB, of which the first million characters are learnt from', async () => {
    const { page, errors, context } = await stage.open();
    await ready(page);
    await task(page, 'csv');
    const table = ['wave;week', ...Array.from({ length: 50_000 }, (_, k) => `${wave[k % 200]};${k % 7}`)].join('\n');
    await page.locator('.own input[type=file]').setInputFiles({ name: 'long.csv', mimeType: 'text/csv', buffer: Buffer.from(table) });
    await page.getByText('Columns of numbers: wave, week.').waitFor({ timeout: 60_000 });
    await ready(page);
    await trainTo(page, 3);
    await task(page, 'text');
    await ready(page);
    await page.locator('.own input[type=file]').setInputFiles({ name: 'fox.txt', mimeType: 'text/plain', buffer: Buffer.from('The quick brown fox. '.repeat(240_000)) });
    await page.getByText('Learning from fox.txt (5,040,000 characters)').waitFor({ timeout: 60_000, state: 'attached' });
    await ready(page);
    await trainTo(page, 3);
    expect(errors).toEqual([]);
    await context.close();
  }, 240_000);

  it('keeps the field open while one types into it, and refuses three characters', async () => {
    const { page, context } = await stage.open();
    await ready(page);
    await task(page, 'text');
    await ready(page);
    await trainTo(page, 5);
    const before = await losses(page);
    await paste(page, 'abc');
    await page.getByRole('alert').filter({ hasText: /nothing has changed: text: 3 characters are too few for windows of 40; at least 420 are needed/u }).waitFor();
    expect(await losses(page)).toEqual(before);
    await context.close();
  }, 240_000);

  it('says of a link what it cannot take, and does not end what is being trained', async () => {
    const { page, context } = await stage.open({ hash: '#v=1&c=AAAA' });
    await ready(page);
    await page.getByText('The link is damaged. These are the settings the page begins with.').waitFor();
    await trainTo(page, 10);
    const before = await losses(page);
    for (const [hash, words] of [['v=1&c=%%', 'The link is damaged; nothing has changed.'], ['v=9&c=AAAA', 'The link was made by a newer version of this page; nothing has changed.']] as const) {
      await page.evaluate((wanted) => { location.hash = wanted; }, hash);
      await page.getByText(words).waitFor();
      expect(await losses(page)).toEqual(before);
    }
    const large = await toFragment({ config: { ...firstConfig, hidden: 1e6, lr: 10 } });
    await page.evaluate((wanted) => { location.hash = wanted; }, large);
    for (const field of ['hidden', 'lr']) await page.getByText(`The link sets “${field}” to what cannot be; it was brought into its range.`).waitFor();
    await page.evaluate((wanted) => { location.hash = wanted; }, await toFragment({ config: firstConfig, model: { slot: 1, step: 4, weights: 'AAAA' } }));
    await page.getByText('The link sets “model” to what cannot be').waitFor();
    await context.close();
  }, 240_000);

  it('refuses weights of something else, and trains on', async () => {
    const { page, errors, context } = await stage.open();
    await ready(page);
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByRole('button', { name: 'Share' }).click();
    const files: readonly [string, Uint8Array][] = [
      ['empty', new Uint8Array()], ['noise', new Uint8Array(1000).fill(65)], ['other', writeSafetensors([['foo', { shape: [2], data: Float32Array.of(1, 2) }]])],
    ];
    for (const [name, bytes] of files) {
      const step = (await modelsOf(page))[1]?.step ?? 0;
      await page.locator('dialog input[type=file]').setInputFiles({ name: `${name}.safetensors`, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
      await page.getByText(`${name}.safetensors does not fit`).waitFor();
      await page.waitForFunction((before) => (globalThis as unknown as { lab: { playing: boolean; models: { step: number }[] } }).lab.playing && ((globalThis as unknown as { lab: { models: { step: number }[] } }).lab.models[1]?.step ?? 0) > before + 1, step);
    }
    expect(errors).toEqual([]);
    await context.close();
  }, 240_000);
});
