import { checkKernel, randomInputs, runKernel, trainNetwork, usualCells, usualLayers } from '@unroll/testing';
import { inputsOf as inputsOfKernel, outputsOf, referenceKernel, sizeOf, type HostData, type ScanKernel } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { programOf, shadersOf } from '../compile.ts';
import { openDevice } from '../probe.ts';
import { anyDevice, type Feature } from '../program.ts';
import { describeOnDevice } from '../testing/device.ts';

const kernels = usualLayers({ steps: 4, batch: 5, hidden: 13 }).flatMap(({ forward, backward }) => [forward, backward]);

/** Numbers from −0.5 to 0.5; `bits` of them behind the point, where they are cut. */
function inputsOf(kernel: ScanKernel, seed: number, bits?: number): HostData[] {
  const scale = 2 ** (bits ?? 0);
  return randomInputs(kernel, seed).map((data) => data.map((value) => (bits === undefined ? value / 4 : Math.round(value / 4 * scale) / scale)));
}

/** The largest difference, relative where a value is above 1. */
function worst(expected: readonly HostData[], results: readonly HostData[]): number {
  return Math.max(...expected.flatMap((values, k) => [...values].map((value, at) => Math.abs(value - (results[k]?.[at] as number)) / Math.max(1, Math.abs(value)))));
}

/** To 11 significant bits, to the even one of two that are as near. */
function roundedToHalf(value: number): number {
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1))) - 10);
  const [whole, rest] = [Math.floor(value / unit), value / unit % 1];
  const isTie = Math.abs(rest) === 0.5;
  return (isTie ? whole + whole % 2 : Math.round(value / unit)) * unit;
}

test('weights take half of the room', () => {
  for (const kernel of kernels) {
    const bytes = (weights: 'float32' | 'float16'): number => Math.max(...programOf(kernel, { ...anyDevice, weights }, 'whole').commands.flatMap((command) => (command.kind === 'dispatch' && command.shader.label === 'scan pack' ? command.slots.filter(({ kind }) => kind === 'scratch').map(({ index }) => programOf(kernel, { ...anyDevice, weights }, 'whole').scratch[index] ?? 0) : [])));
    expect(bytes('float16') * 2).toBe(bytes('float32'));
  }
});

test('any device accepts the code, whatever its features', async () => {
  const { device, target } = await openDevice({ flags: ['backend=null'] });
  const shaders = new Map(kernels.flatMap((kernel) => [new Set<Feature>(), target.features].flatMap((features) => shadersOf(kernel, { ...target, features, weights: 'float16' }))).map((shader) => [shader.code, shader]));
  const faults: string[] = [];
  for (const { label, code } of shaders.values()) {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' } }).catch((error: unknown) => faults.push(`${label}: ${String(error)}`));
  }
  expect(faults).toEqual([]);
  expect([...shaders.keys()].filter((code) => code.includes('unpack2x16float')).length).toBeGreaterThan(5);
  expect([...shaders.keys()].filter((code) => code.startsWith('enable f16;')).length).toBeGreaterThan(1);
  device.destroy();
});

await describeOnDevice('weights as float16', (makeBackend) => {
  test.each(['whole', 'step'])('%s: what half of the bits can hold is exact, anything else is off by their rounding', async (form) => {
    const backend = await makeBackend({ weights: 'float16', variants: { scan: form } });
    const full = await makeBackend({ variants: { scan: form } });
    for (const [k, kernel] of kernels.entries()) {
      await checkKernel(backend, kernel, inputsOf(kernel, k, 9), 2e-5);
      const inputs = inputsOf(kernel, 100 + k);
      await checkKernel(backend, kernel, inputs, 5e-3);
      // It is not that nothing is rounded.
      expect(await runKernel(backend, kernel, inputs)).not.toEqual(await runKernel(full, kernel, inputs));
    }
  });

  test('products outside of the loop read rounded weights, too, where the device has shader-f16, and add up as float32', async () => {
    const backend = await makeBackend({ weights: 'float16' });
    const { target } = backend;
    const without = await makeBackend({ weights: 'float16', target: { ...target, weights: 'float16', features: new Set() } });
    for (const kernel of usualLayers({ steps: 9, batch: 8, hidden: 32 }).flatMap(({ forward, backward }) => [forward, backward])) {
      const halves = (features: readonly Feature[]): number => programOf(kernel, { ...target, features: new Set(features) }).commands.filter((command) => command.kind === 'dispatch' && command.shader.code.startsWith('enable f16;')).length;
      expect([halves(['shader-f16']), halves([])]).toEqual([1, 0]);
      // Those of the definition with weights that were rounded before; without the feature, only the loop's are.
      const inputs = inputsOf(kernel, 55);
      const { states } = kernel.step;
      const signatures = inputsOfKernel(kernel);
      const expected = outputsOf(kernel).map(({ shape }) => new Float32Array(sizeOf(shape)));
      referenceKernel(kernel, inputs.map((data, k) => (k >= states.length && signatures[k]?.shape.length === 2 ? data.map(roundedToHalf) : data)), expected);
      const [exact, mixed] = [worst(expected, await runKernel(backend, kernel, inputs)), worst(expected, await runKernel(without, kernel, inputs))];
      if (target.features.has('shader-f16')) expect(exact).toBeLessThan(5e-5);
      expect(mixed).toBeGreaterThan(1e-4);
    }
  });

  test('weights beyond the largest of them become it, not infinity', async () => {
    const backend = await makeBackend({ weights: 'float16', variants: { scan: 'whole' } });
    const [kernel] = kernels as [ScanKernel];
    const results = await runKernel(backend, kernel, inputsOf(kernel, 7).map((data) => data.map((value) => value * 1e6)));
    expect(results.every((data) => data.every((value) => Number.isFinite(value)))).toBe(true);
  });

  test('training goes almost the same way', async () => {
    const [full, half]: [number[], number[]] = [[], []];
    const sizes = { steps: 4, batch: 3, inputSize: 5, hiddenSize: 12, layers: 1, classes: 5 };
    await trainNetwork(await makeBackend({}), usualCells[0] as string, sizes, 8, (loss) => full.push(loss));
    await trainNetwork(await makeBackend({ weights: 'float16' }), usualCells[0] as string, sizes, 8, (loss) => half.push(loss));
    half.forEach((loss, k) => expect(Math.abs(loss - (full[k] as number))).toBeLessThan(1e-3));
    expect(half).not.toEqual(full);
  });
});
