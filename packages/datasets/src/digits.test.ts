import { describe, expect, test } from 'vitest';
import { digitSet, gunzip, parseIdx } from './digits.ts';

const idx = (shape: readonly number[], values: readonly number[], type: number = 8): Uint8Array =>
  Uint8Array.of(0, 0, type, shape.length, ...shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]), ...values);

const ascending = (a: number, b: number): number => a - b;

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe('parseIdx', () => {
  test('reads bytes, zipped or not', async () => {
    const file = idx([2, 1, 3], [1, 2, 3, 4, 5, 255]);
    for (const bytes of [file, await gzip(file)]) expect(await parseIdx(bytes, 'x')).toEqual({ shape: [2, 1, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) });
    expect((await parseIdx(idx([300], Array.from({ length: 300 }, () => 9)), 'x')).shape).toEqual([300]);
  });

  test('refuses what is not an IDX file of bytes, or not a whole one', async () => {
    await expect(parseIdx(Uint8Array.of(1, 2, 3), 'a.idx')).rejects.toThrow('a.idx: not an IDX file');
    await expect(parseIdx(idx([1], [1], 13), 'a.idx')).rejects.toThrow('type 0xd');
    await expect(parseIdx(idx([3], [1, 2]), 'a.idx')).rejects.toThrow('3 bytes are announced but 2 are there');
    const zipped = await gzip(idx([3], [1, 2, 3]));
    await expect(gunzip(zipped.slice(0, -6), 'a.gz')).rejects.toThrow('a.gz: damaged gzip');
  });
});

describe('digitSet', () => {
  const images = { shape: [2, 2, 2], data: Uint8Array.of(0, 51, 102, 153, 204, 255, 0, 51) };
  const labels = { shape: [2], data: Uint8Array.of(7, 3) };

  test('gives rows, pixels, and pixels in one order for all', () => {
    const rows = digitSet(images, labels).batch([0, 1]);
    expect([rows.inputShape, [...rows.targets]]).toEqual([[2, 2, 2], [7, 3]]);
    [0, 0.2, 0.8, 1, 0.4, 0.6, 0, 0.2].forEach((value, i) => expect(rows.inputs[i]).toBeCloseTo(value, 6));
    const pixels = digitSet(images, labels, { order: 'pixels' });
    expect([pixels.length(0), pixels.shape.inputSize, pixels.batch([0]).inputShape]).toEqual([4, 1, [4, 1, 1]]);
    const large = { shape: [2, 28, 28], data: Uint8Array.from({ length: 1568 }, (_, i) => (i % 784) % 251) };
    const [plain, permuted, other] = [{ order: 'pixels' }, { order: 'permuted' }, { order: 'permuted', seed: 1 }].map((options) => digitSet(large, labels, options as { order: 'pixels' }));
    const values = (set: typeof plain, index: number): number[] => Array.from(set?.input(index) ?? []);
    expect(values(permuted, 0)).not.toEqual(values(plain, 0));
    expect(values(permuted, 0)).toEqual(values(permuted, 1));
    expect(values(permuted, 0)).not.toEqual(values(other, 0));
    expect(values(permuted, 0).sort(ascending)).toEqual(values(plain, 0).sort(ascending));
  });

  test('refuses images and labels that do not belong together', () => {
    expect(() => digitSet(images, { shape: [3], data: new Uint8Array(3) })).toThrow('do not belong together');
    expect(() => digitSet(images, labels, { classes: 5 })).toThrow('label 0 is 7, but there are 5 classes');
  });
});
