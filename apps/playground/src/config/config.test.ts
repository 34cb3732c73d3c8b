import { cells } from '@unroll/cells';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from './config.ts';
import { base64url, bytesOf, fromFragment, longestFragment, toFragment } from './fragment.ts';
import { fromHalf, toHalf } from './half.ts';
import { cellNames, configFrom } from './schema.ts';
import { firstConfig, optionsOf, taskInfos, taskNames } from './tasks.ts';

describe('configFrom', () => {
  it('takes every task as it starts, without a remark', () => {
    for (const task of taskNames) {
      const config: Config = { ...firstConfig, ...taskInfos[task].start, task, options: optionsOf(task, {}) };
      expect(configFrom(JSON.parse(JSON.stringify(config)))).toEqual({ config, remarks: [] });
    }
  });

  it('offers every cell of the registry', () => {
    expect([...cellNames].sort()).toEqual(Object.keys(cells).sort());
  });

  it('brings numbers into their range and says which', () => {
    const { config, remarks } = configFrom({ ...firstConfig, task: 'echo', hidden: 1e9, lr: -1, options: { lag: 33.4 } });
    expect([config.hidden, config.lr, config.options['lag']]).toEqual([128, 0.0001, 33]);
    expect(remarks.map(({ field }) => field).sort()).toEqual(['hidden', 'lr', 'options.lag']);
  });

  it('leaves out what it does not know, and says so', () => {
    const { config, remarks } = configFrom({ ...firstConfig, task: 'echo', colour: 'red', options: { lag: 7, speed: 2 } });
    expect(config).toEqual({ ...firstConfig, task: 'echo', options: { lag: 7 } });
    expect(remarks).toEqual([{ code: 'unknown', field: 'options.speed' }, { code: 'unknown', field: 'colour' }]);
  });

  it('keeps equations, and refuses a book', () => {
    const own = (equations: string): unknown => ({ ...firstConfig, models: [{ cell: 'custom', equations, backend: 'auto' }, ...firstConfig.models.slice(1)] });
    expect(configFrom(own('h = tanh(W x + R h)')).config.models[0]).toEqual({ cell: 'custom', equations: 'h = tanh(W x + R h)', backend: 'auto' });
    expect(configFrom(own('h'.repeat(5000))).config.models[0]).toEqual(firstConfig.models[0]);
  });

  it('gives a configuration that it takes itself, whatever comes', () => {
    fc.assert(fc.property(fc.anything(), (given) => {
      const { config } = configFrom(given);
      expect(configFrom(config)).toEqual({ config, remarks: [] });
    }));
    const fields = Object.keys(firstConfig);
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()), (given) => {
      const { config } = configFrom(given);
      expect(configFrom(config)).toEqual({ config, remarks: [] });
    }));
  });
});

describe('an address', () => {
  it('brings back what went into it', async () => {
    const fragment = await toFragment({ config: firstConfig });
    expect(fragment).toMatch(/^v=1&c=[\w-]+$/);
    expect(await fromFragment(`#${fragment}`)).toEqual({ config: firstConfig, remarks: [] });
  });

  it('has room for a trained LSTM of 24 units', async () => {
    const weights = base64url(new Uint8Array(toHalf(Float32Array.from({ length: 2738 }, () => Math.random() - 0.5)).buffer));
    const model = { slot: 1, step: 500, weights } as const;
    const fragment = await toFragment({ config: firstConfig, model });
    expect(fragment.length).toBeLessThan(longestFragment);
    expect((await fromFragment(fragment))?.model).toEqual(model);
  });

  it('says nothing where there is none', async () => {
    expect(await fromFragment('')).toBeUndefined();
    expect(await fromFragment('#lesson-1')).toBeUndefined();
  });

  it('is read as far as it can be', async () => {
    expect((await fromFragment('v=1&c=@@@'))?.remarks).toEqual([{ code: 'damaged', field: 'c' }]);
    expect((await fromFragment('v=2&c=AAAA'))?.remarks).toEqual([{ code: 'newer', field: '2' }]);
    expect((await fromFragment(`${await toFragment({ config: firstConfig })}&utm=1`))?.remarks).toEqual([{ code: 'unknown', field: 'utm' }]);
    const bad = { config: firstConfig, model: { slot: 7, step: 1, weights: '' } } as never;
    expect((await fromFragment(await toFragment(bad)))?.remarks).toEqual([{ code: 'changed', field: 'model' }]);
  });

  it('cannot fill the memory', async () => {
    const bomb = new Blob([new Uint8Array(5_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const code = base64url(new Uint8Array(await new Response(bomb).arrayBuffer()));
    expect(code.length).toBeLessThan(longestFragment);
    expect((await fromFragment(`v=1&c=${code}`))?.remarks).toEqual([{ code: 'damaged', field: 'c' }]);
  });

  it('is as long as letters allow', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => { expect(bytesOf(base64url(bytes))).toEqual(new Uint8Array(bytes)); }));
  });
});

describe('float16', () => {
  it('goes there and back for all of its numbers', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, k) => k).filter((half) => (half & 0x7c00) !== 0x7c00 || (half & 0x3ff) === 0);
    expect(toHalf(fromHalf(all))).toEqual(all);
  });

  it('is the nearest there is', () => {
    const near = [0.1, 1 / 3, 65_504, 65_519, 65_520, 2 ** -25, 2 ** -24 * 1.5, 1 + 2 ** -11, 1 + 3 * 2 ** -11, -5.96e-8];
    expect([...fromHalf(toHalf(near))]).toEqual([0.0999755859375, 0.333251953125, 65_504, 65_504, Infinity, 0, 2 ** -23, 1, 1 + 2 ** -9, -(2 ** -24)]);
  });
});
