import { add, exp, input, mul, sigmoid } from '@unroll/expr';
import { referenceKernel, type Backend, type Buffer, type HostData, type Kernel, type MapKernel } from '@unroll/tensor/backend';
import { numberStream } from '@unroll/testing';
import { expect, test } from 'vitest';
import type { Recorder } from './backend.ts';
import { describeOnDevice } from './testing/device.ts';

const [x, y, z] = [input('x0'), input('x1'), input('x2')];

function mapOf(bodies: MapKernel['bodies'], length: number, ...inputs: readonly (readonly number[])[]): MapKernel {
  return { kind: 'map', bodies, shape: [length], inputs: inputs.map((shape) => ({ shape, dtype: 'float32' })), compute: 'float32', dtype: 'float32' };
}

const sumOf = (length: number): Kernel => ({ kind: 'reduce', op: 'sum', dtype: 'float32', outer: 1, length, inner: 1 });
const reversed = (length: number): Kernel => ({ kind: 'copy', dtype: 'float32', shape: [length], inputs: [[length]], parts: [{ input: 0, shape: [length], from: length - 1, fromStrides: [-1], to: 0, toStrides: [1] }] });

function uploaded(backend: Backend, data: Float32Array): Buffer {
  const buffer = backend.allocate(data.byteLength);
  backend.write(buffer, data);
  return buffer;
}

function numbersOf(length: number, seed: number): Float32Array {
  const random = numberStream(seed);
  return Float32Array.from({ length }, () => random() - 0.5);
}

/** What `body` records and then reads, in dispatches. */
async function dispatchesOf(backend: Recorder, body: () => readonly Buffer[]): Promise<{ readonly dispatches: number; readonly results: readonly HostData[] }> {
  const before = backend.statistics().dispatches;
  const results = await Promise.all(body().map((buffer) => backend.read(buffer, 'float32')));
  return { dispatches: backend.statistics().dispatches - before, results };
}

await describeOnDevice('kernels that run as one', (makeBackend) => {
  const lengths = [300, 7, 64, 5000, 1];

  test('maps of the same code: one dispatch, and one more to bring their tensors together for the first time', async () => {
    const backend = await makeBackend({});
    const factor = uploaded(backend, Float32Array.of(3));
    let tensors = lengths.map((length, k) => uploaded(backend, new Float32Array(length).fill(k)));
    const step = (): readonly Buffer[] => {
      tensors = tensors.map((from) => {
        const to = backend.allocate(from.bytes);
        backend.dispatch(mapOf([mul(x, y)], from.bytes / 4, [from.bytes / 4], []), [from, factor], [to]);
        backend.free(from);
        return to;
      });
      return tensors;
    };
    // The last one has a single element, and so has the factor: another code.
    expect((await dispatchesOf(backend, step)).dispatches).toBe(3);
    const { dispatches, results } = await dispatchesOf(backend, step);
    expect(dispatches).toBe(2);
    expect(results).toEqual(lengths.map((length, k) => new Float32Array(length).fill(9 * k)));
    // Long-lived neighbours keep a block; the last one gives it back.
    for (const buffer of [...tensors, factor]) backend.free(buffer);
    backend.trim();
    expect(backend.memory()).toEqual({ reserved: 0, used: 0 });
  });

  test('sums, however recorded, are the same to the bit as alone', async () => {
    const backend = await makeBackend({});
    const tensors = [100_000, 3, 4096, 4097, 20_000].map((length) => ({ length, buffer: uploaded(backend, numbersOf(length, length)) }));
    const sums = (): Buffer[] => tensors.map(({ length, buffer }) => {
      const to = backend.allocate(4);
      backend.dispatch(sumOf(length), [buffer], [to]);
      return to;
    });
    const together = await dispatchesOf(backend, sums);
    expect(together.dispatches).toBe(3);
    const alone: HostData[] = [];
    for (const { length, buffer } of tensors) {
      const to = backend.allocate(4);
      backend.dispatch(sumOf(length), [buffer], [to]);
      alone.push(await backend.read(to, 'float32'));
    }
    expect(together.results).toEqual(alone);
  });

  test('copies', async () => {
    const backend = await makeBackend({});
    const tensors = lengths.map((length) => ({ length, data: numbersOf(length, length) })).map((entry) => ({ ...entry, buffer: uploaded(backend, entry.data) }));
    const { dispatches, results } = await dispatchesOf(backend, () => tensors.map(({ length, buffer }) => {
      const to = backend.allocate(length * 4);
      backend.dispatch(reversed(length), [buffer], [to]);
      return to;
    }));
    // Those of one element have no axis.
    expect(dispatches).toBe(2);
    expect(results).toEqual(tensors.map(({ data }) => data.toReversed()));
  });

  test('what needs what another one gives comes after it; what the host writes meanwhile is not seen before', async () => {
    const backend = await makeBackend({});
    const a = uploaded(backend, Float32Array.of(1, 2));
    const results = Array.from({ length: 6 }, () => backend.allocate(8));
    const double = mapOf([mul(x, 2)], 2, [2]);
    let from = a;
    results.forEach((to, k) => {
      backend.dispatch(double, [from], [to]);
      from = k % 2 === 0 ? to : a;
      if (k === 3) backend.write(a, Float32Array.of(10, 20));
    });
    expect(await Promise.all(results.map((buffer) => backend.read(buffer, 'float32')))).toEqual([[2, 4], [4, 8], [2, 4], [4, 8], [20, 40], [40, 80]].map((pair) => Float32Array.from(pair)));
  });

  test('any order of many kernels gives what they give one after another', async () => {
    const backend = await makeBackend({});
    for (let seed = 1; seed <= 12; seed++) {
      const random = numberStream(seed);
      const pick = (count: number): number => Math.floor(random() * count);
      // Tensors of each length, on the device and as they have to be.
      const tensors = lengths.map((length) => Array.from({ length: 3 }, (_, k) => ({ buffer: uploaded(backend, numbersOf(length, 10 * seed + k)), expected: numbersOf(length, 10 * seed + k) })));
      const any = (group: number): (typeof tensors)[number][number] => (tensors[group] as (typeof tensors)[number])[pick(tensors[group]?.length ?? 0)] as (typeof tensors)[number][number];
      for (let k = 0; k < 80; k++) {
        const group = pick(lengths.length);
        const length = lengths[group] as number;
        const [p, q, r, scalar] = [any(group), any(group), any(group), any(lengths.length - 1)];
        const choices: readonly (readonly [Kernel, readonly (typeof p)[]])[] = [
          [mapOf([add(mul(x, 0.5), y), sigmoid(x)], length, [length], [length]), [p, q]],
          [mapOf([add(mul(exp(mul(x, 0.1)), y), z)], length, [length], [1], [length]), [p, scalar, r]],
          [sumOf(length), [p]], [reversed(length), [p]],
        ];
        const [kernel, inputs] = choices[pick(choices.length)] as (typeof choices)[number];
        const sizes = kernel.kind === 'reduce' ? [1] : kernel.kind === 'map' ? kernel.bodies.map(() => length) : [length];
        const outputs = sizes.map((size) => ({ buffer: backend.allocate(size * 4), expected: new Float32Array(size) }));
        backend.dispatch(kernel, inputs.map(({ buffer }) => buffer), outputs.map(({ buffer }) => buffer));
        referenceKernel(kernel, inputs.map(({ expected }) => expected), outputs.map(({ expected }) => expected));
        const home = tensors[kernel.kind === 'reduce' ? lengths.length - 1 : group] as (typeof tensors)[number];
        for (const output of outputs) {
          if (output.expected.some((value) => Math.abs(value) > 1e3)) backend.free(output.buffer);
          else home.push(output);
        }
        // Some go, some are written again, sometimes all is handed over.
        if (random() < 0.3 && home.length > 2) backend.free((home.splice(pick(home.length), 1)[0] as (typeof home)[number]).buffer);
        if (random() < 0.1) {
          const target = any(group);
          target.expected.set(numbersOf(length, 1000 * seed + k));
          backend.write(target.buffer, target.expected);
        }
        if (random() < 0.05) backend.flush();
      }
      for (const { buffer, expected } of tensors.flat()) {
        const got = await backend.read(buffer, 'float32');
        const wrong = expected.findIndex((value, k) => !(Math.abs((got[k] as number) - value) <= 1e-3 * Math.max(1, Math.abs(value))));
        if (wrong >= 0) expect.fail(`seed ${seed}: element ${wrong} is ${got[wrong]} instead of ${expected[wrong]}`);
        backend.free(buffer);
      }
      expect(backend.memory().used).toBe(0);
    }
  });
});
