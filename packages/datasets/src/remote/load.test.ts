import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BatchOrder, splitIndices } from '../batches.ts';
import { choraleSet } from '../chorales.ts';
import { lineSet } from '../lines.ts';
import { lengthsOf } from '../sequences.ts';
import { seriesWindows, splitByTime } from '../series.ts';
import { characterVocabulary } from '../text.ts';
import { fileUrl, remoteDatasets, type RemoteName } from './catalog.ts';
import { ettSeries, familyNames, jsbChorales, mnistDigits, tinyShakespeare } from './load.ts';
import { localDataset, type DatasetFiles } from './verify.ts';

describe('the catalogue', () => {
  test.each(Object.entries(remoteDatasets))('%s is complete', (name, dataset) => {
    expect(dataset.name).toBe(name);
    expect(new Set(dataset.files.map((file) => file.name)).size).toBe(dataset.files.length);
    for (const file of dataset.files) {
      expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(new URL(fileUrl(dataset, file)).protocol).toBe('https:');
      expect(file.size).toBeGreaterThan(0);
    }
  });

  test('says which file is missing where a part of a set is read', async () => {
    expect(() => tinyShakespeare(new Map([['x', new Uint8Array(0)]]))).toThrow('there is no tinyshakespeare.txt among the files (x)');
    await expect(mnistDigits(new Map(), 'test')).rejects.toThrow('t10k-images-idx3-ubyte.gz');
  });
});

const root = process.env['UNROLL_SHARED'] ?? '';
if (root === '') process.stderr.write('UNROLL_SHARED is not set: the tests of the published files of remote sets DO NOT RUN\n');

const folders = ['data', 'data/mnist-t10k', 'data/names'];
const published = (name: RemoteName, only?: readonly string[]): Promise<DatasetFiles> =>
  localDataset(remoteDatasets[name], (file) => {
    const path = folders.map((folder) => join(root, folder, file)).find((candidate) => existsSync(candidate));
    return Promise.resolve(path === undefined ? undefined : new Uint8Array(readFileSync(path)));
  }, only);

/** Run where the folder is named; what they expect was counted by other programs. */
const withFiles: Readonly<Record<string, () => Promise<void>>> = {
  'tiny Shakespeare has 1,115,394 characters, 65 different ones': async () => {
    const text = tinyShakespeare(await published('tiny-shakespeare'));
    expect([text.length, characterVocabulary(text).size, text.slice(0, 14)]).toEqual([1_115_394, 65, 'First Citizen:']);
  },
  'MNIST has 10,000 images to test on, the first a 7': async () => {
    const set = await mnistDigits(await published('mnist', ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz']), 'test');
    const { targets, inputs, inputShape } = set.batch([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([set.size, inputShape, [...targets]]).toEqual([10_000, [28, 10, 28], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]]);
    expect([Math.min(...inputs), Math.max(...inputs)]).toEqual([0, 1]);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < set.size; i++) counts[set.target(i)[0] as number] = (counts[set.target(i)[0] as number] as number) + 1;
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  },
  'JSB has 229, 76 and 77 chorales of 88 keys': async () => {
    const { train, validation, test } = jsbChorales(await published('jsb-chorales'));
    expect([train.length, validation.length, test.length]).toEqual([229, 76, 77]);
    const set = choraleSet(train);
    const lengths = lengthsOf(set);
    const batch = set.batch([...lengths.keys()].slice(0, 8));
    expect(batch.targetShape).toEqual([Math.max(...lengths.slice(0, 8)), 8, 88]);
    const sounding = train.reduce((sum, piece) => sum + piece.reduce((a, b) => a + b, 0), 0) / train.reduce((sum, piece) => sum + piece.length / 88, 0);
    expect(sounding).toBeGreaterThan(3);
    expect(sounding).toBeLessThan(4);
  },
  'there are 20,050 names in 18 languages': async () => {
    const names = familyNames(await published('names'));
    expect([names.lines.length, names.classes.length, names.classes[0], names.classes[17]]).toEqual([20_050, 18, 'Arabic', 'Vietnamese']);
    const set = lineSet(names, characterVocabulary(names.lines.join('')));
    const { train, heldOut } = splitIndices(set.size, { fraction: 0.2, seed: 1, labels: names.labels });
    expect(Math.abs(heldOut.length / set.size - 0.2)).toBeLessThan(1e-3);
    expect(train.length + heldOut.length).toBe(20_050);
    const order = new BatchOrder(set.size, { batch: 64, lengths: lengthsOf(set) });
    expect(set.batch(order.next().indices).targets).toHaveLength(64);
  },
  'ETTh1 has 17,420 hours of 7 columns': async () => {
    const series = await ettSeries(await published('ett'));
    expect([series.length, series.names]).toEqual([17_420, ['HUFL', 'HULL', 'MUFL', 'MULL', 'LUFL', 'LULL', 'OT']]);
    expect([series.values[6], series.values[7 * 17_419]]).toEqual([30.5310001373291, 10.11400032043457]);
    expect(new Date(series.times?.[17_419] ?? 0).toISOString()).toBe('2018-06-26T19:00:00.000Z');
    const { test } = splitByTime(series.length, { validation: 0.1, test: 0.2 });
    expect(seriesWindows(series, { length: 96, horizon: 24, targets: ['OT'], range: test, lookBack: true }).size).toBe(3484 - 24 + 1);
  },
};

test.each(root === '' ? [] : Object.entries(withFiles))('%s', async (_, check) => {
  await check();
});
