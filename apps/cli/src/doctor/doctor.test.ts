import { expect, test } from 'vitest';
import { run } from '../run.ts';
import { captureIo } from '../testing.ts';
import { describeReport } from './describe.ts';
import type { DoctorReport } from './report.ts';

const report: DoctorReport = {
  host: { runtime: 'Node 20', processors: 2, simd: true, relaxedSimd: false, threads: true },
  backends: { wasm: { ok: true, error: 2e-7, tolerance: 2e-4 }, webgpu: { ok: false, error: 0.5, tolerance: 2e-4 }, reference: { ok: false, missing: 'no such thing' } },
  gpu: { adapter: 'Test 1', software: false, features: ['shader-f16'], limits: { maxBufferSize: 2 ** 30, maxStorageBuffersPerShaderStage: 8 } },
  crossover: [{ batch: 1, steps: 32, hidden: 64, wasm: 1.25, webgpu: 10 }, { batch: 64, steps: 32, hidden: 256, wasm: 100, webgpu: 4 }],
};

test('a report is a table for people', () => {
  expect(describeReport(report)).toBe(`runtime    Node 20, 2 processors
processor  SIMD, threads
wasm       ok, off by 2.0e-7 from the definitions (2.0e-4 allowed)
webgpu     WRONG NUMBERS, off by 5.0e-1 from the definitions (2.0e-4 allowed)
reference  not here: no such thing
GPU        Test 1
features   shader-f16
limits     maxBufferSize 1073.7 MB
           maxStorageBuffersPerShaderStage 8

A training step of an LSTM:
B x T x H        wasm ms   webgpu ms  faster
1 x 32 x 64          1.3        10.0  processor
64 x 32 x 256      100.0         4.0  GPU
`);
});

test('unroll doctor tests the backends that are here, and ends with 6 where the one that was asked for is not', async () => {
  const io = captureIo();
  expect(await run(['doctor', '--no-crossover', '--format', 'json', '--backend', 'wasm'], io)).toBe(0);
  const found = JSON.parse(io.out) as DoctorReport;
  expect(found).toMatchObject({ host: { runtime: `Node ${process.versions.node}`, simd: true }, backends: { wasm: { ok: true }, reference: { ok: true, error: 0 } }, unmeasured: expect.any(String) as string });
  const gpu = captureIo();
  expect(await run(['doctor', '--no-crossover', '--backend', 'webgpu'], gpu)).toBe(found.backends.webgpu.ok ? 0 : 6);
  expect(gpu.out).toMatch(found.backends.webgpu.ok ? /^webgpu {5}ok, off by/m : /^webgpu {5}not here: /m);
  if (!found.backends.webgpu.ok) expect(gpu.err).toContain('error: backend webgpu:');
});
