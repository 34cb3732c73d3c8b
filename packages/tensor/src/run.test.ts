import { input } from '@unroll/expr';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { add, alias, currentBackend, keep, kernelKey, recording, reference, reshape, run, softmax, tensor, to, use, zeros, type Kernel, type MapKernel, type Recorder, type Tensor } from './index.ts';

beforeEach(() => { use(reference()); });
afterEach(() => { use(undefined); });

const negate = (shape: readonly number[]): MapKernel => ({ kind: 'map', bodies: [input('x0')], shape, inputs: [{ shape, dtype: 'float32' }], compute: 'float32', dtype: 'float32' });

class Log implements Recorder {
  readonly kinds: string[] = [];
  readonly aliases: (readonly [Tensor, Tensor])[] = [];
  extend(kernel: Kernel): Kernel { return kernel; }
  record(kernel: Kernel): void { this.kinds.push(kernel.kind); }
  alias(from: Tensor, to: Tensor): void { this.aliases.push([from, to]); }
}

describe('run', () => {
  test('checks number, size and type of the inputs', () => {
    const x = tensor([1, 2, 3]);
    expect(() => run(negate([3]), [])).toThrow('map: takes 1 inputs, got 0.');
    expect(() => run(negate([4]), [x])).toThrow('map: input 0 must be (4) float32, got (3) float32.');
    expect(() => run(negate([3]), [tensor([1, 2, 3], { dtype: 'int32' })])).toThrow('got (3) int32');
    expect(() => run(negate([3]), [x], [[4]])).toThrow('map: gives (3), which has not the size of (4).');
  });

  test('gives outputs the shapes that are asked for', async () => {
    const [y] = run(negate([6]), [tensor([[1, 2, 3], [4, 5, 6]])], [[3, 2]]);
    expect(y?.shape).toEqual([3, 2]);
    expect([...await (y as Tensor).data()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('refuses tensors of two backends, naming them', async () => {
    const [x, other] = [tensor([1]), { ...reference(), name: 'another' }];
    const y = await to(x, other);
    expect(y.backend).toBe(other);
    expect(() => add(x, y)).toThrow('got reference and another; move one with to()');
  });

  test('runs where the inputs live, not on the backend in use', () => {
    const x = tensor([1]);
    use(undefined);
    expect(add(x, 1).backend).toBe(x.backend);
    expect(() => zeros([1])).toThrow('no backend is in use; call use(await wasm()) or use(reference()) first.');
    expect(() => currentBackend()).toThrow('no backend');
  });

  test('refuses a type that the backend does not have', () => {
    use({ ...reference(), name: 'small', supports: (dtype) => dtype !== 'float64' });
    expect(() => tensor([1], { dtype: 'float64' })).toThrow('the small backend has no float64');
  });

  test('dispatches nothing for empty tensors', async () => {
    use({ ...reference(), dispatch: () => { throw new Error('must not be called'); } });
    const y = add(zeros([0, 3]), zeros([3]));
    expect(y.shape).toEqual([0, 3]);
    expect(await y.data()).toHaveLength(0);
  });
});

describe('recording', () => {
  test('the innermost recorder hears kernels and aliases', () => {
    const [outer, inner] = [new Log(), new Log()];
    const x = tensor([1, 2]);
    recording(outer, () => {
      add(x, x);
      recording(inner, () => alias(add(x, 1), [2, 1]));
      recording(undefined, () => reshape(add(x, x), [1, 2]));
    });
    add(x, x);
    expect(outer.kinds).toEqual(['map']);
    expect(inner.kinds).toEqual(['map']);
    expect(inner.aliases.map(([from, to]) => [from.shape, to.shape])).toEqual([[[2], [2, 1]]]);
    expect(outer.aliases).toEqual([]);
  });

  test('stops listening when the body throws', () => {
    const log = new Log();
    expect(() => recording(log, () => { throw new Error('mine'); })).toThrow('mine');
    add(tensor([1]), 1);
    expect(log.kinds).toEqual([]);
  });

  test('the largest value inside softmax is not recorded: the result does not depend on it', () => {
    const log = new Log();
    recording(log, () => softmax(tensor([1, 2])));
    expect(log.kinds).toEqual(['map', 'reduce', 'map']);
  });

  test('a recorder may ask for more outputs', async () => {
    const extra: Tensor[] = [];
    const recorder: Recorder = {
      extend: (kernel) => (kernel.kind === 'map' ? { ...kernel, bodies: [...kernel.bodies, input('x0')] } : kernel),
      record: (_kernel, _inputs, outputs) => extra.push(...outputs.slice(1).map((output) => keep(output))),
      alias: () => undefined,
    };
    const y = recording(recorder, () => add(tensor([1, 2]), 1));
    expect([...await y.data()]).toEqual([2, 3]);
    expect([...await (extra[0] as Tensor).data()]).toEqual([1, 2]);
  });
});

describe('kernelKey', () => {
  test('is equal for kernels that do the same, and for no others', () => {
    expect(kernelKey(negate([3]))).toBe(kernelKey(negate([3])));
    expect(kernelKey(negate([3]))).not.toBe(kernelKey(negate([4])));
    expect(kernelKey({ ...negate([3]), bodies: [input('x1')] })).not.toBe(kernelKey(negate([3])));
    const kernel = negate([5]);
    expect(kernelKey(kernel)).toBe(kernelKey(kernel));
  });
});
