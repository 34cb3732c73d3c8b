import { expect, test } from 'vitest';
import { parseCase } from '../cases.ts';
import type { Row } from '../measure.ts';
import type { Reply, Request } from '../protocol.ts';
import { summarise } from '../statistics.ts';
import { benchWebGpu } from './main.ts';
import { Meter } from './meter.ts';
import { gpuMarkdown } from './report.ts';

test('arguments that are none are refused before anything runs', async () => {
  await expect(benchWebGpu(['32x64'])).rejects.toThrow('there is no size "32x64"');
  await expect(benchWebGpu(['--systems', 'cudnn'])).rejects.toThrow('there is no system "cudnn" for a GPU');
  await expect(benchWebGpu(['--rounds', '0'])).rejects.toThrow('--rounds must be a whole number');
});

test('a meter tells the clock, and what one repetition of the last request asked of the GPU', async () => {
  const replies: Reply[] = [
    { cpuMs: 1, wallMs: 100, about: 'x' },
    { cpuMs: 4, wallMs: 20, loss: 1, counts: { dispatches: 1000, submits: 10, buffers: 30 } },
    { cpuMs: 6, wallMs: 30, loss: 1, counts: { dispatches: 1040, submits: 12, buffers: 30 } },
  ];
  const meter = new Meter({ request: async () => replies.shift() as Reply, stop: () => undefined });
  const run = (count: number): Request => ({ op: 'run', count });
  await meter.request({ op: 'prepare', case: parseCase('lstm-1x1x1x1'), data: '' });
  await meter.request(run(1));
  expect((await meter.request(run(2))).cpuMs).toBe(30);
  expect(meter.reading()).toMatchObject({ perRepetition: { dispatches: 20, submits: 1, buffers: 0 }, processorMs: { median: 3.5 } });
});

test('the report names what is missing, and compares with the first row', () => {
  const row = (system: string, ms: number, more: Partial<Row> = {}): Row => ({ system, about: 'an adapter', prepareMs: 1, firstMs: 2, losses: [1, 0.5], samples: [ms], time: summarise([ms]), crowding: 1, ...more });
  const reading = (ms: number, dispatches: number) => ({ perRepetition: { dispatches, submits: 1, buffers: 0 }, processorMs: summarise([ms]) });
  const text = gpuMarkdown({
    machine: { processor: 'P', cores: 2, platform: 'linux x64', node: '20', loadBefore: 0 }, rounds: 3, missing: [{ name: 'pytorch-cuda', reason: 'no CUDA' }],
    cases: [{ case: parseCase('lstm-1x2x3x4'), rows: [row('unroll-webgpu', 2), row('tfjs-webgpu', 50, { theirsOverOurs: summarise([25]) })], meters: { 'unroll-webgpu': reading(1, 20), 'tfjs-webgpu': reading(30, 6731) } }],
  });
  expect(text).toContain('**MISSING: pytorch-cuda** - no CUDA.');
  expect(text).toContain('| lstm-1x2x3x4 | unroll-webgpu | 2 ms ±0 % |  | 1 ms | 20 | 1 | 0 |');
  expect(text).toContain('| lstm-1x2x3x4 | tfjs-webgpu | 50 ms ±0 % | **25x** ±0 % | 30 ms (30x) | 6731 | 1 | 0 |');
});
