import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendChoice, Config } from '../config/config.ts';
import { firstConfig } from '../config/tasks.ts';
import { browserHere, hashOf, modelsOf, ready, Stage, trainTo } from '../testing/page.ts';

const program = browserHere();
/** So small that a GPU that is the processor in disguise trains it, too. */
const small: Partial<Config> = { hidden: 4, batch: 4, options: { length: 4 } };

function on(...backends: readonly [BackendChoice, BackendChoice, BackendChoice]): Config['models'] {
  return firstConfig.models.map((model, k) => ({ ...model, backend: backends[k] })) as unknown as Config['models'];
}

describe.skipIf(program === undefined)('where models compute, in Chromium', () => {
  let stage: Stage;
  beforeAll(async () => { stage = await Stage.begin(program ?? ''); }, 120_000);
  afterAll(() => stage.end());

  it('measures the processor and the GPU, says both rates, and takes the faster', async () => {
    const { page, errors, context } = await stage.open({ hash: await hashOf('parity', { ...small, models: on('auto', 'wasm', 'webgpu') }) });
    await ready(page);
    const [first] = await notices(page);
    const { backend, wasm, webgpu } = first?.values ?? {};
    expect([first?.code, Number(wasm) > 0, Number(webgpu) > 0, backend]).toEqual(['auto', true, true, Number(webgpu) > Number(wasm) ? 'webgpu' : 'wasm']);
    await page.getByText(`Measured for a moment: processor (WASM) ${wasm} steps/s, GPU (WebGPU) ${webgpu} steps/s.`).waitFor();
    await trainTo(page, 12);
    const models = await modelsOf(page);
    expect(models.map((model) => model.backend)).toEqual([backend, 'wasm', 'webgpu']);
    for (const { losses } of models) expect(losses.every((loss) => Number.isFinite(loss))).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  }, 240_000);

  it('computes on the processor where there is no GPU, and says so', async () => {
    const { page, context } = await stage.open({ hash: await hashOf('parity', { ...small, models: on('webgpu', 'auto', 'wasm') }), worker: 'Object.defineProperty(navigator, "gpu", { value: undefined });' });
    await ready(page);
    await trainTo(page, 5);
    expect((await modelsOf(page)).map(({ backend }) => backend)).toEqual(['wasm', 'wasm', 'wasm']);
    expect((await notices(page)).map((notice) => notice?.code)).toEqual(['no-webgpu', 'no-webgpu', undefined]);
    expect(await page.getByText(/There is no GPU that this page can use, so the processor \(WASM\) computes/u).count()).toBe(2);
    await context.close();
  }, 240_000);

  it('goes on after a GPU was lost, and leaves one alone that is lost again', async () => {
    const { page, context } = await stage.open({ hash: await hashOf('parity', { ...small, models: on('webgpu', 'wasm', 'wasm') }) });
    await ready(page);
    await trainTo(page, 12);
    expect((await modelsOf(page))[0]?.backend).toBe('webgpu');
    await loseDevice(page);
    await trainTo(page, 24);
    const after = (await modelsOf(page))[0];
    expect([after?.backend, after?.losses.length, after?.losses.every((loss) => Number.isFinite(loss))]).toEqual(['webgpu', 24, true]);
    await page.getByText(/The GPU was lost\. Training went back to the snapshot of step \d+ and goes on from there, on the GPU again/u).waitFor();
    await loseDevice(page);
    await trainTo(page, 30);
    expect((await modelsOf(page))[0]?.backend).toBe('wasm');
    await page.getByText(/The GPU was lost 2 times within a minute\. Training went back to the snapshot of step \d+ and goes on from there, on the processor/u).waitFor();
    await context.close();
    const undisturbed = await stage.open({ hash: await hashOf('parity', small) });
    await ready(undisturbed.page);
    await trainTo(undisturbed.page, 24);
    const losses = (await modelsOf(undisturbed.page))[0]?.losses ?? [];
    for (const [k, loss] of losses.entries()) expect(Math.abs((after?.losses[k] ?? NaN) - (loss ?? NaN))).toBeLessThan(1e-3);
    await undisturbed.context.close();
  }, 240_000);

  it('repeats the curves of a link to the bit: on an isolated page, on one that is not, with threads, in one go or in two', async () => {
    const hash = await hashOf('temporal-order', { seed: 5, batch: 16 });
    const many = 'Object.defineProperty(navigator, "hardwareConcurrency", { value: 6 });';
    const curves: unknown[] = [];
    for (const { isolation, worker, threads } of [{ isolation: true, worker: '', threads: 1 }, { isolation: false, worker: many, threads: 1 }, { isolation: true, worker: many, threads: 2 }]) {
      const { page, errors, context } = await stage.open({ hash, isolation, worker });
      await ready(page);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolation);
      if (!isolation) await trainTo(page, 13);
      await trainTo(page, 30);
      const models = await modelsOf(page);
      if (isolation && worker === '') expect(models[0]?.threads).toBeGreaterThan(0);
      else expect(models.map((model) => model.threads)).toEqual([threads, threads, threads]);
      curves.push(models.map(({ losses }) => losses));
      expect(errors).toEqual([]);
      await context.close();
    }
    expect(curves[1]).toEqual(curves[0]);
    expect(curves[2]).toEqual(curves[0]);
  }, 240_000);
});

interface Told { readonly code: string; readonly values: Readonly<Record<string, string | number>> }

function notices(page: Page): Promise<readonly (Told | undefined)[]> {
  return page.evaluate(() => (globalThis as unknown as { lab: { models: { notice: Told | undefined }[] } }).lab.models.map(({ notice }) => notice));
}

function loseDevice(page: Page): Promise<void> {
  return page.evaluate(() => (globalThis as unknown as { lab: { ask: (slot: number, name: string) => Promise<void> } }).lab.ask(0, 'loseDevice'));
}
