import { add, constant, dot, input, less, mean, mul, random, StepError, sub, tanh, transposedDot, type Step } from '@unroll/expr';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultGenerator, Generator, keep, manualSeed, memory, recording, reference, scan, scope, tensor, use, zeros, type Recorder, type ScanKernel, type Shape, type Tensor } from '../index.ts';
import { philox } from '../philox.ts';

beforeEach(() => { use(reference()); });
afterEach(() => { use(undefined); });

const values = async (x: Tensor | undefined): Promise<number[]> => [...await (x as Tensor).data()];
const numbers = (shape: Shape, seed: number): number[] => Array.from({ length: shape.reduce((product, length) => product * length, 1) }, (_, k) => Math.sin(12.9898 * (k + 1) + 78.233 * seed));
const of = (data: readonly number[], shape: Shape): Tensor => tensor(data, { shape, dtype: 'float64' });
const empty: Step = { states: [], sequences: [], vectors: [], weights: [], next: [], outputs: [], accumulations: [], names: [] };

const [h, x] = [input('h'), input('x')];
const [T, B, H] = [3, 2, 2];
// s ← s + x: what a row has seen so far; the output is what it was before.
const adder: Step = {
  ...empty, states: [{ name: 's', width: 1 }], sequences: [{ name: 'x', width: 1 }], next: [add(input('s'), x)],
  outputs: [{ name: 'before', width: 1, value: input('s') }],
  accumulations: [{ name: 'total', rows: 1, columns: 0, parts: [{ offset: 0, left: x }] }],
};
const xs = [1, 10, 2, 20, 3, 30];
const ran = async (options: { mask?: Tensor; reverse?: boolean }): Promise<number[][]> => {
  const { states, outputs, accumulations } = scan(adder, { states: [of([100, 200], [B, 1])], sequences: [of(xs, [T, B, 1])], vectors: [], weights: [], ...options });
  return Promise.all([states[0], outputs[0], accumulations[0]].map(values));
};

describe('time', () => {
  test('runs forward', async () => {
    expect(await ran({})).toEqual([[106, 260], [100, 200, 101, 210, 103, 230], [66]]);
  });

  test('runs backward, outputs at their time', async () => {
    expect(await ran({ reverse: true })).toEqual([[106, 260], [105, 250, 103, 230, 100, 200], [66]]);
  });

  test('where the mask is 0, states are carried on, outputs are 0 and nothing is added', async () => {
    const mask = tensor([[1, 1], [0, 1], [1, 0]], { dtype: 'int32' });
    expect(await ran({ mask })).toEqual([[104, 230], [100, 200, 0, 210, 101, 0], [34]]);
    expect(await ran({ mask, reverse: true })).toEqual([[104, 230], [103, 220, 0, 200, 100, 0], [34]]);
  });

  test('no steps leave the states as they are', async () => {
    const { states, outputs, accumulations } = scan(adder, { states: [of([1, 2], [B, 1])], sequences: [zeros([0, B, 1], { dtype: 'float64' })], vectors: [], weights: [] });
    expect([await values(states[0]), outputs[0]?.shape, await values(accumulations[0])]).toEqual([[1, 2], [0, 2, 1], [0]]);
  });

  test('states all see the step as it began', async () => {
    const swap: Step = { ...empty, states: [{ name: 'a', width: 1 }, { name: 'b', width: 1 }], next: [input('b'), input('a')] };
    const { states } = scan(swap, { states: [of([1], [1, 1]), of([2], [1, 1])], sequences: [], vectors: [], weights: [], steps: 3 });
    expect(await Promise.all(states.map(values))).toEqual([[2], [1]]);
  });
});

describe('products', () => {
  const [W, b, v, x0, h0] = [numbers([2 * H, H], 1), numbers([2 * H], 2), numbers([H], 3), numbers([T, B, H], 4), numbers([B, H], 5)];
  const block = (k: number, r: number, row: readonly number[]): number => row.reduce((sum, value, c) => sum + (W[(k * H + r) * H + c] as number) * value, b[k * H + r] as number);

  test('plain: blocks with bias, in two stages, with a vector', async () => {
    // u = tanh(W₀ h + b₀ + x), h' = u + v ⊙ (W₁ u + b₁)
    const u = tanh(add(dot('W', 0, h), x));
    const step: Step = {
      ...empty, states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], vectors: [{ name: 'v', width: H }],
      weights: [{ name: 'W', blocks: 2, rows: H, columns: H, bias: true }], next: [add(u, mul(input('v'), dot('W', 1, u)))],
      outputs: [{ name: 'u', width: H, value: u }],
    };
    let now = [h0.slice(0, 2), h0.slice(2)];
    const us: number[] = [];
    for (let t = 0; t < T; t++) {
      now = now.map((row, n) => {
        const own = row.map((_, r) => Math.tanh(block(0, r, row) + (x0[(t * B + n) * H + r] as number)));
        us.push(...own);
        return own.map((value, r) => value + (v[r] as number) * block(1, r, own));
      });
    }
    const { states, outputs } = scan(step, { states: [of(h0, [B, H])], sequences: [of(x0, [T, B, H])], vectors: [of(v, [H])], weights: [of(W, [4, 2]), of(b, [4])] });
    (await values(states[0])).forEach((value, k) => expect(value).toBeCloseTo(now.flat()[k] as number, 14));
    (await values(outputs[0])).forEach((value, k) => expect(value).toBeCloseTo(us[k] as number, 14));
  });

  test('transposed: the sum over blocks, without bias; rectangular', async () => {
    const M = numbers([2 * 3, 2], 7);
    const step: Step = {
      ...empty, sequences: [{ name: 'x', width: 3 }, { name: 'y', width: 3 }], weights: [{ name: 'M', blocks: 2, rows: 3, columns: 2, bias: false }],
      outputs: [{ name: 'z', width: 2, value: transposedDot('M', [{ block: 1, operand: x }, { block: 0, operand: input('y') }]) }],
    };
    const [xx, yy] = [numbers([1, 1, 3], 8), numbers([1, 1, 3], 9)];
    const { outputs } = scan(step, { states: [], sequences: [of(xx, [1, 1, 3]), of(yy, [1, 1, 3])], vectors: [], weights: [of(M, [6, 2])] });
    const expected = [0, 1].map((c) => [0, 1, 2].reduce((sum, r) => sum + (M[(3 + r) * 2 + c] as number) * (xx[r] as number) + (M[r * 2 + c] as number) * (yy[r] as number), 0));
    (await values(outputs[0])).forEach((value, k) => expect(value).toBeCloseTo(expected[k] as number, 14));
  });

  test('mean over channels, and constants that fit any width', async () => {
    const step: Step = {
      ...empty, sequences: [{ name: 'x', width: 3 }],
      outputs: [{ name: 'centred', width: 3, value: sub(x, mean(x)) }, { name: 'seven', width: 2, value: constant(7) }, { name: 'ones', width: 2, value: dot('W', 0, constant(1)) }],
      weights: [{ name: 'W', blocks: 1, rows: 2, columns: 3, bias: false }],
    };
    const { outputs } = scan(step, { states: [], sequences: [of([1, 2, 6], [1, 1, 3])], vectors: [], weights: [of([1, 2, 3, 4, 5, 6], [2, 3])] });
    expect(await Promise.all(outputs.map(values))).toEqual([[-2, -1, 3], [7, 7], [6, 15]]);
  });
});

describe('accumulations', () => {
  test('outer products and sums by block, added where blocks repeat, constants stretched', async () => {
    const [y, one] = [input('y'), constant(1)];
    const step: Step = {
      ...empty, sequences: [{ name: 'x', width: 2 }, { name: 'y', width: 3 }],
      accumulations: [
        { name: 'outer', rows: 4, columns: 3, parts: [{ offset: 2, left: x, right: y }, { offset: 2, left: x, right: one }] },
        { name: 'sum', rows: 5, columns: 0, parts: [{ offset: 0, left: x }, { offset: 2, left: y }] },
        { name: 'constant', rows: 3, columns: 2, parts: [{ offset: 0, left: one, right: x }, { offset: 1, left: constant(2), right: one }] },
      ],
    };
    // One row, two steps: x = (1, 2), (3, 4), y = (1, 0, −1), (2, 2, 2).
    const { accumulations } = scan(step, { states: [], sequences: [of([1, 2, 3, 4], [2, 1, 2]), of([1, 0, -1, 2, 2, 2], [2, 1, 3])], vectors: [], weights: [] });
    expect(accumulations.map(({ shape }) => shape)).toEqual([[4, 3], [5], [3, 2]]);
    expect(await values(accumulations[0])).toEqual([0, 0, 0, 0, 0, 0, 1 + 6 + 4, 0 + 6 + 4, -1 + 6 + 4, 2 + 8 + 6, 0 + 8 + 6, -2 + 8 + 6]);
    expect(await values(accumulations[1])).toEqual([4, 6, 3, 2, 1]);
    expect(await values(accumulations[2])).toEqual([4, 6, 4, 4, 4, 4]);
  });
});

describe('random numbers', () => {
  const draws: Step = {
    ...empty, sequences: [{ name: 'x', width: 5 }],
    outputs: [
      { name: 'a', width: 5, value: random(0, 'step') }, { name: 'b', width: 5, value: random(1, 'step') }, { name: 'all', width: 5, value: random(0, 'sequence') },
      { name: 'kept', width: 5, value: mul(x, less(random(1, 'step'), 0.5)) }, { name: 'narrow', width: 2, value: random(2, 'step') },
    ],
    accumulations: [{ name: 'sum', rows: 5, columns: 0, parts: [{ offset: 0, left: random(0, 'sequence') }] }],
  };
  const draw = async (generator: Generator | undefined, options: { reverse?: boolean } = {}): Promise<number[][]> => {
    const { outputs, accumulations } = scan(draws, { states: [], sequences: [of(Array.from({ length: 3 * 2 * 5 }, () => 1), [3, 2, 5])], vectors: [], weights: [], ...options, ...(generator === undefined ? {} : { generator }) });
    return Promise.all([...outputs, ...accumulations].map(values));
  };

  test('depend on seed, stream, step, row and channel alone', async () => {
    const [a = [], b = [], all = [], kept = [], narrow = [], sum = []] = await draw(new Generator(4));
    expect(await draw(new Generator(4), { reverse: true })).toEqual([a, b, all, kept, narrow, sum]);
    expect(new Set([...a, ...b]).size).toBe(60);
    expect([a, b, all].flat().every((value) => value >= 0 && value < 1)).toBe(true);
    expect(kept).toEqual(b.map((value) => Number(value < 0.5)));
    expect(new Set([...narrow, ...a, ...b]).size).toBe(72);
    expect([all.slice(10, 20), all.slice(20), new Set(all).size]).toEqual([all.slice(0, 10), all.slice(0, 10), 10]);
    expect(all.some((value) => a.includes(value))).toBe(false);
    sum.forEach((value, c) => expect(value).toBeCloseTo(3 * ((all[c] as number) + (all[5 + c] as number)), 14));
    expect((await draw(new Generator(5)))[0]).not.toEqual(a);
  });

  test('come from the default generator where none is given; steps without them take no seed', async () => {
    manualSeed(4);
    expect(await draw(undefined)).toEqual(await draw(new Generator(4)));
    expect(defaultGenerator().state().counter).toBe(1);
    await ran({});
    expect(defaultGenerator().state().counter).toBe(1);
  });

  test('are the words of Philox', async () => {
    const seed = new Generator(4).next();
    const [a = []] = await draw(new Generator(4));
    expect(a[(2 * 2 + 1) * 5 + 4]).toBe((philox([1, 1, 3, 0], seed)[0] >>> 8) / 2 ** 24);
  });
});

describe('one kernel', () => {
  test('is recorded once; a recorder may keep more outputs, and the caller still gets its own', async () => {
    const kernels: ScanKernel[] = [];
    const kept: Tensor[] = [];
    const recorder: Recorder = {
      extend: (kernel) => (kernel.kind === 'scan' ? { ...kernel, step: { ...kernel.step, outputs: [...kernel.step.outputs, { name: 'kept', width: 1, value: mul(x, 2) }] } } : kernel),
      record: (kernel, _inputs, outputs) => {
        if (kernel.kind === 'scan') kernels.push(kernel);
        kept.push(keep(outputs[2] as Tensor));
      },
      alias: () => undefined,
    };
    const found = await recording(recorder, () => ran({}));
    expect(found).toEqual([[106, 260], [100, 200, 101, 210, 103, 230], [66]]);
    expect([kernels.length, await values(kept[0])]).toEqual([1, xs.map((value) => value * 2)]);
  });

  test('leaves nothing but its results', () => {
    const before = memory().tensors;
    scope(() => {
      const { states, outputs, accumulations } = scan(adder, { states: [of([1], [1, 1])], sequences: [of([1], [1, 1, 1])], vectors: [], weights: [], mask: tensor([[1]]) });
      expect(memory().tensors - before).toBe(3 + states.length + outputs.length + accumulations.length);
    });
    expect(memory().tensors).toBe(before);
  });
});

describe('refusals, before anything is allocated', () => {
  const good = { states: [[B, 1]], sequences: [[T, B, 1]], vectors: [], weights: [] } as const;
  const make = (shapes: { readonly [K in keyof typeof good]: readonly Shape[] }): { [K in keyof typeof good]: Tensor[] } => ({
    states: shapes.states.map((shape) => zeros(shape)), sequences: shapes.sequences.map((shape) => zeros(shape)), vectors: shapes.vectors.map((shape) => zeros(shape)), weights: shapes.weights.map((shape) => zeros(shape)),
  });

  test('tensors that do not fit the step are named', () => {
    expect(() => scan(adder, make({ ...good, states: [] }))).toThrow('scan: the step takes 1 tensors as states, got 0.');
    expect(() => scan(adder, make({ ...good, vectors: [[1]] }))).toThrow('takes 0 tensors as vectors, got 1');
    expect(() => scan(adder, make({ ...good, sequences: [[T, B, 2]] }))).toThrow('scan: sequence "x" must be (3, 2, 1), got (3, 2, 2).');
    expect(() => scan(adder, make({ ...good, states: [[1, 1]] }))).toThrow('scan: state "s" must be (2, 1), got (1, 1).');
    expect(() => scan(adder, make({ ...good, sequences: [[]] }))).toThrow('scan: sequence "x" must be (T, B, 1), got ().');
    expect(() => scan(adder, { ...make(good), mask: zeros([T]) })).toThrow('scan: mask must be (3, 2), got (3).');
    expect(() => scan(adder, { ...make(good), states: [zeros([B, 1], { dtype: 'float64' })] })).toThrow('scan: all tensors must be of one type, float32 or float64, got float64 and float32; cast the others.');
    expect(() => scan(empty, { states: [], sequences: [], vectors: [], weights: [] })).toThrow('give steps and batch');
    expect(() => scan(empty, { states: [], sequences: [], vectors: [], weights: [], steps: 1.5, batch: 1 })).toThrow('whole');
    const weighted: Step = { ...empty, weights: [{ name: 'W', blocks: 2, rows: 3, columns: 4, bias: true }] };
    const sizes = { states: [], sequences: [], vectors: [], steps: 1, batch: 1 };
    expect(() => scan(weighted, { ...sizes, weights: [zeros([6, 4]), zeros([3])] })).toThrow('scan: bias of weight "W" must be (6), got (3).');
    expect(() => scan(weighted, { ...sizes, weights: [zeros([3, 4]), zeros([6])] })).toThrow('scan: weight "W" must be (6, 4), got (3, 4).');
  });

  test('a faulty step is refused each time', () => {
    const faulty: Step = { ...adder, next: [input('nobody')] };
    for (let k = 0; k < 2; k++) expect(() => scan(faulty, make(good))).toThrow(StepError);
  });

  test('float32 states are rounded when the sequence has ended', async () => {
    const { states } = scan(adder, { states: [tensor([[0.1]])], sequences: [tensor([[[0.2]]])], vectors: [], weights: [] });
    expect(await values(states[0])).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
  });
});
