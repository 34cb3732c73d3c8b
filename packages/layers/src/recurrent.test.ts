import { add, Generator, normal, reference, tensor, use, zeros, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { GRU, LSTM, RNN, type Recurrent, type RecurrentState } from './index.ts';

// The layers against their equations, written out once more as plain loops over numbers.

use(reference());

type Matrix = readonly (readonly number[])[];
type Equations = (state: Matrix, x: readonly number[], p: Parameters) => Matrix;
interface Parameters { readonly ih: Matrix; readonly hh: Matrix; readonly bih: readonly number[]; readonly bhh: readonly number[] }

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + value * (b[k] as number), 0);

const row = (list: readonly number[] | undefined, k: number): number => list?.[k] ?? 0;
const times = (matrix: Matrix, vector: readonly number[], bias: readonly number[]): number[] => matrix.map((line, k) => dot(line, vector) + row(bias, k));

function gates(names: number, hidden: number, flat: readonly number[]): number[][] {
  return Array.from({ length: names }, (_, g) => flat.slice(g * hidden, (g + 1) * hidden));
}

const simple = (activation: (a: number) => number): Equations => ([h = []], x, p) => {
  const [fromX, fromH] = [times(p.ih, x, p.bih), times(p.hh, h, p.bhh)];
  return [h.map((_, k) => activation(row(fromX, k) + row(fromH, k)))];
};

const lstm: Equations = ([h = [], c = []], x, p) => {
  const [fromX, fromH] = [gates(4, h.length, times(p.ih, x, p.bih)), gates(4, h.length, times(p.hh, h, p.bhh))];
  const a = (g: number, k: number): number => row(fromX[g], k) + row(fromH[g], k);
  const next = c.map((value, k) => sigmoid(a(1, k)) * value + sigmoid(a(0, k)) * Math.tanh(a(2, k)));
  return [next.map((value, k) => sigmoid(a(3, k)) * Math.tanh(value)), next];
};

const gru = (resetAfter: boolean): Equations => ([h = []], x, p) => {
  const size = h.length;
  const [fromX, fromH] = [gates(3, size, times(p.ih, x, p.bih)), gates(3, size, times(p.hh, h, p.bhh))];
  const r = h.map((_, k) => sigmoid(row(fromX[0], k) + row(fromH[0], k)));
  const z = h.map((_, k) => sigmoid(row(fromX[1], k) + row(fromH[1], k)));
  const reset = times(p.hh.slice(2 * size), h.map((value, k) => value * row(r, k)), p.bhh.slice(2 * size));
  const n = h.map((_, k) => Math.tanh(row(fromX[2], k) + (resetAfter ? row(r, k) * row(fromH[2], k) : row(reset, k))));
  return [h.map((value, k) => (1 - row(z, k)) * row(n, k) + row(z, k) * value)];
};

type Sizes = { dtype: 'float64'; generator: Generator; numLayers?: number; bidirectional?: boolean; bias?: boolean; batchFirst?: boolean };
interface Case { readonly name: string; readonly equations: Equations; readonly states: number; make(options: Sizes): Recurrent }
const [I, H] = [3, 4];
const cases: readonly Case[] = [
  { name: 'RNN tanh', equations: simple(Math.tanh), states: 1, make: (options: Sizes) => new RNN(I, H, options) },
  { name: 'RNN relu', equations: simple((a) => Math.max(a, 0)), states: 1, make: (options: Sizes) => new RNN(I, H, { nonlinearity: 'relu', ...options }) },
  { name: 'LSTM', equations: lstm, states: 2, make: (options: Sizes) => new LSTM(I, H, options) },
  { name: 'GRU', equations: gru(true), states: 1, make: (options: Sizes) => new GRU(I, H, options) },
  { name: 'GRU as published', equations: gru(false), states: 1, make: (options: Sizes) => new GRU(I, H, { resetAfter: false, ...options }) },
];

const nested = async (t: Tensor): Promise<number[][][]> => {
  const [a = 0, b = 0, c = 0] = t.shape;
  const data = [...(await t.data())];
  return Array.from({ length: a }, (_, i) => Array.from({ length: b }, (_, j) => data.slice((i * b + j) * c, (i * b + j + 1) * c)));
};

async function parametersOf(layer: Recurrent, suffix: string): Promise<Parameters> {
  const all = layer.stateDict();
  const matrix = async (name: string): Promise<Matrix> => (await nested(zerosLeading(all[name + suffix] as Tensor)))[0] ?? [];
  const vector = async (name: string): Promise<readonly number[]> => [...((await all[name + suffix]?.data()) ?? [])];
  return { ih: await matrix('weight_ih'), hh: await matrix('weight_hh'), bih: await vector('bias_ih'), bhh: await vector('bias_hh') };
}

const zerosLeading = (t: Tensor): Tensor => add(zeros([1, ...t.shape], { dtype: 'float64' }), t);

/** (T, B, …) through all layers and directions, row by row, step by step. */
async function byLoops({ equations, states }: Case, layer: Recurrent, input: number[][][], initial: readonly number[][][][]): Promise<{ output: number[][][]; finals: number[][][][] }> {
  const directions = layer.bidirectional ? ['', '_reverse'] : [''];
  const finals = Array.from({ length: states }, (): number[][][] => []);
  let below = input;
  for (let l = 0; l < layer.numLayers; l++) {
    const outputs: number[][][][] = [];
    for (const [d, direction] of directions.entries()) {
      const p = await parametersOf(layer, `_l${l}${direction}`);
      const order = below.map((_, t) => (d === 0 ? t : below.length - 1 - t));
      let state = Array.from({ length: states }, (_, k) => (initial[k]?.[l * directions.length + d] ?? []));
      const output: number[][][] = [];
      for (const t of order) {
        const next = (below[t] ?? []).map((x, b) => equations(state.map((rows) => rows[b] ?? []), x, p));
        state = state.map((_, k) => next.map((rows) => [...(rows[k] ?? [])]));
        output[t] = state[0] ?? [];
      }
      outputs.push(output);
      for (const [k, rows] of state.entries()) finals[k]?.push(rows);
    }
    below = below.map((rows, t) => rows.map((_, b) => outputs.flatMap((output) => output[t]?.[b] ?? [])));
  }
  return { output: below, finals };
}

const shapes = [
  { label: 'one layer', options: {} },
  { label: 'no bias', options: { bias: false } },
  { label: 'two layers', options: { numLayers: 2 } },
  { label: 'bidirectional', options: { bidirectional: true } },
  { label: 'three layers, bidirectional', options: { numLayers: 3, bidirectional: true } },
];

const [T, B] = [5, 2];

test.each(cases.flatMap((each) => shapes.map(({ label, options }) => ({ ...each, label, options }))))('$name, $label: equals its equations', async (each) => {
  const generator = new Generator(7);
  const layer = each.make({ dtype: 'float64', generator, ...each.options });
  const input = normal([T, B, I], { dtype: 'float64', generator });
  const initial = layer.stateShapes(B).map((shape) => normal(shape, { dtype: 'float64', generator }));
  const [output, state] = layer.forward(input, initial.length === 1 ? initial[0] : initial);
  const expected = await byLoops(each, layer, await nested(input), await Promise.all(initial.map(nested)));
  expectClose(await nested(output), expected.output);
  const finals = Array.isArray(state) ? (state as readonly Tensor[]) : [state as Tensor];
  expect(finals.map(({ shape }) => shape)).toEqual(layer.stateShapes(B));
  for (const [k, final] of finals.entries()) expectClose(await nested(final), expected.finals[k] ?? []);
});

test.each(cases)('$name: a sequence in pieces, and step by step, gives what it gives whole', async (each) => {
  const generator = new Generator(3);
  const layer = each.make({ dtype: 'float64', generator, numLayers: 2 });
  const input = normal([T, B, I], { dtype: 'float64', generator });
  const rows = await nested(input);
  const [whole, last] = layer.forward(input);
  const [, middle] = layer.forward(tensor(rows.slice(0, 2), { dtype: 'float64' }));
  const [end, final] = layer.forward(tensor(rows.slice(2), { dtype: 'float64' }), middle);
  expectClose(await nested(end), (await nested(whole)).slice(2));
  expectClose(await first(final), await first(last));
  let state: RecurrentState | undefined;
  const outputs: number[][][] = [];
  for (const step of rows) {
    const [output, next] = layer.step(tensor(step, { dtype: 'float64' }), state);
    outputs.push((await nested(zerosLeading(output)))[0] ?? []);
    state = next;
  }
  expectClose(outputs, await nested(whole));
});

const first = async (state: Tensor | readonly Tensor[]): Promise<number[][][]> => nested(Array.isArray(state) ? (state as readonly Tensor[])[0] as Tensor : state as Tensor);

test.each(cases)('$name: batchFirst swaps input and output, not the states', async (each) => {
  const plain = each.make({ dtype: 'float64', generator: new Generator(3), numLayers: 2, bidirectional: true });
  const swapped = each.make({ dtype: 'float64', generator: new Generator(3), numLayers: 2, bidirectional: true, batchFirst: true });
  const rows = await nested(normal([T, B, I], { dtype: 'float64' }));
  const turned = Array.from({ length: B }, (_, b) => rows.map((step) => step[b] ?? []));
  const [output, state] = plain.forward(tensor(rows, { dtype: 'float64' }));
  const [turnedOutput, turnedState] = swapped.forward(tensor(turned, { dtype: 'float64' }));
  expect(turnedOutput.shape).toEqual([B, T, 2 * H]);
  const expected = await nested(output);
  expectClose(await nested(turnedOutput), Array.from({ length: B }, (_, b) => expected.map((step) => step[b] ?? [])));
  expectClose(await first(turnedState), await first(state));
  const [oneStep] = each.make({ dtype: 'float64', generator: new Generator(3), batchFirst: true }).step(tensor(rows[0] ?? [], { dtype: 'float64' }));
  expect(oneStep.shape).toEqual([B, H]);
});

function expectClose(got: readonly (readonly (readonly number[])[])[], expected: readonly (readonly (readonly number[])[])[]): void {
  expect(got.map((rows) => rows.map((r) => r.length))).toEqual(expected.map((rows) => rows.map((r) => r.length)));
  const flat = expected.flat(2);
  expect(flat.length).toBeGreaterThan(0);
  got.flat(2).forEach((value, k) => expect(Math.abs(value - (flat[k] as number))).toBeLessThan(1e-12));
}
