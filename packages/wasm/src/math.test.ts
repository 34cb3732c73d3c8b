import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from './assembler.ts';
import { exp, log, sigmoid, tanh } from './math.ts';
import { Heap } from './memory.ts';
import { chooseProfile } from './probe.ts';
import { VectorCode } from './vector.ts';

const functions = { exp, log, sigmoid, tanh };
type Name = keyof typeof functions;
const exact: Readonly<Record<Name, (x: number) => number>> = { exp: Math.exp, log: Math.log, sigmoid: (x) => 1 / (1 + Math.exp(-x)), tanh: Math.tanh };
/** Largest errors in units in the last place; README.md tells them to users. */
const bounds: Readonly<Record<Name, number>> = { exp: 1.1, log: 0.9, sigmoid: 2, tanh: 2.6 };

const heap = new Heap({ shared: true });
const length = 1 << 16;
const [source, target] = [heap.allocate(length * 4), heap.allocate(length * 4)];

/** A function of four (or eight) floats at a time, made to run over the whole source. */
function compiled(name: Name, deterministic: boolean, vectors = 1): () => Float32Array {
  const profile = chooseProfile({ deterministic });
  const module = new ModuleBuilder(heap.limits);
  module.function({ params: [], results: [] }, (f) => {
    const at = f.local('i32');
    f.while(at, length * 4, 16 * vectors, () => {
      const code = new VectorCode(f, { constants: heap.constants, profile, vectors });
      const x = code.value((vector) => f.get(at).memory('v128.load', source.address + 16 * vector));
      functions[name](code, x).forEach((local, vector) => f.get(at).get(local).memory('v128.store', target.address + 16 * vector));
    });
  }, 'run');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory: heap.memory } });
  const run = instance.exports['run'] as () => void;
  return () => {
    run();
    return heap.views.float32.slice(target.address / 4, target.address / 4 + length);
  };
}

/** Results for some floats. */
function over(run: () => Float32Array, values: readonly number[]): number[] {
  heap.views.float32.set(values, source.address / 4);
  return [...run().subarray(0, values.length)];
}

/** The distance of neighbouring floats around a number. */
function ulp(value: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value) || 2 ** -149)), -126);
  return 2 ** (exponent - 23);
}

/** Every `step`th float from `low` to `high` by their bits, a block at a time. */
function* floats(low: number, high: number, step: number): Generator<Float32Array> {
  const bits = heap.views.int32.subarray(source.address / 4, source.address / 4 + length);
  for (let first = low; first <= high; first += length * step) {
    for (let k = 0; k < length; k++) bits[k] = Math.min(first + k * step, high);
    yield heap.views.float32.slice(source.address / 4, source.address / 4 + length);
  }
}

function largestError(name: Name, run: () => Float32Array, sign: number): number {
  let worst = 0;
  // All positive finite floats, or all negative ones.
  for (const x of floats(sign, sign + 0x7f7f_ffff, 1999)) {
    const y = run();
    x.forEach((value, k) => {
      const expected = exact[name](value);
      // Above the largest float and a half step, infinity is right.
      const error = Math.abs(expected) > 3.4028235677973366e38 ? (y[k] === expected || y[k] === Math.sign(expected) * Infinity ? 0 : Infinity) : Math.abs((y[k] as number) - expected) / ulp(expected);
      if (!(error <= worst)) worst = error;
    });
  }
  return worst;
}

const signs: Readonly<Record<Name, readonly number[]>> = { exp: [0, 0x8000_0000], log: [0], sigmoid: [0, 0x8000_0000], tanh: [0, 0x8000_0000] };

describe.each([false, true])('functions, deterministic: %s', (deterministic) => {
  test.each(Object.keys(functions) as Name[])('%s stays within its bound, over all floats', (name) => {
    const run = compiled(name, deterministic);
    for (const sign of signs[name]) expect(largestError(name, run, sign)).toBeLessThanOrEqual(bounds[name]);
  });

  test.each(Object.keys(functions) as Name[])('%s has the same bits in lock step', (name) => {
    const [one, two] = [compiled(name, deterministic), compiled(name, deterministic, 2)];
    for (const _ of floats(0x3000_0000, 0x4300_0000, 9999)) expect(two()).toEqual(one());
  });

  test('special values', () => {
    const values = [NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45];
    expect(over(compiled('exp', deterministic), values)).toEqual([NaN, Infinity, 0, 1, 1, 1, 1]);
    expect(over(compiled('sigmoid', deterministic), values)).toEqual([NaN, 1, 0, 0.5, 0.5, 0.5, 0.5]);
    expect(over(compiled('tanh', deterministic), values)).toEqual([NaN, 1, -1, 0, -0, Math.fround(1e-45), Math.fround(-1e-45)]);
    expect(over(compiled('log', deterministic), [...values.slice(0, 5), -1, -1e-45, 1])).toEqual([NaN, Infinity, NaN, -Infinity, -Infinity, NaN, NaN, 0]);
  });

  test('tanh reaches 1, never beyond', () => {
    const run = compiled('tanh', deterministic);
    expect(over(run, [9.02, -9.02, 20, -1e30])).toEqual([1, -1, 1, -1]);
    for (const _ of floats(0x4000_0000, 0x4180_0000, 99)) expect(Math.max(...run().subarray(0, 5000))).toBeLessThanOrEqual(1);
  });

  test('sigmoid is good to the last digits far below 0, and exp into the subnormal numbers', () => {
    const inputs = [-20, -50, -80, -87, -90, -100, -103];
    for (const name of ['sigmoid', 'exp'] as const) {
      over(compiled(name, deterministic), inputs).forEach((value, k) => {
        const expected = exact[name](inputs[k] as number);
        expect(Math.abs(value - expected) / ulp(expected)).toBeLessThanOrEqual(bounds[name]);
      });
    }
  });
});
