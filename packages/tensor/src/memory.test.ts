import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, assert, beforeEach, describe, expect, test } from 'vitest';
import { add, alias, keep, memory, mul, reference, run, scope, softmax, tensor, use, zeros, type Backend, type Tensor } from './index.ts';

let before = memory();
let backend: Backend;
beforeEach(() => {
  backend = reference();
  use(backend);
  before = memory();
});
afterEach(() => {
  use(undefined);
  assert.deepEqual([memory(), backend.memory().used], [before, 0]);
});

const alive = (): { tensors: number; bytes: number } => ({ tensors: memory().tensors - before.tensors, bytes: memory().bytes - before.bytes });

describe('counting', () => {
  test('a tensor counts until it is disposed, once', () => {
    const x = zeros([2, 3]);
    expect(alive()).toEqual({ tensors: 1, bytes: 24 });
    x.dispose();
    x.dispose();
    expect(alive()).toEqual({ tensors: 0, bytes: 0 });
    expect(x.disposed).toBe(true);
  });

  test('using frees at the end of the block', () => {
    {
      using x = zeros([4]);
      expect(x.disposed).toBe(false);
      expect(alive().bytes).toBe(16);
    }
    expect(alive().bytes).toBe(0);
  });

  test('shared memory counts once and goes with its last user', () => {
    const x = zeros([2, 3]);
    const y = alias(x, [6]);
    expect(alive()).toEqual({ tensors: 2, bytes: 24 });
    x.dispose();
    expect(alive()).toEqual({ tensors: 1, bytes: 24 });
    y.dispose();
  });

  test('retained storage outlives its tensor', () => {
    const x = tensor([1, 2]);
    const storage = x.storage.retain();
    x.dispose();
    expect(alive()).toEqual({ tensors: 0, bytes: 8 });
    expect(storage.buffer.bytes).toBe(8);
    storage.release();
    expect(() => storage.buffer).toThrow('freed');
  });

  test('composite operations leave only their result', () => {
    const x = tensor([[1, 2], [3, 4]]);
    const y = softmax(x);
    expect(alive().tensors).toBe(2);
    x.dispose();
    y.dispose();
  });
});

describe('scope', () => {
  test('frees all but the result', () => {
    const result = scope(() => {
      const x = tensor([1, 2]);
      return add(mul(x, x), 1);
    });
    expect(alive().tensors).toBe(1);
    result.dispose();
  });

  test('finds results in arrays, objects, maps and sets, also nested and cyclic', () => {
    const result = scope(() => {
      const cyclic: Record<string, unknown> = { list: [zeros([1]), { deep: [zeros([1])] }], map: new Map([['a', zeros([1])]]), set: new Set([zeros([1])]), none: null };
      cyclic['self'] = cyclic;
      zeros([1]);
      return cyclic as { list: [Tensor, { deep: Tensor[] }]; map: Map<string, Tensor>; set: Set<Tensor> };
    });
    expect(alive().tensors).toBe(4);
    const { list: [first, { deep }], map, set } = result;
    for (const x of [first, ...deep, ...map.values(), ...set]) x.dispose();
  });

  test('frees everything when the body throws', () => {
    expect(() => scope(() => {
      zeros([3]);
      throw new RangeError('mine');
    })).toThrow('mine');
    expect(alive().tensors).toBe(0);
  });

  test('nested: what the inner one returns belongs to the outer one', () => {
    const outside = scope(() => {
      const inner = scope(() => [zeros([1]), zeros([2])] as const);
      expect(alive().tensors).toBe(2);
      return inner[1];
    });
    expect(alive()).toEqual({ tensors: 1, bytes: 8 });
    outside.dispose();
  });

  test('keep takes a tensor out of every scope', () => {
    let kept: Tensor | undefined;
    scope(() => scope(() => { kept = keep(zeros([1])); }));
    expect(kept?.disposed).toBe(false);
    kept?.dispose();
  });

  test('a tensor from outside is not touched, also when it is returned', () => {
    const x = zeros([1]);
    expect(scope(() => x)).toBe(x);
    expect(x.disposed).toBe(false);
    scope(() => { x.dispose(); });
    expect(alive().tensors).toBe(0);
  });

  test('refuses async functions, and frees what they made', () => {
    expect(() => scope(async () => zeros([1]))).toThrow('scope: the function must not be async');
    expect(alive().tensors).toBe(0);
  });
});

describe('failures leave nothing behind', () => {
  test('a refused operation allocates nothing', () => {
    const [x, y] = [zeros([2, 3]), zeros([2])];
    expect(() => add(x, y)).toThrow('add: shapes (2, 3) and (2) do not broadcast');
    y.dispose();
    expect(alive().tensors).toBe(1);
    x.dispose();
    expect(() => add(x, x)).toThrow('was freed');
    expect(alive().tensors).toBe(0);
  });

  test('when memory ends at a later output, or a kernel fails, the outputs before are freed', () => {
    let left = 2;
    const poor: Backend = { ...backend, allocate: (bytes) => { if (left-- <= 0) throw new Error('no more memory'); return backend.allocate(bytes); } };
    use(poor);
    const step = { states: [], sequences: [], vectors: [], weights: [], next: [], accumulations: [], names: [], outputs: [1, 2, 3].map((width) => ({ name: `y${width}`, width, value: { kind: 'constant', value: 1 } as const })) };
    const kernel = { kind: 'scan', step, dtype: 'float32', steps: 1, batch: 1, reverse: false, masked: false } as const;
    expect(() => run(kernel, [])).toThrow('no more memory');
    expect(alive()).toEqual({ tensors: 0, bytes: 0 });
    use({ ...backend, dispatch: () => { throw new Error('kernel failed'); } });
    expect(() => run(kernel, [])).toThrow('kernel failed');
    expect(alive()).toEqual({ tensors: 0, bytes: 0 });
  });
});

describe('assign', () => {
  test('takes over the values and lets the old memory go', async () => {
    const x = tensor([1, 2]);
    const y = tensor([3, 4]);
    x.assign(y);
    expect(alive()).toEqual({ tensors: 2, bytes: 8 });
    y.dispose();
    expect([...await x.data()]).toEqual([3, 4]);
    x.assign(x);
    expect([...await x.data()]).toEqual([3, 4]);
    x.dispose();
  });

  test('refuses another shape or type', () => {
    using x = tensor([1, 2]);
    using y = tensor([[1, 2]]);
    using z = tensor([1, 2], { dtype: 'int32' });
    expect(() => x.assign(y)).toThrow('assign: the tensor is (2) float32, the new values are (1, 2) float32; both must be the same.');
    expect(() => x.assign(z)).toThrow('(2) int32');
  });
});

describe('the net under forgotten tensors', () => {
  // The collector runs when it wants to: ask for it again and again, and let its callbacks run in between.
  async function collect(done: () => boolean): Promise<void> {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    for (let k = 0; k < 100 && !done(); k++) {
      gc();
      await new Promise((resolve) => { setTimeout(resolve, 1); });
    }
  }

  test('a collected tensor gives its memory back, also after assign, keep and scopes', async () => {
    (() => {
      zeros([100]);
      scope(() => keep(zeros([10])));
      scope(() => zeros([20]));
      const x = zeros([3]);
      const y = tensor([1, 2, 3]);
      x.assign(y);
      alias(x, [3, 1]);
    })();
    expect(alive().tensors).toBe(6);
    await collect(() => alive().tensors === 0);
    expect(alive()).toEqual({ tensors: 0, bytes: 0 });
  });

  test('a tensor that was disposed is not freed a second time', async () => {
    const sentinel = (): void => { zeros([1]); };
    (() => { zeros([100]).dispose(); })();
    sentinel();
    await collect(() => alive().tensors === 0);
    expect(alive()).toEqual({ tensors: 0, bytes: 0 });
  });

  test('numbers that are under way keep their memory', async () => {
    const data = (() => {
      const x = tensor([1, 2, 3]);
      const promise = x.data();
      x.dispose();
      return promise;
    })();
    expect([...await data]).toEqual([1, 2, 3]);
  });
});
