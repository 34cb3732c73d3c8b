import { readFileSync } from 'node:fs';
import { valueAndGrad } from '@unroll/autograd';
import { reference, sum, tensor, use, zeros, type NestedNumbers, type Tensor } from '@unroll/tensor';
import { expect, test } from 'vitest';
import { binaryCrossEntropy, crossEntropy, mse, TrainError, type Reduction } from './index.ts';

use(reference());

interface Fixtures {
  readonly crossEntropy: {
    readonly logits: NestedNumbers;
    readonly targets: NestedNumbers;
    readonly results: Readonly<Record<Reduction, { readonly loss: NestedNumbers; readonly gradient: NestedNumbers }>>;
  };
}
const { crossEntropy: fixture } = JSON.parse(readFileSync(new URL('../../testing/fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixtures;

const flat = (data: NestedNumbers): number[] => (typeof data === 'number' ? [data] : data.flatMap(flat));
const numbers = async (t: Tensor): Promise<number[]> => [...(await t.data())];

function expectClose(got: readonly number[], expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  expected.forEach((value, k) => expect(Math.abs((got[k] as number) - value)).toBeLessThan(1e-12));
}

test.each(['mean', 'sum', 'none'] as const)('cross-entropy, %s, with ignored targets, is that of PyTorch with its gradient', async (reduction) => {
  const [logits, targets] = [tensor(fixture.logits, { dtype: 'float64' }), tensor(fixture.targets, { dtype: 'int32' })];
  const loss = valueAndGrad((z: Tensor) => {
    const losses = crossEntropy(z, targets, { reduction });
    return [sum(losses), losses] as const;
  })(logits);
  expectClose(await numbers(loss.aux), flat(fixture.results[reduction].loss));
  expectClose(await numbers(loss.gradients[0]), flat(fixture.results[reduction].gradient));
  expect(crossEntropy(logits, targets, { reduction: 'none' }).shape).toEqual(targets.shape);
});

test('cross-entropy neither overflows nor hides a wrong target', async () => {
  const logits = tensor([[1000, 0, -1000]]);
  expect(await crossEntropy(logits, tensor([0], { dtype: 'int32' })).item()).toBe(0);
  expect(await crossEntropy(logits, tensor([2], { dtype: 'int32' })).item()).toBe(2000);
  expect(await crossEntropy(logits, tensor([3], { dtype: 'int32' })).item()).toBeNaN();
  expect(await crossEntropy(logits, tensor([-1], { dtype: 'int32' })).item()).toBeNaN();
  expect(await crossEntropy(logits, tensor([-1], { dtype: 'int32' }), { ignoreIndex: -1, reduction: 'sum' }).item()).toBe(0);
  expect(await crossEntropy(tensor([0, 0]), tensor(1, { dtype: 'int32' })).item()).toBeCloseTo(Math.LN2, 6);
});

test('squared error', async () => {
  const [a, b] = [tensor([[1, 2], [3, 4]]), tensor([[1, 0], [0, 0]])];
  expect(await mse(a, b).item()).toBe((4 + 9 + 16) / 4);
  expect(await mse(a, b, { reduction: 'sum' }).item()).toBe(29);
  expect(await numbers(mse(a, b, { reduction: 'none' }))).toEqual([0, 4, 9, 16]);
});

test.each([
  ['targets of another shape', () => crossEntropy(zeros([2, 3, 5]), zeros([6], { dtype: 'int32' })), 'crossEntropy: logits (…, V) need targets (…), got logits (2, 3, 5) and targets (6); the classes are on the last axis.'],
  ['float targets', () => crossEntropy(zeros([2, 5]), zeros([2])), "crossEntropy: targets must be int32 class numbers, got float32; convert them with cast(targets, 'int32')."],
  ['a target that would broadcast', () => mse(zeros([2, 1]), zeros([2])), 'mse: prediction (2, 1) and target (2) must have the same shape; reshape one of them.'],
])('%s is refused', (_, action, message) => {
  expect(action).toThrow(message);
  expect(action).toThrow(TrainError);
});

test('binary cross-entropy is -y log p - (1 - y) log (1 - p), its gradient p - y, also where p is 0 or 1 in any float', async () => {
  const [z, y] = [[-2, 0.5, 3, -800, 800], [0, 1, 0.25, 0, 1]];
  const p = z.map((score) => 1 / (1 + Math.exp(-score)));
  const expected = p.map((probability, k) => {
    const target = y[k] as number;
    const [yes, no] = [Math.log(probability), Math.log(1 - probability)];
    return -(target === 0 ? 0 : target * yes) - (target === 1 ? 0 : (1 - target) * no);
  });
  const [logits, targets] = [tensor(z, { dtype: 'float64' }), tensor(y, { dtype: 'float64' })];
  expectClose(await numbers(binaryCrossEntropy(logits, targets, { reduction: 'none' })), expected);
  const { value, gradients: [gradient] } = valueAndGrad((scores: Tensor) => binaryCrossEntropy(scores, targets))(logits);
  expect(await value.item()).toBeCloseTo(expected.reduce((a, b) => a + b) / 5, 12);
  expectClose(await numbers(gradient), p.map((probability, k) => (probability - (y[k] as number)) / 5));
  expect(await binaryCrossEntropy(logits, targets, { reduction: 'sum' }).item()).toBeCloseTo(expected.reduce((a, b) => a + b), 12);
  expect(() => binaryCrossEntropy(logits, zeros([2]))).toThrow('binaryCrossEntropy: logits (5) and targets (2) must have the same shape; reshape one of them.');
});
