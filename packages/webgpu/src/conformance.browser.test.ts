import { conformance, extentHere, mustHaveGpu } from '@unroll/testing/suites';
import { describe } from 'vitest';
import { webgpu, WebGpuError, type WebGpuBackend } from './index.ts';

const backend = await opened();

// oxlint-disable-next-line no-console -- a page has no other place to say it, and nobody is to take this for a pass
if (backend === undefined) console.warn('SKIPPED, no GPU adapter in this browser: the conformance suite.');
describe.runIf(backend !== undefined)('in a browser', () => {
  conformance('webgpu', () => backend as WebGpuBackend, extentHere());
});

async function opened(): Promise<WebGpuBackend | undefined> {
  try {
    return await webgpu();
  } catch (error) {
    if (!(error instanceof WebGpuError) || mustHaveGpu()) throw error;
    return undefined;
  }
}
