import { gru, lstm } from '@unroll/cells';
import { memory, reference, type Backend, type HostData } from '@unroll/tensor';
import { wasm } from '@unroll/wasm';
import { describe, expect, test } from 'vitest';
import { adapterName, examineHost } from './examine.ts';
import { millisecondsOf, openBackend, selfTest, shapeClass, successor, type OpenOptions, type Workload } from './index.ts';

const workload: Workload = { cell: lstm, inputSize: 3, hiddenSize: 5, steps: 4, batch: 2 };

/** A GPU that is none, with the name that one would have. */
function gpu(options: { readonly software?: boolean; readonly description?: string } = {}): NonNullable<Required<OpenOptions>['openers']['webgpu']> {
  const info = { description: options.description ?? 'Test 1', vendor: 'acme', architecture: '', device: '', isFallbackAdapter: options.software ?? false };
  return async () => Object.assign(Object.create(reference()) as Backend, { device: { adapterInfo: info } as unknown as GPUDevice, destroy: () => undefined });
}

describe('auto', () => {
  test('takes the processor where there is no GPU, and says why', async () => {
    const opened = await openBackend('auto', { workload, openers: { webgpu: () => Promise.reject(new Error('webgpu: no GPU was found')) } });
    expect([opened.name, opened.backend.name, opened.because]).toEqual(['wasm', 'wasm', 'computing on the processor, because there is no GPU to use (webgpu: no GPU was found)']);
    await expect(openBackend('webgpu', { openers: { webgpu: () => Promise.reject(new Error('none')) } })).rejects.toThrow('none');
  });

  test('does not take a GPU that is the processor, unless asked to', async () => {
    const opened = await openBackend('auto', { workload, openers: { webgpu: gpu({ software: true }) } });
    expect([opened.name, opened.because]).toEqual(['wasm', 'computing on the processor, because the GPU here is a driver that computes on it, too (Test 1, acme)']);
    const milliseconds = async ({ name }: Backend): Promise<number> => (name === 'wasm' ? 3 : 1.234);
    expect(await openBackend('auto', { workload, measureSoftware: true, cache: new Map(), milliseconds, openers: { webgpu: gpu({ software: true }) } })).toMatchObject({ name: 'webgpu' });
  });

  test('takes what was faster, and measures once for a GPU and sizes of a kind', async () => {
    const cache = new Map<string, string>();
    const asked: string[] = [];
    const times: Record<string, number> = { wasm: 3, reference: 1.234 };
    const milliseconds = async ({ name }: Backend): Promise<number> => { asked.push(name); return times[name] ?? NaN; };
    const options = { workload, cache, milliseconds, openers: { webgpu: gpu() } };
    expect(await openBackend('auto', options)).toMatchObject({ name: 'webgpu', measured: { wasm: 3, webgpu: 1.234 }, because: 'computing on the GPU, because a step takes 1.2 ms on the GPU (Test 1, acme) and 3 ms on the processor' });
    times['reference'] = 1000;
    // As good as the same.
    expect(await openBackend('auto', { ...options, workload: { ...workload, batch: 2, steps: 5 } })).toMatchObject({ name: 'webgpu' });
    expect(asked).toEqual(['wasm', 'reference']);
    for (const change of [{ workload: { ...workload, batch: 64 } }, { workload: { ...workload, cell: gru } }, { workload: { ...workload, training: false } }, { openers: { webgpu: gpu({ description: 'Test 2' }) } }]) {
      expect(await openBackend('auto', { ...options, ...change })).toMatchObject({ name: 'wasm', because: expect.stringContaining('1000 ms on the GPU') as string });
    }
    for (const key of cache.keys()) cache.set(key, '{"wasm":"much"}');
    expect(await openBackend('auto', options)).toMatchObject({ name: 'wasm' });
  });

  test('without a workload, takes the GPU', async () => {
    expect(await openBackend('auto', { openers: { webgpu: gpu() } })).toMatchObject({ name: 'webgpu', because: 'computing on the GPU (Test 1, acme)' });
  });
});

test('a workload is measured on any backend, and nothing is left', async () => {
  const before = memory();
  let clock = 0;
  const now = (): number => (clock += 10);
  const long = { ...workload, steps: 64 };
  expect(await millisecondsOf(reference(), workload, now)).toBe(10);
  expect(await millisecondsOf(reference(), { ...long, training: false }, now)).toBe(10);
  const large = { ...workload, hiddenSize: 4, inputSize: 4, batch: 100_000, steps: 16 };
  expect(shapeClass(large)).toBe('g4s2 i4 h4 l1 t16 b131072 train');
  expect(memory()).toEqual(before);
});

test('the self test passes where numbers are right, and fails where they are not', async () => {
  const good = await wasm();
  const before = memory().tensors;
  expect(await selfTest(good)).toMatchObject({ ok: true, tolerance: 2e-4 });
  expect(memory().tensors).toBe(before);
  const wrong: Backend = Object.assign(Object.create(good) as Backend, {
    supports: good.supports.bind(good), allocate: good.allocate.bind(good), free: good.free.bind(good), write: good.write.bind(good), dispatch: good.dispatch.bind(good), memory: good.memory.bind(good),
    read: async (...rest: Parameters<Backend['read']>): Promise<HostData> => (await good.read(...rest)).map((value) => value * 1.001),
  });
  expect(await selfTest(wrong)).toMatchObject({ ok: false });
  const { error } = await selfTest(wrong);
  expect(error).toBeCloseTo(0.001, 4);
});

test('the host is examined', async () => {
  expect(examineHost(await wasm())).toMatchObject({ runtime: `Node ${process.versions.node}`, simd: true, threads: true });
  expect(examineHost(undefined)).toMatchObject({ simd: false, relaxedSimd: false });
  expect(adapterName(undefined)).toBe('unnamed');
});

test('a lost GPU is followed by a new one, by the processor after two losses within a minute, or where there is none', async () => {
  const said: string[] = [];
  const reasons: unknown[] = [];
  let clock = 0;
  const next = successor({ say: (sentence, { name, reason, losses }) => { said.push(sentence); reasons.push([name, reason, losses]); }, now: () => clock, openers: { webgpu: gpu() } });
  expect((await next(new Error('reset'))).name).toBe('reference');
  clock += 61_000;
  expect((await next(new Error('reset'))).name).toBe('reference');
  clock += 59_000;
  expect((await next(new Error('asleep'))).name).toBe('wasm');
  expect(reasons).toEqual([['webgpu', 'again', 1], ['webgpu', 'again', 1], ['wasm', 'often', 2]]);
  const alone = successor({ say: (sentence) => said.push(sentence), openers: { webgpu: () => Promise.reject(new Error('no adapter')) } });
  expect((await alone(new Error('unplugged'))).name).toBe('wasm');
  expect(said).toEqual([
    'the GPU was lost (reset); going on from the last copy, on a new device',
    'the GPU was lost (reset); going on from the last copy, on a new device',
    'the GPU was lost 2 times within a minute (asleep); going on, on the processor',
    'the GPU was lost, and is not there any more (no adapter); going on, on the processor',
  ]);
});
