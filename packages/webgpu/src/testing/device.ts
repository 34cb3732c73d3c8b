import { describe, onTestFinished } from 'vitest';
import { Recorder } from '../backend.ts';
import type { BackendOptions } from '../contract.ts';
import { WebGpuError } from '../errors.ts';
import { webgpu, type WebGpuBackend } from '../index.ts';
import { openDevice, type OpenDevice } from '../probe.ts';
import type { Target } from '../program.ts';

let opened: Promise<OpenDevice | undefined> | undefined;
let plain: Recorder | undefined;

/** What tests may want to be otherwise. */
export interface TestOptions extends BackendOptions {
  /** What code is generated for, in the place of the device's own. */
  readonly target?: Target;
}

/**
 * A backend on the device that all tests of a file share, a new one where options are given; undefined where there is no adapter,
 * which is an error in CI.
 */
export async function testBackend(options?: TestOptions): Promise<Recorder | undefined> {
  opened ??= open();
  const device = await opened;
  if (device === undefined) return undefined;
  if (options !== undefined) return new Recorder({ ...device, isOwn: false, target: options.target ?? device.target }, options);
  plain ??= new Recorder({ ...device, isOwn: false });
  return plain;
}

/** A backend with a device of its own, for tests after which it is of no use. */
export function ownBackend(options: BackendOptions = {}): Promise<WebGpuBackend> {
  return webgpu(options);
}

/** Tests that need a GPU: they run where there is one, and say loudly that they did not where there is none. */
export async function describeOnDevice(name: string, body: (makeBackend: (options?: TestOptions) => Promise<Recorder>) => void): Promise<void> {
  const isMissing = await testBackend() === undefined;
  if (isMissing) process.stderr.write(`\nSKIPPED, no GPU adapter: ${name}. scripts/vulkan.sh installs a driver for the CPU.\n`);
  describe.runIf(!isMissing)(`${name}, on a GPU`, () => {
    body(async (options) => {
      const backend = await testBackend(options) as Recorder;
      if (options !== undefined) onTestFinished(() => backend.destroy());
      return backend;
    });
  });
}

async function open(): Promise<OpenDevice | undefined> {
  try {
    return await openDevice();
  } catch (error) {
    if (!(error instanceof WebGpuError) || process.env['UNROLL_GPU'] === '1') throw error;
    return undefined;
  }
}
