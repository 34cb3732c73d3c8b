import { lstm } from '@unroll/cells';
import { memory, reference, use, type Backend, type HostData } from '@unroll/tensor';
import type { WebGpuBackend } from '@unroll/webgpu';
import { afterEach, describe, expect, it } from 'vitest';
import { Devices, threadsFor, type Trial } from './devices.ts';
import { generatedSource } from './sources/generated.ts';

const learning = { lr: 0.01, clip: 1, truncate: 0 };
const source = generatedSource('parity', { options: { length: 4 }, batch: 2, seed: 1 });
const trial: Trial = { plan: { cell: lstm, source, hidden: 3, seed: 1, keep: 0 }, learning, batch: 2 };

/** A GPU that is none; `factor` makes wrong numbers of right ones. */
async function gpu(factor = 1): Promise<WebGpuBackend> {
  const inner = reference();
  const device = { adapterInfo: { description: 'Test', vendor: '', architecture: '', device: '', isFallbackAdapter: true } };
  const read = async (...rest: Parameters<Backend['read']>): Promise<HostData> => (await inner.read(...rest)).map((value) => value * factor);
  return Object.assign(Object.create(inner) as WebGpuBackend, { device, destroy: () => undefined, ...(factor === 1 ? {} : { read }) });
}

afterEach(() => void use(undefined));

describe('Devices', () => {
  it('opens what was asked for', async () => {
    const devices = new Devices(gpu);
    expect(await devices.open('webgpu', trial)).toMatchObject({ name: 'webgpu', backend: { name: 'reference' } });
    const { name, backend, notice } = await devices.open('wasm', trial);
    expect([name, backend.name, notice]).toEqual(['wasm', 'wasm', undefined]);
    expect((await devices.open('wasm', trial)).backend).toBe(backend);
  });

  it('measures both, the model itself, and leaves nothing behind', async () => {
    const before = memory().tensors;
    const { name, notice } = await new Devices(gpu).open('auto', trial);
    expect(notice).toMatchObject({ code: 'auto', values: { backend: name } });
    const [wasm, webgpu] = [Number(notice?.values['wasm']), Number(notice?.values['webgpu'])];
    expect([wasm > 0, webgpu > 0, name]).toEqual([true, true, wasm >= webgpu ? 'wasm' : 'webgpu']);
    expect(memory().tensors).toBe(before);
  });

  it.each(['webgpu', 'auto'] as const)('says why it computes on the processor: %s, where there is no GPU, or one that is wrong', async (choice) => {
    const none = new Devices(() => Promise.reject(new Error('webgpu: no GPU was found')));
    expect(await none.open(choice, trial)).toMatchObject({ name: 'wasm', notice: { code: 'no-webgpu', values: { message: 'webgpu: no GPU was found' } } });
    const { name, notice } = await new Devices(() => gpu(1.01)).open(choice, trial);
    expect([name, notice?.code, notice?.values['message']]).toEqual(['wasm', 'no-webgpu', expect.stringMatching(/^the GPU computes wrongly: it is off by 0\.01/u)]);
  });

  it('follows a lost GPU by a new one, after the second loss by the processor, and says which', async () => {
    const devices = new Devices(gpu);
    expect(await devices.follow(new Error('reset'))).toMatchObject({ name: 'webgpu', notice: { code: 'device-lost', values: { backend: 'webgpu', losses: 1 } } });
    expect(await devices.follow(new Error('reset'))).toMatchObject({ name: 'wasm', notice: { code: 'device-lost-often', values: { backend: 'wasm', losses: 2 } } });
    const gone = new Devices(() => Promise.reject(new Error('no adapter')));
    expect(await gone.follow(new Error('reset'))).toMatchObject({ name: 'wasm', notice: { code: 'device-gone', values: { message: 'no adapter' } } });
  });

  it('gives each of three models its share of the processors, where threads can be had', () => {
    const threads = [1, 2, 5, 6, 8, 16].map((processors) => threadsFor({ isIsolated: true, processors }));
    expect(threads).toEqual([1, 1, 1, 2, 2, 5]);
    expect(threadsFor({ isIsolated: false, processors: 16 })).toBe(1);
  });
});
