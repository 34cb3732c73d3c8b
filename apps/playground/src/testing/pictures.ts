/** Takes the pictures of docs/playground from the built page, in light and in dark: `pnpm run pictures` in apps/playground. */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { browserHere, ready, Stage, trainTo } from './page.ts';

const folder = fileURLToPath(new URL('../../../../docs/playground/', import.meta.url));
/** Views by the name of their file, as what has to be in sight. */
const views: Readonly<Record<string, string>> = {
  curves: 'section[aria-labelledby=curves-title]', answers: 'section[aria-labelledby=answers-title]', cell: 'section[aria-labelledby=place-picture]', gates: 'section[aria-labelledby=place-gates]',
  conveyor: 'section[aria-labelledby=place-conveyor]', reach: 'section[aria-labelledby=place-reach]', equations: 'section[aria-labelledby=equations-title]',
};

const program = browserHere();
if (program === undefined) throw new Error('pictures need Chromium and a built page');
const stage = await Stage.begin(program);
await mkdir(folder, { recursive: true });
try {
  for (const colorScheme of ['light', 'dark'] as const) await takeAll(colorScheme);
} finally {
  await stage.end();
}
await report();

async function takeAll(colorScheme: 'light' | 'dark'): Promise<void> {
  const { page, context } = await stage.open({ colorScheme, reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } });
  await ready(page);
  await trainTo(page, 120);
  await takeViews(page, colorScheme);
  await takeEditor(page, colorScheme);
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  await keep(page, await page.screenshot(), `page-${colorScheme}`);
  await takeTasks(page, colorScheme);
  await page.locator('nav.lessons li button').nth(1).click();
  await page.waitForTimeout(3500);
  await keep(page, await page.screenshot(), `lesson-${colorScheme}`);
  await page.getByRole('button', { name: 'Close the lesson' }).click();
  await context.close();
  await takePhone(colorScheme);
}

async function takeViews(page: Page, colorScheme: string): Promise<void> {
  await page.locator('#place-picture').scrollIntoViewIfNeeded();
  await page.locator('#equations-title').scrollIntoViewIfNeeded();
  await page.locator('.formulas math').waitFor();
  await page.locator('.scrub input[type=range]').fill('24');
  await page.waitForTimeout(4000);
  for (const [name, selector] of Object.entries(views)) await keep(page, await page.locator(selector).screenshot(), `${name}-${colorScheme}`);
}

/** The editor with something wrong in it, and with what it offers. */
async function takeEditor(page: Page, colorScheme: string): Promise<void> {
  await page.keyboard.press('e');
  await page.locator('.cm-content').waitFor();
  await page.keyboard.press('Control+Home');
  for (let line = 0; line < 4; line++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await page.keyboard.type(' * sigmiod(c) + R_');
  await page.locator('.cm-tooltip-autocomplete').waitFor();
  await page.waitForTimeout(500);
  await keep(page, await page.locator('section[aria-labelledby=equations-title]').screenshot(), `editor-${colorScheme}`);
  await page.keyboard.press('Escape');
  for (let k = 0; k < 8; k++) await page.keyboard.press('Control+z');
  await page.locator('#equations-title').click();
}

async function takeTasks(page: Page, colorScheme: string): Promise<void> {
  for (const [task, steps, view] of [['text', 150, 'sample'], ['airline', 200, 'forecast']] as const) {
    await page.locator('.task select').selectOption(task);
    await page.waitForFunction((name) => (globalThis as unknown as { lab: { config: { task: string } } }).lab.config.task === name, task);
    await ready(page);
    await trainTo(page, steps);
    await page.waitForTimeout(1500);
    await keep(page, await page.locator(`section[aria-labelledby=${view}-title]`).screenshot(), `${view}-${colorScheme}`);
  }
}

/** On a phone, and in Korean. */
async function takePhone(colorScheme: 'light' | 'dark'): Promise<void> {
  const { page, context } = await stage.open({ colorScheme, reducedMotion: 'reduce', viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  await ready(page);
  await trainTo(page, 60);
  await page.locator('#place-gates').scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  await page.locator('#place-gates').evaluate((element) => element.scrollIntoView({ block: 'start' }));
  await page.waitForTimeout(1000);
  await keep(page, await page.screenshot(), `phone-${colorScheme}`);
  await page.locator('header select').selectOption('ko');
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(500);
  await keep(page, await page.screenshot(), `phone-korean-${colorScheme}`);
  await context.close();
}

// The browser writes WebP; the tool that drives it takes PNG alone.
async function keep(page: Page, png: Buffer, name: string): Promise<void> {
  const webp = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext('2d')?.drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.86).slice('data:image/webp;base64,'.length);
  }, png.toString('base64'));
  await writeFile(join(folder, `${name}.webp`), Buffer.from(webp, 'base64'));
}

async function report(): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.webp'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  process.stdout.write(`${names.length} pictures, ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024)} KiB, in ${folder}\n`);
}
