import { recurrenceSuite } from '@unroll/testing';
import { describeOnDevice, testBackend } from '../testing/device.ts';
import type { Recorder } from '../backend.ts';

await describeOnDevice('scan', () => {
  for (const form of ['whole', 'step', 'lowered']) {
    let backend: Promise<Recorder> | undefined;
    recurrenceSuite(`webgpu, ${form}`, () => (backend ??= testBackend({ variants: { scan: form } }) as Promise<Recorder>), 2e-5);
  }
});
