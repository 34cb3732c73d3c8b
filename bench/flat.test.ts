import { expect, it } from 'vitest';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flatMarkdown, measureFlat, parseFlat, type FlatCase, type FlatRow } from './flat.ts';
import type { Request } from './protocol.ts';

const plan = { rounds: 3, sampleMs: 1, warmMs: 1, budgetMs: 1e9 };

it('has four lengths, whole and in pieces', () => {
  expect(parseFlat('flat-gru-2x3x5')?.cases.map(({ name }) => name)).toEqual([
    'gru-2x64x3x5', 'gru-2x256x3x5', 'gru-2x1024x3x5', 'gru-2x4096x3x5', 'gru-2x64x3x5-every8', 'gru-2x256x3x5-every16', 'gru-2x1024x3x5-every32', 'gru-2x4096x3x5-every64',
  ]);
  expect(parseFlat('flat')?.name).toBe('flat-lstm-8x64x128');
  expect(parseFlat('lstm-1x2x3x4')).toBeUndefined();
  expect(() => parseFlat('flat-1x2')).toThrow('there is no case "flat-1x2"');
});

it('divides by steps and rows, and compares with the first length', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unroll-bench-test-'));
  // Each step costs a millisecond, and twice as much in the longest.
  const start = (): { request(request: Request): Promise<{ cpuMs: number; wallMs: number; loss: number; memory: { tensors: number; reserved: number } }>; stop(): void } => {
    let time = 0;
    return {
      request: (request) => {
        if (request.op === 'prepare') ({ case: { time } } = request);
        const cpuMs = (time === 4096 ? 2 : 1) * time * (request.op === 'run' ? request.count : 1);
        return Promise.resolve({ cpuMs, wallMs: cpuMs, loss: time, memory: { tensors: time * 2 ** 20, reserved: 2 ** 30 } });
      },
      stop: () => undefined,
    };
  };
  const result = await measureFlat(parseFlat('flat-lstm-2x1x1') as FlatCase, folder, start, plan, () => undefined);
  rmSync(folder, { recursive: true });
  const rows = result.rows as FlatRow[];
  expect(rows.map(({ overFirst }) => overFirst.median)).toEqual([1, 1, 1, 2, 1, 1, 1, 2]);
  expect(rows[0]).toMatchObject({ time: 64, every: undefined, perToken: { median: 0.5 }, peakBytes: 2 ** 26, ownBytes: 4 * 64 * 2 * 4 });
  expect(flatMarkdown(result)).toContain('| 4096 | 64 | 1 ms | **2.00x** ±0.00 | 4100 | 0.125 | 1020 |');
});
