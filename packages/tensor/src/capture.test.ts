import { expect, test } from 'vitest';
import { add, capture, concat, Generator, memory, mul, normal, recording, reference, scope, sum, tensor, TensorError, use, zeros, type Tensor } from './index.ts';

use(reference());

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof TensorError ? error.code : String(error);
  }
};

test('runs again with other numbers, makes no tensors, and follows parameters', () => {
  scope(() => {
    const weight = tensor([1, 2, 3]);
    const captured = capture(([x]) => ({ outputs: [mul(add(x, 1), weight), sum(x)] }), { inputs: [{ shape: [3] }] });
    const before = memory();
    const [scaled, total] = captured.run([1, 2, 3]);
    expect([[...scaled as Float32Array], [...total as Float32Array]]).toEqual([[2, 6, 12], [6]]);
    expect(captured.run([0, 0, 1])[0]).toBe(scaled);
    expect(scaled).toEqual(Float32Array.of(1, 2, 6));
    expect(memory()).toEqual(before);
    weight.assign(tensor([10, 10, 10]));
    expect([...captured.run([0, 1, 2])[0] as Float32Array]).toEqual([10, 20, 30]);
    captured.dispose();
  });
});

test('carries its state from run to run, even where parts of it change places', () => {
  const captured = scope(() => capture(([x], [a, b]) => ({ outputs: [a], state: [b, add(a, x)] }), { inputs: [{ shape: [1] }], state: [tensor([1]), tensor([2])] }));
  expect([[10], [20], [30], [40]].map(([x]) => captured.run([x as number])[0]?.[0])).toEqual([1, 2, 11, 22]);
  expect(captured.state().map(([value]) => value)).toEqual([41, 62]);
  captured.reset();
  expect(captured.run([0])[0]?.[0]).toBe(1);
  captured.reset([[5], [6]]);
  expect(captured.run([0])[0]?.[0]).toBe(5);
  captured.dispose();
});

test('gives its memory back', () => {
  const before = memory();
  const weight = tensor([1, 2]);
  const captured = capture(([x], [s]) => ({ outputs: [concat([mul(x, weight), zeros([3])])], state: [add(s, x)] }), { inputs: [{ shape: [2] }], state: [scope(() => zeros([2]))] });
  expect([...captured.run([3, 4])[0] as Float32Array]).toEqual([3, 8, 0, 0, 0]);
  weight.dispose();
  expect([...captured.run([1, 1])[0] as Float32Array]).toEqual([1, 2, 0, 0, 0]);
  captured.dispose();
  captured.dispose();
  // The state that it started from is the caller's.
  expect(memory().tensors - before.tensors).toBe(1);
  expect(codeOf(() => captured.run([1, 1]))).toBe('disposed');
});

test('refuses what it could not do again, and holds nothing then', () => {
  scope(() => {
    const before = memory();
    const random = new Generator(1);
    const one = { inputs: [{ shape: [1] }] } as const;
    const silent = { extend: (kernel: never) => kernel, record: () => undefined, alias: () => undefined };
    expect([
      codeOf(() => capture(() => ({ outputs: [normal([1], { generator: random })] }), one)),
      codeOf(() => capture(() => ({ outputs: [scope(() => zeros([1]))] }), one)),
      codeOf(() => capture(([x]) => ({ outputs: [recording(silent, () => add(x, 1))] }), one)),
      codeOf(() => capture(([x]) => ({ outputs: [], state: [x] }), one)),
      codeOf(() => capture((async ([x]: readonly Tensor[]) => ({ outputs: [x] })) as never, one)),
    ]).toEqual(['argument', 'argument', 'argument', 'shape', 'argument']);
    expect(memory()).toEqual(before);
    const captured = capture(([x]) => ({ outputs: [add(x, 1)] }), one);
    expect([codeOf(() => captured.run()), codeOf(() => captured.run([1, 2]))]).toEqual(['argument', 'shape']);
    captured.dispose();
  });
  const { direct: _, ...far } = reference();
  const before = use(far);
  expect(codeOf(() => capture(([x]) => ({ outputs: [x] }), { inputs: [{ shape: [1] }] }))).toBe('backend');
  use(before);
});
