import { recurrentCases, checkKernel } from '@unroll/testing';
import type { Kernel } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { programOf } from '../compile.ts';
import { anyDevice, type Dispatch, type Target } from '../program.ts';
import { describeOnDevice } from '../testing/device.ts';

// What a device with small bindings would be, generated for one that has larger ones.
const bindingOf = (bytes: number): Target => ({ ...anyDevice, limits: { ...anyDevice.limits, maxStorageBufferBindingSize: bytes } });

function dispatches(kernel: Kernel, target: Target): Dispatch[] {
  return programOf(kernel, target).commands.filter((command) => command.kind === 'dispatch');
}

/** Bytes of the largest binding that says how large it is: the others are as large as their tensor, and were checked. */
function widest(kernel: Kernel, target: Target): number {
  return Math.max(0, ...dispatches(kernel, target).flatMap(({ slots }) => slots.map(({ bytes = 0 }) => bytes)));
}

await describeOnDevice('recurrences that are too long to bind', (makeBackend) => {
  // 64 rows fill whole parts of buffers, whatever they are of, and are cut after any step; 16 rows of one channel after every fourth.
  test.each([{ batch: 64, steps: 9, bytes: 8192, way: { reverse: true, masked: true } }, { batch: 16, steps: 23, bytes: 8192, way: { reverse: false, masked: false } }])('T=$steps B=$batch: as in one piece', async ({ batch, steps, bytes, way }) => {
    const target = bindingOf(bytes);
    const backend = await makeBackend({ target });
    let cut = 0;
    for (const { kernel, inputs } of recurrentCases({ H: 8, steps, batch, ...way })) {
      cut += Number(dispatches(kernel, target).length > dispatches(kernel, anyDevice).length);
      expect(widest(kernel, target)).toBeLessThanOrEqual(bytes);
      await checkKernel(backend, kernel, inputs, 2e-5);
    }
    expect(cut).toBeGreaterThan(8);
  });

  test('weights that are too large to bind are cut, too', async () => {
    const target = bindingOf(2 ** 17);
    const backend = await makeBackend({ target });
    const large = recurrentCases({ H: 128, steps: 2, batch: 16, reverse: false, masked: false }).filter(({ name }) => name.startsWith('four products'));
    expect(large).toHaveLength(2);
    for (const { kernel, inputs } of large) {
      expect(widest(kernel, target)).toBeLessThanOrEqual(2 ** 17);
      await checkKernel(backend, kernel, inputs, 5e-5);
    }
  });

  test('a step that is too large is refused, with sizes and a remedy', () => {
    const [{ kernel }] = recurrentCases({ H: 70, steps: 3, batch: 64, reverse: false, masked: false }) as [ReturnType<typeof recurrentCases>[number]];
    expect(() => programOf(kernel, bindingOf(16_384))).toThrow(/uses a tensor of 17920 bytes, this device binds 16384 at a time.*use smaller batches/u);
  });
});
