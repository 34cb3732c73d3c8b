import { exp, input, log, sigmoid, tanh, type Expr } from '@unroll/expr';
import type { MapKernel } from '@unroll/tensor/backend';
import { runKernel } from '@unroll/testing';
import { expect, test } from 'vitest';
import type { Recorder } from './backend.ts';
import { describeOnDevice } from './testing/device.ts';

const x = input('x0');
const functions = { exp: exp(x), log: log(x), sigmoid: sigmoid(x), tanh: tanh(x) } as const;
type Name = keyof typeof functions;
const exact: Readonly<Record<Name, (x: number) => number>> = { exp: Math.exp, log: Math.log, sigmoid: (value) => 1 / (1 + Math.exp(-value)), tanh: Math.tanh };
/** Largest errors in units in the last place; README.md tells them to users. */
const bounds: Readonly<Record<Name, number>> = { exp: 2.5, log: 1.5, sigmoid: 4, tanh: 4 };

const length = 1 << 18;

function over(backend: Recorder, body: Expr, values: Float32Array): Promise<Float32Array> {
  const same = { shape: [values.length], dtype: 'float32' } as const;
  const kernel: MapKernel = { kind: 'map', bodies: [body], shape: same.shape, inputs: [same], compute: 'float32', dtype: 'float32' };
  return runKernel(backend, kernel, [values]).then(([result]) => result as Float32Array);
}

/** Floats of all sizes: every so manieth of the finite ones by their bits, leaving out those that a GPU may take for 0. */
function floats(sign: number): Float32Array {
  const bits = new Int32Array(length);
  const [low, high] = [0x00800000, 0x7f7fffff];
  for (let k = 0; k < length; k++) bits[k] = (low + Math.floor((high - low) * k / length)) | sign;
  return new Float32Array(bits.buffer);
}

/** The distance of neighbouring floats around a number. */
function ulp(value: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value) || 2 ** -149)), -126) - 23);
}

await describeOnDevice('functions', (makeBackend) => {
  test.each(Object.keys(functions) as Name[])('%s stays within its bound', async (name) => {
    const backend = await makeBackend();
    let worst = 0;
    for (const sign of name === 'log' ? [0] : [0, 0x80000000]) {
      const values = floats(sign);
      const results = await over(backend, functions[name], values);
      values.forEach((value, k) => {
        const expected = exact[name](value);
        if (Math.abs(expected) > 3.4028235677973366e38) {
          if (results[k] !== Infinity) worst = Infinity;
        } else if (Math.abs(expected) >= 2 ** -126) worst = Math.max(worst, Math.abs((results[k] as number) - expected) / ulp(expected));
        else if (Math.abs(results[k] as number) > 2 ** -126) worst = Infinity;
      });
    }
    expect(worst).toBeLessThanOrEqual(bounds[name]);
  });

  test('special values', async () => {
    const backend = await makeBackend();
    const values = Float32Array.of(NaN, Infinity, -Infinity, 0);
    expect([...await over(backend, functions.exp, values)]).toEqual([NaN, Infinity, 0, 1]);
    expect([...await over(backend, functions.sigmoid, values)]).toEqual([NaN, 1, 0, 0.5]);
    expect([...await over(backend, functions.tanh, values)]).toEqual([NaN, 1, -1, 0]);
    expect([...await over(backend, functions.log, Float32Array.of(NaN, Infinity, -Infinity, 0, -1, 1))]).toEqual([NaN, Infinity, NaN, -Infinity, NaN, 0]);
  });

  test('tanh reaches 1, never beyond', async () => {
    const backend = await makeBackend();
    const results = await over(backend, functions.tanh, Float32Array.from({ length }, (_, k) => 6 + 6 * k / length));
    expect(Math.max(...results.filter((_, k) => k % 16 === 0))).toBe(1);
    expect(results.some((value) => value > 1)).toBe(false);
    expect([...await over(backend, functions.tanh, Float32Array.of(9.02, -9.02, 20, -1e30))]).toEqual([1, -1, 1, -1]);
  });
});
