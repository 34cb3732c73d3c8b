import { successor } from '@unroll/device';
import { Linear, LSTM, Module, type LSTMState } from '@unroll/layers';
import { currentBackend, Generator, manualSeed, use, type HostData, type Tensor } from '@unroll/tensor';
import { adam, fit, mse, type Batch, type Recovery } from '@unroll/train';
import { webgpu, type WebGpuBackend } from '@unroll/webgpu';
import { describe, expect, test } from 'vitest';
import { backendsHere } from './testing.ts';

class Model extends Module {
  readonly generator: Generator = new Generator(2);
  readonly rnn: LSTM = new LSTM(3, 8, { numLayers: 2, dropout: 0.2, generator: this.generator });
  readonly head: Linear = new Linear(8, 2, { generator: this.generator });

  forward(x: Tensor, state?: LSTMState): readonly [Tensor, LSTMState] {
    const [y, next] = this.rnn.forward(x, state);
    return [this.head.forward(y), next];
  }
}

const [steps, batch] = [4, 2];

function* batches(): IterableIterator<Batch> {
  for (let k = 0; k < 24; k++) {
    const numbers = (count: number, shift: number): Float32Array => Float32Array.from({ length: count }, (_, j) => Math.sin(k * 7 + j + shift));
    yield { inputs: numbers(steps * batch * 3, 0), targets: numbers(steps * batch * 2, 1), shape: [steps, batch, 3], targetShape: [steps, batch, 2] };
  }
}

interface Outcome { readonly losses: readonly number[]; readonly weights: readonly HostData[] }

/** Trains on a GPU of its own, which is taken away whenever `isTaken` says so of a step: between two steps, or while the next one is computed. */
async function trained(isTaken: (step: number) => false | 'now' | 'soon', recovery?: Recovery): Promise<Outcome> {
  use(await webgpu());
  manualSeed(1);
  const model = new Model();
  const options = { loss: mse, optimizer: adam({ lr: 0.01 }), clipNorm: 1 };
  const losses: number[] = [];
  for await (const { step, loss } of fit<LSTMState>(model, batches(), recovery === undefined ? options : { ...options, recovery: { ...recovery, generators: [model.generator] } })) {
    losses.push(loss);
    const how = isTaken(step);
    const gpu = currentBackend() as WebGpuBackend;
    if (how === 'now') gpu.device.destroy();
    // After what is enqueued next, and before it is read.
    if (how === 'soon') queueMicrotask(() => queueMicrotask(() => gpu.device.destroy()));
  }
  const weights = await Promise.all(Object.values(model.parameters()).map((one) => one.data()));
  model.dispose();
  options.optimizer.dispose();
  if ('destroy' in currentBackend()) (currentBackend() as WebGpuBackend).destroy();
  return { losses, weights };
}

const isHere = (await backendsHere(['webgpu'])).length > 0;

describe.runIf(isHere)('a GPU that is lost', () => {
  test('is followed by a new one, with the numbers of a training that was not interrupted, to the bit', async () => {
    const expected = await trained(() => false);
    const said: string[] = [];
    let clock = 0;
    const next = successor({ say: (sentence) => said.push(sentence), now: () => (clock += 100_000) });
    expect(await trained((step) => (step === 7 ? 'now' : step === 13 ? 'soon' : false), { next, every: 5 })).toEqual(expected);
    expect(said).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^the GPU was lost \(.*destroyed.*\); going on from the last copy, on a new device$/u) as string));
  });

  test('is followed by the processor when it is lost for the second time within a minute', async () => {
    const expected = await trained(() => false);
    const said: string[] = [];
    const next = successor({ say: (sentence) => said.push(sentence), now: () => 0 });
    const found = await trained((step) => (step === 3 || step === 4 ? 'now' : false), { next });
    expect(said.at(-1)).toMatch(/^the GPU was lost 2 times within a minute .*; going on, on the processor$/u);
    expect(found.losses).toHaveLength(expected.losses.length);
    found.losses.forEach((loss, k) => expect(Math.abs(loss - (expected.losses[k] as number))).toBeLessThan(2e-4));
  });
});

test.runIf(isHere)('without a way to go on, the training ends with what was lost', async () => {
  await expect(trained((step) => (step === 2 ? 'now' : false))).rejects.toMatchObject({ code: 'lost' });
});
