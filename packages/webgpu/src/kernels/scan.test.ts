import { recurrenceSuite } from '@unroll/testing';
import { describeOnDevice, testBackend } from '../testing/device.ts';
import type { Recorder } from '../backend.ts';

// A shader or more for each cell, size, form and mask: CI runs every third, a laptop every sixth, UNROLL_EXTENT=full all of them.
const { UNROLL_CI, UNROLL_EXTENT } = process.env;
const every = UNROLL_EXTENT === 'full' ? 1 : UNROLL_CI === '1' && UNROLL_EXTENT !== 'short' ? 3 : 6;

await describeOnDevice('scan', () => {
  for (const form of ['whole', 'step', 'lowered']) {
    let backend: Promise<Recorder> | undefined;
    recurrenceSuite(`webgpu, ${form}`, () => (backend ??= testBackend({ variants: { scan: form } }) as Promise<Recorder>), 2e-5, every);
  }
});
