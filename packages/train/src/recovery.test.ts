import { add, currentBackend, Generator, linear, manualSeed, memory, mul, reference, tanh, tensor, uniform, use, zeros, type Tensor } from '@unroll/tensor';
import type { Backend, Buffer, HostData } from '@unroll/tensor/backend';
import { afterEach, expect, test } from 'vitest';
import { adam, DivergenceError, ema, fit, mse, sgd, type Batch, type FitOptions, type Recovery, type Trainable, WeightSnapshot } from './index.ts';

afterEach(() => void use(undefined));

class LostError extends Error {
  readonly code = 'lost';
}

/** The reference backend, until it has been asked for something so many times: then its device is gone, with all that was on it. */
class Mortal implements Backend {
  readonly name = 'mortal';
  readonly #inner = reference();
  #left: number;

  constructor(left: number) {
    this.#left = left;
  }

  supports(): boolean { return true; }
  allocate(bytes: number): Buffer { this.#live(); return this.#inner.allocate(bytes); }
  free(buffer: Buffer): void { this.#inner.free(buffer); }
  write(buffer: Buffer, data: HostData): void { this.#live(); this.#inner.write(buffer, data); }
  dispatch(...rest: Parameters<Backend['dispatch']>): void { this.#live(); this.#inner.dispatch(...rest); }
  memory(): ReturnType<Backend['memory']> { return this.#inner.memory(); }

  async read(...rest: Parameters<Backend['read']>): Promise<HostData> {
    this.#live();
    const numbers = await this.#inner.read(...rest);
    this.#live();
    return numbers;
  }

  /** How often it can be asked from now on. */
  limit(left: number): void {
    this.#left = left;
  }

  #live(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new LostError('the device was lost');
  }
}

interface Noisy extends Trainable<readonly Tensor[]> { readonly generator: Generator; dispose(): void }

/** h_t = tanh(W x + b + h_{t−1}), y = h · noise, with the noise of a generator and of the default one. */
function noisy(): Noisy {
  manualSeed(7);
  const [generator, w, b] = [new Generator(4), tensor([[0.5, 0.25], [-0.5, 1]]), tensor([0.1, -0.1])];
  return {
    generator,
    parameters: () => ({ w, b }),
    forward: (x, state = [zeros([2])]) => {
      const next = tanh(add(linear(x, w, b), state[0] as Tensor));
      return [mul(mul(next, uniform([2], { generator, low: 0.8, high: 1.2 })), uniform([2])), [next]];
    },
    dispose: () => { for (const one of [w, b]) one.dispose(); },
  };
}

/** Of two windows each; now and then the state starts anew. */
function* batches(count: number): IterableIterator<Batch> {
  for (let k = 0; k < count; k++) {
    const [inputs, targets] = [Float32Array.from([1, 2, 3, 4], (x) => Math.sin(x + k)), Float32Array.from([4, 3, 2, 1], (x) => Math.cos(x * k))];
    yield { inputs, targets, shape: [2, 2], ...(k % 5 === 4 ? { reset: true } : {}) };
  }
}

interface Outcome { readonly reported: readonly unknown[]; readonly weights: readonly HostData[]; readonly average: readonly HostData[]; readonly optimizer: readonly unknown[]; readonly draws: number }

async function trained(options: Partial<FitOptions<readonly Tensor[]>> & { readonly onLoss?: () => void } = {}): Promise<Outcome> {
  const model = noisy();
  const optimizer = adam({ lr: 0.05 });
  const averaged = ema(model, 0.9);
  const reported: unknown[] = [];
  const recovery = options.recovery === undefined ? {} : { recovery: { ...options.recovery, generators: [model.generator] } };
  const schedule = (step: number): number => 0.05 / step;
  for await (const { state, ...progress } of fit(model, batches(6), { loss: mse, optimizer, ema: averaged, schedule, clipNorm: 1, truncate: 1, accumulate: 3, ...options, ...recovery })) {
    reported.push(progress, state?.length);
  }
  (currentBackend() as Mortal).limit(Infinity);
  const read = (tensors: Readonly<Record<string, Tensor>>): Promise<HostData[]> => Promise.all(Object.values(tensors).map((one) => one.data()));
  const state = optimizer.stateDict();
  const outcome = { reported, weights: await read(model.parameters()), average: await read(averaged.stateDict().tensors), optimizer: [state.steps, state.lr, ...(await read(state.tensors))], draws: model.generator.state().counter };
  for (const one of [model, optimizer, averaged]) one.dispose();
  return outcome;
}

/** Backends that live so long, one after the other, and then one that stays. */
function successors(...lives: readonly number[]): Pick<Recovery, 'next'> & { readonly losses: string[] } {
  const losses: string[] = [];
  return { losses, next: ({ message }) => new Mortal(lives[losses.push(message) - 1] ?? Infinity) };
}

test.each([1, 3, 50])('what is lost is learnt again, to the bit, with a copy each %i updates', async (every) => {
  use(new Mortal(Infinity));
  const expected = await trained();
  let times = 0;
  // From the first copy on, at all stages of a step: uploads, forward and backward pass, reading, update.
  for (const life of [41, 94, 187, 233, 310, 402]) {
    const before = memory();
    use(new Mortal(life));
    const { losses, next } = successors(life, 200 + life);
    expect(await trained({ recovery: { next, every } })).toEqual(expected);
    expect(memory()).toEqual(before);
    times += losses.length;
  }
  expect(times).toBeGreaterThan(10);
});

test('the learning rate is that of the time, also where it was set by hand', async () => {
  const run = async (recovery?: Recovery): Promise<HostData> => {
    const model = noisy();
    const optimizer = sgd({ lr: 0.5 });
    for await (const { step } of fit(model, batches(9), { loss: mse, optimizer, ...(recovery === undefined ? {} : { recovery: { ...recovery, generators: [model.generator] } }) })) optimizer.lr = 0.5 / (1 + step);
    expect(optimizer.lr).toBe(0.05);
    return (model.parameters()['w'] as Tensor).data();
  };
  use(new Mortal(Infinity));
  const expected = await run();
  for (const life of [60, 130, 200]) {
    use(new Mortal(life));
    const { losses, next } = successors();
    expect(await run({ next })).toEqual(expected);
    expect(losses).toEqual(['the device was lost']);
  }
});

test('of a batch of tensors there is a copy, too', async () => {
  const run = async (life: number): Promise<{ weights: HostData; losses: number }> => {
    const mortal = new Mortal(Infinity);
    use(mortal);
    const model = noisy();
    const { losses, next } = successors();
    const inputs = tensor([[1, 2], [3, 4]]);
    const options = { loss: mse, optimizer: sgd({ lr: 0.1 }), recovery: { next, generators: [model.generator] } };
    const read = async function* (): AsyncGenerator<Batch> {
      yield { inputs, targets: tensor([[0, 1], [1, 0]]) };
      mortal.limit(life);
      yield { inputs: Float32Array.of(1, 2, 3, 4), targets: Float32Array.of(4, 3, 2, 1), shape: [2, 2] };
    };
    for await (const _ of fit(model, read(), options)) ;
    return { weights: await (model.parameters()['w'] as Tensor).data(), losses: losses.length };
  };
  const expected = await run(Infinity);
  for (const life of [0, 3, 10]) expect(await run(life)).toEqual({ ...expected, losses: 1 });
});

test('the best weights so far are saved when they are taken', async () => {
  const run = async (life: number): Promise<{ best: HostData; last: HostData; losses: number }> => {
    const mortal = new Mortal(Infinity);
    use(mortal);
    const model = noisy();
    const best = new WeightSnapshot(model);
    const { losses, next } = successors();
    for await (const { step } of fit(model, batches(8), { loss: mse, optimizer: adam({ lr: 0.1 }), recovery: { next, generators: [model.generator], snapshots: [best] } })) {
      if (step === 3) best.take();
      if (step === 5) mortal.limit(life);
    }
    const numbers = async (tensors: Readonly<Record<string, Tensor>>): Promise<HostData> => (tensors['w'] as Tensor).data();
    return { best: await numbers(best.stateDict()), last: await numbers(model.parameters()), losses: losses.length };
  };
  const expected = await run(Infinity);
  for (const life of [0, 11, 40]) expect(await run(life)).toEqual({ ...expected, losses: 1 });
  expect(expected.best).not.toEqual(expected.last);
});

test('without a way to go on, or where that fails, fit throws', async () => {
  use(new Mortal(100));
  await expect(trained()).rejects.toThrow('the device was lost');
  use(new Mortal(100));
  await expect(trained({ recovery: { next: () => Promise.reject(new Error('no other')) } })).rejects.toThrow('no other');
  // Before there is a copy, there is nothing to go on from.
  use(new Mortal(5));
  await expect(trained({ recovery: successors() })).rejects.toThrow('the device was lost');
});

test('what is no loss of a device is thrown as ever', async () => {
  use(new Mortal(Infinity));
  const { losses, next } = successors();
  const inputs = Float32Array.of(NaN, 0);
  const run = async (): Promise<void> => { for await (const _ of fit(noisy(), [{ inputs, targets: inputs, shape: [1, 2] }], { loss: mse, optimizer: sgd({ lr: 1 }), recovery: { next } })) expect.fail('an update'); };
  await expect(run()).rejects.toThrow(DivergenceError);
  expect(losses).toEqual([]);
});
