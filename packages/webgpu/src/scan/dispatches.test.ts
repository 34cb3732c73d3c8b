import { everyLayer, randomInputs, runKernel, usualLayers, type LayerKernels } from '@unroll/testing';
import { expect, test } from 'vitest';
import { programOf } from '../compile.ts';
import { anyDevice, type Program, type Target } from '../program.ts';
import { describeOnDevice } from '../testing/device.ts';

const graphics: Target = { ...anyDevice, limits: { ...anyDevice.limits, maxStorageBufferBindingSize: 2 ** 30, maxStorageBuffersPerShaderStage: 10, maxComputeWorkgroupStorageSize: 32768 }, architecture: 'ampere', subgroupSize: 32 };
const processor: Target = { ...anyDevice, limits: { ...graphics.limits, maxStorageBuffersPerShaderStage: 16, maxComputeInvocationsPerWorkgroup: 1024 }, features: new Set(['subgroups']), architecture: 'software', subgroupSize: 8 };

/** One state and one gate; one state and three gates; two states and four gates. */
function layers(sizes: Parameters<typeof usualLayers>[0]): readonly [one: LayerKernels, three: LayerKernels, four: LayerKernels] {
  return usualLayers(sizes) as [LayerKernels, LayerKernels, LayerKernels];
}

function dispatchesOf({ commands }: Program): number {
  return commands.filter(({ kind }) => kind === 'dispatch').length;
}

/** Dispatches forward and backward, of layers that also give the gradient of their input. */
function countsOf(steps: number, target: Target): number[][] {
  return layers({ batch: 32, steps, hidden: 256 }).map(({ forward, backward }) => [forward, backward].map((kernel) => dispatchesOf(programOf(kernel, target, 'whole'))));
}

test('a layer takes a handful of dispatches, at most twelve in training, no more for long sequences', () => {
  for (const steps of [64, 128, 256]) expect(countsOf(steps, graphics)).toEqual([[3, 8], [3, 9], [3, 9]]);
  // From here on one product more has enough blocks of results to keep a GPU busy without cutting its sums into slices.
  expect(countsOf(512, graphics)).toEqual([[3, 8], [3, 8], [3, 8]]);
  for (const steps of [8, 64, 128]) expect(countsOf(steps, processor)).toEqual([[3, 6], [3, 6], [3, 6]]);
});

test('what would keep a GPU busy for longer than a tenth of a second is cut', () => {
  const dispatches = (steps: number): number => dispatchesOf(programOf(layers({ batch: 32, steps, hidden: 256 })[2].forward, graphics, 'whole'));
  expect([dispatches(512), dispatches(1000), dispatches(6000)]).toEqual([3, 4, 13]);
});

test('a step has a dispatch of its own where weights are too large to be read by every workgroup', () => {
  const forms = (hidden: number, batch: number): number => dispatchesOf(programOf(layers({ batch, steps: 16, hidden })[2].forward, graphics));
  expect([forms(256, 32), forms(512, 32), forms(512, 256)]).toEqual([3, 3 + 16, 3]);
});

test('a processor runs what has many parts part by part, since it would compile all in one for long', () => {
  const stepwise = everyLayer({ steps: 16, batch: 8, hidden: 8 }).filter(({ forward }) => dispatchesOf(programOf(forward, processor)) > 16);
  expect(stepwise.map(({ name }) => name)).toEqual(['gru-layernorm', 'lstm-layernorm']);
  expect(everyLayer({ steps: 16, batch: 8, hidden: 8 }).filter(({ forward }) => dispatchesOf(programOf(forward, graphics)) > 16)).toEqual([]);
});

await describeOnDevice('chunks of time', (makeBackend) => {
  test('give what one dispatch gives, to the bit', async () => {
    const backend = await makeBackend({ variants: { scan: 'whole' } });
    // More steps than one dispatch takes of anything.
    const most = 50_000;
    const [{ forward: all }] = layers({ batch: 1, steps: most + 7, hidden: 1 });
    expect(dispatchesOf(programOf(all, backend.target, 'whole'))).toBe(4);
    const inputs = randomInputs(all, 1) as Float32Array[];
    const [last, outputs] = await runKernel(backend, all, inputs) as [Float32Array, Float32Array];
    const part = async (first: number, steps: number, state: Float32Array): Promise<Float32Array[]> => {
      const { step } = all;
      const own = inputs.map((input, k) => (k < step.states.length ? state : k < step.states.length + step.sequences.length ? input.slice(first, first + steps) : input));
      return await runKernel(backend, { ...all, steps }, own) as Float32Array[];
    };
    const [middle, early] = await part(0, 20_000, inputs[0] as Float32Array) as [Float32Array, Float32Array];
    const [end, late] = await part(20_000, most + 7 - 20_000, middle) as [Float32Array, Float32Array];
    expect([...end]).toEqual([...last]);
    expect([early.at(-1), late.at(0), late.at(-1)]).toEqual([outputs[19_999], outputs[20_000], outputs.at(-1)]);
    const [first] = [...early, ...late].map((value, k) => (value === outputs[k] ? -1 : k)).filter((k) => k >= 0);
    expect(first).toBeUndefined();
  });
});
