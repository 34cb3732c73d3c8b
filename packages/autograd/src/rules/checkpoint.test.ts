import { add, dot, input, mul, sigmoid, tanh, type Step } from '@unroll/expr';
import { add as plus, mean, memory, peakBytes, reference, resetPeakBytes, scan, square, tensor, TensorError, use, type Tensor } from '@unroll/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../index.ts';

let before: ReturnType<typeof use>;
beforeAll(() => { before = use(reference()); });
afterAll(() => { use(before); });

const [H, I, B] = [5, 3, 2];
const [x, h, c] = [input('x'), input('h'), input('c')];
const gate = (block: number): ReturnType<typeof add> => add(dot('W', block, x), dot('R', block, h));
const cellState = add(mul(sigmoid(gate(0)), c), mul(sigmoid(gate(1)), tanh(gate(2))));
const output = mul(sigmoid(gate(3)), tanh(cellState));
const step: Step = {
  states: [{ name: 'h', width: H }, { name: 'c', width: H }], sequences: [{ name: 'x', width: I }], vectors: [],
  weights: [{ name: 'W', blocks: 4, rows: H, columns: I, bias: true }, { name: 'R', blocks: 4, rows: H, columns: H, bias: true }],
  next: [output, cellState], outputs: [{ name: 'h', width: H, value: output }], accumulations: [], names: [],
};

function numbers(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float64Array.from({ length: size }, (_, k) => 0.9 * Math.sin(12.9898 * (k + 1) + 78.233 * seed)), { shape });
}

interface Options { readonly every?: number; readonly reverse?: boolean; readonly masked?: boolean }

/** Loss and gradients by everything, and the most bytes that were taken. */
async function run(T: number, { every, reverse = false, masked = false }: Options): Promise<{ readonly loss: number; readonly gradients: number[][]; readonly peak: number }> {
  const shapes = [[T, B, I], [B, H], [B, H], [4 * H, I], [4 * H], [4 * H, H], [4 * H]] as const;
  const args = shapes.map((shape, k) => numbers(shape, k));
  const mask = tensor(Float64Array.from({ length: T * B }, (_, k) => (k % 3 === 1 ? 0 : 1)), { shape: [T, B] });
  const loss = valueAndGrad((...[sequence, h0, c0, ...weights]: readonly Tensor[]) => {
    const { states, outputs } = scan(step, {
      states: [h0, c0] as Tensor[], sequences: [sequence as Tensor], vectors: [], weights, reverse, ...(masked ? { mask } : {}), ...(every === undefined ? {} : { checkpointEvery: every }),
    });
    return [...outputs, ...states].map((tensor) => mean(square(tensor))).reduce((sum, term) => plus(sum, term));
  });
  resetPeakBytes();
  const start = peakBytes();
  const { value, gradients } = loss(...args);
  const peak = peakBytes() - start;
  const result = { loss: await value.item(), gradients: await Promise.all(gradients.map(async (gradient) => [...await gradient.data()])), peak };
  for (const used of [...args, mask, value, ...gradients]) used.dispose();
  return result;
}

const far = (a: readonly number[][], b: readonly number[][]): number => Math.max(...a.flatMap((list, k) => list.map((value, j) => Math.abs(value - (b[k]?.[j] ?? Number.NaN)))));

describe.each([{}, { reverse: true }, { masked: true }, { reverse: true, masked: true }])('%o', (options) => {
  test.each([1, 3, 4, 12, 100])('in pieces of %i steps gives the same loss to the bit, and the same gradients', async (every) => {
    const [whole, pieces] = [await run(13, options), await run(13, { ...options, every })];
    expect(pieces.loss).toBe(whole.loss);
    expect(far(pieces.gradients, whole.gradients)).toBeLessThan(1e-12);
    expect(whole.gradients.flat().filter((value) => value !== 0).length).toBeGreaterThan(100);
  });
});

test('memory grows with time only by outputs and their gradients, and beside them as √T', async () => {
  // At most at a time: outputs, which the loss squares, and the gradients by squares and by outputs. Inputs were there before.
  const own = (T: number): number => 3 * T * B * H * 8;
  const rest = async (T: number, every?: number): Promise<number> => (await run(T, every === undefined ? {} : { every })).peak - own(T);
  expect(await rest(1600, 40)).toBeLessThan(2.5 * await rest(400, 20));
  // Kept whole it is i f g o, tanh c and the states before each step, 1,600 times.
  expect(await rest(1600)).toBeGreaterThan(3.5 * await rest(400));
  expect(await rest(1600, 40)).toBeLessThan(0.01 * await rest(1600));
});

test.each([{ masked: true }, { reverse: true }])('holds nothing afterwards: %o', async (options) => {
  const before = memory();
  await run(13, { ...options, every: 4 });
  expect(memory()).toEqual(before);
});

test('refuses numbers that are none, and steps that draw', () => {
  const sequences = [numbers([2, B, I], 1)];
  const rest = { states: [numbers([B, H], 2), numbers([B, H], 3)], vectors: [], weights: [numbers([4 * H, I], 1), numbers([4 * H], 1), numbers([4 * H, H], 1), numbers([4 * H], 1)] };
  expect(() => scan(step, { ...rest, sequences, checkpointEvery: 0 })).toThrow(TensorError);
  expect(() => scan(step, { ...rest, sequences, checkpointEvery: 1.5 })).toThrow(/checkpointEvery must be a whole number from 1, got 1.5/u);
});
