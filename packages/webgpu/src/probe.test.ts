import { afterEach, expect, test, vi } from 'vitest';
import { WebGpuError } from './errors.ts';
import { answersLate, openDevice } from './probe.ts';
import { anyDevice } from './program.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const info = { architecture: 'ampere', isFallbackAdapter: false };

function deviceWith(features: readonly string[], adapterInfo: object = info): GPUDevice {
  return { limits: { ...anyDevice.limits, maxBufferSize: 12345 }, features: new Set(features), adapterInfo } as unknown as GPUDevice;
}

function browserWith(adapter: unknown): void {
  vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => adapter } });
}

test('takes a device of the caller', async () => {
  const device = deviceWith(['shader-f16', 'something-else']);
  const open = await openDevice({ device });
  expect(open).toMatchObject({ isOwn: false, isSoftware: false, target: { architecture: 'ampere', limits: { maxBufferSize: 12345 } } });
  expect([open.device === device, [...open.target.features]]).toEqual([true, ['shader-f16']]);
});

test('gives SwiftShader no more workgroup memory than it compiles in time', async () => {
  const { target } = await openDevice({ device: deviceWith([], { architecture: 'swiftshader', isFallbackAdapter: true }) });
  expect([target.limits.maxComputeWorkgroupStorageSize, anyDevice.limits.maxComputeWorkgroupStorageSize]).toEqual([8192, 16384]);
});

test('asks an adapter for all that is of use', async () => {
  const asked: unknown[] = [];
  browserWith({ limits: { ...anyDevice.limits, maxBufferSize: 2 ** 33 }, features: new Set(['subgroups', 'bgra8unorm-storage']), info, requestDevice: async (descriptor: unknown) => { asked.push(descriptor); return deviceWith(['subgroups']); } });
  const open = await openDevice();
  expect(open.isOwn).toBe(true);
  expect(asked).toEqual([{ requiredFeatures: ['subgroups'], requiredLimits: { ...anyDevice.limits, maxBufferSize: 2 ** 33 } }]);
});

test('says what is missing', async () => {
  browserWith(null);
  await expect(openDevice()).rejects.toThrow(/no GPU was found; install its Vulkan driver .* or use wasm\(\)/u);
  vi.stubGlobal('process', {});
  await expect(openDevice()).rejects.toThrow(/see whether this browser has WebGPU switched on/u);
  vi.stubGlobal('navigator', {});
  const error: unknown = await openDevice().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WebGpuError);
  expect(error).toMatchObject({ code: 'adapter', message: 'webgpu: this browser has no WebGPU, or this page is not served over https; use wasm().' });
});

test('knows who answers late', () => {
  expect(answersLate({ navigator: { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0' } })).toBe(true);
  expect([answersLate({ navigator: { userAgent: 'Chrome/156' } }), answersLate({})]).toEqual([false, false]);
});
