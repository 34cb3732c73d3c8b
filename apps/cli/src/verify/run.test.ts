import { readSafetensors, toFloat64Array, writeSafetensors } from '@unroll/interop';
import { memory } from '@unroll/tensor';
import { torchFixtures } from '@unroll/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { backendNames, type BackendName } from '../backend-names.ts';
import { backendsHere, sharedFiles } from '../testing.ts';
import { verifyFiles, type VerifyOptions } from './run.ts';
import type { Verdict } from './verdict.ts';

const folder = mkdtempSync(join(tmpdir(), 'unroll-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function verify(file: string, options: VerifyOptions): Promise<Verdict> {
  for await (const verdict of verifyFiles([file], options)) return verdict;
  throw new Error('no verdict');
}

const named = (files: readonly string[]): (readonly [string, string])[] => files.map((file) => [basename(file, '.safetensors'), file] as const);
const modules = named([...torchFixtures(), ...sharedFiles('fixtures/torch')]);
const curves = named(sharedFiles('fixtures/trajectory'));

const backends = await backendsHere(backendNames);
// Each takes a driver of a GPU that computes on the processor a quarter of a minute and more: in CI.
const onGpu = backends.includes('webgpu') && process.env['UNROLL_CI'] === '1' ? curves : [];

describe.each(backends)('on the %s backend', (backend: BackendName) => {
  it.each(modules)('%s agrees with PyTorch', async (_, file) => {
    expect(await verify(file, { backend })).toMatchObject({ ok: true });
  });

  it('leaves no tensors behind', async () => {
    const before = memory();
    await verify(modules[0]?.[1] ?? '', { backend });
    expect(memory()).toEqual(before);
  });

  it('sees an error in the last digit that counts', async () => {
    const [, file = ''] = modules.find(([name]) => name === 'lstm-basic') ?? [];
    const { tensors, metadata } = readSafetensors(readFileSync(file));
    const raw = tensors.get('grad.weight_hh_l0');
    if (raw === undefined) throw new Error('no gradient');
    const data = toFloat64Array(raw);
    data[7] = (data[7] ?? 0) + 1e-3;
    const wrong = join(folder, 'wrong.safetensors');
    writeFileSync(wrong, writeSafetensors([...tensors, ['grad.weight_hh_l0', { shape: raw.shape, data }] as const].filter(([name, tensor]) => name !== 'grad.weight_hh_l0' || tensor !== raw), metadata));
    expect(await verify(wrong, { backend })).toMatchObject({ ok: false, error: expect.stringContaining('the gradient of "weight_hh_l0" is off by 1.0e-3') as string });
    expect(await verify(wrong, { backend, tolerance: 1e-2 })).toMatchObject({ ok: true });
  });
});

describe('training curves', () => {
  it.each([...curves.map((curve) => [...curve, 'wasm'] as const), ...onGpu.map((curve) => [...curve, 'webgpu'] as const)])('%s is followed (%s, %s)', async (_, file, backend) => {
    const text = join(process.env['UNROLL_SHARED'] ?? '', 'data/tinyshakespeare.txt');
    expect(await verify(file, { backend, text })).toMatchObject({ ok: true });
  }, 300_000);

  it('need their text', async () => {
    const file = join(folder, 'curve.safetensors');
    const data = Float32Array.of(4, 3);
    const tensors = ['loss', 'grad_norm'].map((name) => [name, { shape: [2], data }] as const);
    writeFileSync(file, writeSafetensors([...tensors, ['embedding.weight', { shape: [3, 32], data: new Float32Array(96) }]], { mode: 'LSTM', optimizer: 'adam' }));
    writeFileSync(join(folder, 'other.txt'), 'abcdef');
    writeFileSync(join(folder, 'short.txt'), 'abc');
    expect(await verify(file, { backend: 'reference' })).toMatchObject({ ok: false, error: 'a training curve needs the text that it was made from; name it with --text FILE' });
    expect(await verify(file, { backend: 'reference', text: join(folder, 'other.txt') })).toMatchObject({ ok: false, error: 'the text has 6 different characters and the model 3; give the text that the curve was made from' });
    expect(await verify(file, { backend: 'reference', text: join(folder, 'short.txt') })).toMatchObject({ ok: false, error: 'the text has 3 characters and 2 steps need 520; give the text that the curve was made from' });
  });
});

describe('files that cannot be run', () => {
  it('have a verdict, and do not keep the others from theirs', async () => {
    const verdicts: Verdict[] = [];
    const good = torchFixtures()[0] ?? '';
    for await (const verdict of verifyFiles([join(folder, 'missing'), folder, import.meta.filename, good], { backend: 'reference' })) verdicts.push(verdict);
    expect(verdicts.map(({ ok }) => ok)).toEqual([false, false, false, true]);
    expect(verdicts.map(({ error }) => error)).toEqual([
      'there is no such file; check the path',
      'it is a folder, not a file; name a file in it',
      expect.stringMatching(/^safetensors: the header claims/),
      undefined,
    ]);
  });
});
