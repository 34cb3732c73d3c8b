import { add, argmax, embedding, exp, linear, matmul, memory, mul, reference, reshape, scope, square, sub, sum, tanh, Tensor, tensor, use } from '@unroll/tensor';
import type { Backend } from '@unroll/tensor/backend';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { AutogradError, grad, stopGradient, valueAndGrad, vjp } from './index.ts';
import type { Differentiated, NamedGradients } from './index.ts';

let before: ReturnType<typeof use>;
let live: ReturnType<typeof memory>;
beforeAll(() => { before = use(reference()); });
afterAll(() => { use(before); });
beforeEach(() => { live = memory(); });
afterEach(() => { if (memory().tensors < live.tensors) throw new Error('a test freed what it did not make'); });

const scalar = (value: number): Tensor => tensor(value, { dtype: 'float64' });
const vector = (...values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const read = async (one: Tensor | undefined): Promise<number[]> => [...((await one?.data()) ?? [])];

describe('valueAndGrad over a function', () => {
  test('value, gradients by all arguments, no aux', async () => {
    const { value, gradients, aux } = valueAndGrad((a: Tensor, b: Tensor) => sum(mul(a, square(b))))(vector(1, 2), vector(3, -4));
    expect(await value.item()).toBe(41);
    expect(await read(gradients[0])).toEqual([9, 16]);
    expect(await read(gradients[1])).toEqual([6, -16]);
    expect(aux).toBeUndefined();
  });

  test('aux comes through as it is, with tensors in it alive', async () => {
    const { aux } = valueAndGrad((a: Tensor) => {
      const hidden = tanh(a);
      return [sum(hidden), { hidden, list: [hidden, add(hidden, 1)], note: 'kept' }] as const;
    })(vector(0, 1));
    expect(await read(aux.hidden)).toEqual([0, Math.tanh(1)]);
    expect(await read(aux.list[1])).toEqual([1, 1 + Math.tanh(1)]);
    expect(aux.note).toBe('kept');
  });

  test('nested arguments have gradients in the same structure; what is no float tensor has none', async () => {
    const parameters = { layers: [{ w: vector(1, 2) }, { w: vector(3, 4) }], scale: scalar(2), name: 'net' };
    const ids = tensor([1, 0], { dtype: 'int32' });
    const { gradients } = valueAndGrad((p: typeof parameters, index: Tensor, factor: number) =>
      mul(sum(mul(embedding(reshape(p.layers[0]?.w as Tensor, [2, 1]), index), p.scale)), factor))(parameters, ids, 3);
    const [tree, none, nothing] = gradients;
    expect(await read(tree.layers[0]?.w)).toEqual([6, 6]);
    expect(await read(tree.scale)).toEqual([9]);
    expect(tree.name).toBeUndefined();
    expect(none).toBeUndefined();
    expect(nothing).toBeUndefined();
  });

  test('what does not influence the loss has a gradient of zeros in its shape and type', async () => {
    const [used, unused] = grad((a: Tensor, _b: Tensor) => sum(a))(vector(1), tensor([[1, 2], [3, 4]]));
    expect(await read(used)).toEqual([1]);
    expect([unused.shape, unused.dtype, await read(unused)]).toEqual([[2, 2], 'float32', [0, 0, 0, 0]]);
  });

  test('a tensor given twice is two arguments, one from outside is a constant', async () => {
    const x = vector(2, 3);
    const [a, b] = grad((p: Tensor, q: Tensor) => sum(mul(p, square(q))))(x, x);
    expect([await read(a), await read(b)]).toEqual([[4, 9], [8, 18]]);
    const [c] = grad((p: Tensor) => sum(mul(p, square(x))))(x);
    expect(await read(c)).toEqual([4, 9]);
  });

  test('the argument itself, or a view of it, may be the loss', async () => {
    const x = scalar(5);
    const { value, gradients: [dx] } = valueAndGrad((a: Tensor) => a)(x);
    value.dispose();
    expect([await x.item(), await dx.item()]).toEqual([5, 1]);
    expect(await read(grad((a: Tensor) => reshape(a, []))(vector(3))[0])).toEqual([1]);
  });

  test('a loss of one element in any shape is a scalar', async () => {
    expect(await read(grad((a: Tensor) => sum(square(a), { keepdims: true }))(vector(1, 2))[0])).toEqual([2, 4]);
  });

  test('gradients do not share their fate: freeing or changing one leaves the others', async () => {
    const [a, b] = grad((x: Tensor, y: Tensor) => sum(add(x, y)))(vector(1, 2), vector(3, 4));
    a.assign(vector(7, 7));
    a.dispose();
    expect(await read(b)).toEqual([1, 1]);
  });

  test('a value used along several paths', async () => {
    const x = vector(0.5);
    const [g] = grad((a: Tensor) => { const y = exp(a); return sum(add(mul(y, y), add(y, mul(a, y)))); })(x);
    const e = Math.exp(0.5);
    expect((await read(g))[0]).toBeCloseTo(2 * e * e + e + e + 0.5 * e, 12);
  });

  test('values freed by scopes inside, and by hand, are there for the way back', async () => {
    const [g] = grad((a: Tensor) => {
      const y = scope(() => tanh(mul(a, a)));
      const z = mul(y, y);
      y.dispose();
      return sum(z);
    })(vector(0.3));
    const t = Math.tanh(0.09);
    expect((await read(g))[0]).toBeCloseTo(2 * t * (1 - t * t) * 0.6, 12);
  });

  test('a parameter that is assigned after its use counts with the value it had', async () => {
    const w = vector(3);
    const { gradients } = valueAndGrad({ parameters: () => ({ w }) }, () => { const y = sum(square(w)); w.assign(vector(100)); return y; })();
    expect(await read(gradients['w'])).toEqual([6]);
  });

  test('whichever backend is in use', async () => {
    const x = vector(1, 2);
    const other = use(undefined);
    const { gradients: [a, b] } = valueAndGrad((p: Tensor, _q: Tensor) => sum(square(p)))(x, x);
    expect(use(other)).toBeUndefined();
    expect([await read(a), await read(b)]).toEqual([[2, 4], [0, 0]]);
  });
});

describe('valueAndGrad over a module', () => {
  class Layer {
    readonly weight: Tensor = tensor([[1, 2], [3, 4]], { dtype: 'float64' });
    readonly bias: Tensor = vector(0.5, -0.5);
    readonly unused: Tensor = vector(9);
    readonly steps: Tensor = tensor([3], { dtype: 'int32' });
    parameters(): Record<string, Tensor> { return { weight: this.weight, bias: this.bias, unused: this.unused, steps: this.steps }; }
    forward(x: Tensor): Tensor { return linear(x, this.weight, this.bias); }
  }

  test('gradients by the names of parameters; arguments are constants', async () => {
    const layer = new Layer();
    const x = tensor([[1, -1]], { dtype: 'float64' });
    const { value, gradients, aux } = valueAndGrad(layer, (input: Tensor, target: Tensor) => { const y = layer.forward(input); return [sum(square(sub(y, target))), y] as const; })(x, tensor([[0, 0]], { dtype: 'float64' }));
    expect(await value.item()).toBe(0.25 + 2.25);
    expect(await read(aux)).toEqual([-0.5, -1.5]);
    expect(Object.keys(gradients)).toEqual(['weight', 'bias', 'unused']);
    expect(await read(gradients['weight'])).toEqual([-1, 1, -3, 3]);
    expect(await read(gradients['bias'])).toEqual([-1, -3]);
    expect(await read(gradients['unused'])).toEqual([0]);
  });

  test('named parameters may come as an iterable, and are read at each call', async () => {
    const w = [vector(1)];
    const module = { *parameters() { for (const [k, one] of w.entries()) yield [`w${k}`, one] as const; } };
    const both = grad(module, () => sum(w.reduce((total, one) => mul(total, one))));
    expect(Object.keys(both())).toEqual(['w0']);
    w.push(vector(4));
    const gradients = both();
    expect([await read(gradients['w0']), await read(gradients['w1'])]).toEqual([[4], [1]]);
  });

  test('the parameter itself as loss leaves the parameter to the module', async () => {
    const w = scalar(2);
    const { value } = valueAndGrad({ parameters: () => ({ w }) }, () => w)();
    value.dispose();
    expect(await w.item()).toBe(2);
  });

  test('two gradients of one tensor under two names', async () => {
    const w = vector(3);
    const gradients = grad({ parameters: () => ({ a: w, b: w }) }, () => sum(square(w)))();
    gradients['a']?.dispose();
    expect(await read(gradients['b'])).toEqual([6]);
  });
});

describe('gradients of gradients', () => {
  test('of a cube', async () => {
    const first = (x: Tensor): Tensor => grad((y: Tensor) => sum(mul(y, mul(y, y))))(x)[0];
    const second = (x: Tensor): Tensor => grad((y: Tensor) => sum(first(y)))(x)[0];
    const third = (x: Tensor): Tensor => grad((y: Tensor) => sum(second(y)))(x)[0];
    const x = vector(2, -1);
    expect([await read(first(x)), await read(second(x)), await read(third(x))]).toEqual([[12, 3], [12, -6], [6, 6]]);
  });

  test('mixed: d/dw of the gradient by x', async () => {
    // f = Σ tanh(w x); ∂f/∂x = w (1 − t²); ∂/∂w of its sum = (1 − t²) − 2 w x t (1 − t²)
    const [x, w] = [vector(0.4), vector(0.7)];
    const [found] = grad((p: Tensor) => sum(grad((q: Tensor) => sum(tanh(mul(p, q))))(x)[0]))(w);
    const t = Math.tanh(0.28);
    expect((await read(found))[0]).toBeCloseTo((1 - t * t) * (1 - 2 * 0.28 * t), 12);
  });

  test('the inner loss may hold tensors that only the outer one is differentiated by', async () => {
    const [found] = grad((a: Tensor) => sum(mul(a, valueAndGrad((b: Tensor) => sum(mul(b, a)))(vector(1, 1)).value)))(vector(2, 3));
    // Σ a · Σ a: 2 Σ a
    expect(await read(found)).toEqual([10, 10]);
  });

  test('Hessian times vector of a product of matrices', async () => {
    const a = tensor([[1, 2], [3, 5]], { dtype: 'float64' });
    const x = vector(1, -1);
    const energy = (p: Tensor): Tensor => sum(mul(p, matmul(a, p)));
    const [found] = grad((p: Tensor) => sum(mul(grad(energy)(p)[0], vector(1, 0))))(x);
    expect(await read(found)).toEqual([2, 5]);
  });

  test('through the pull of a vjp', async () => {
    const [found] = grad((p: Tensor) => {
      const { value, pull } = vjp((q: Tensor) => mul(q, mul(q, p)), p);
      return sum(pull(value)[0]);
    })(vector(2));
    // value p³, pulled: p³ · 2p·p = 2 p⁵; derivative 10 p⁴
    expect(await read(found)).toEqual([160]);
  });
});

describe('stopGradient', () => {
  test('the same numbers, as a constant', async () => {
    const [g] = grad((x: Tensor) => sum(mul(x, stopGradient(x))))(vector(3, 4));
    expect(await read(g)).toEqual([3, 4]);
  });
  test('inside structures', async () => {
    const [g] = grad((x: Tensor) => { const { list: [y], n } = stopGradient({ list: [x], n: 2 }); return sum(mul(mul(x, y), n)); })(vector(3));
    expect(await read(g)).toEqual([6]);
  });
  test('also for an outer gradient', async () => {
    const [g] = grad((x: Tensor) => sum(mul(x, grad((y: Tensor) => sum(square(stopGradient(mul(x, 2))), {}).size === 1 ? sum(mul(y, stopGradient(x))) : sum(y))(x)[0])))(vector(5));
    expect(await read(g)).toEqual([5]);
  });
});

describe('errors', () => {
  const caught = (body: () => unknown): AutogradError => {
    try { body(); } catch (error) { if (error instanceof AutogradError) return error; throw error; }
    throw new Error('nothing was thrown');
  };

  test('a loss that is no scalar, with its shape', () => {
    const error = caught(() => valueAndGrad((x: Tensor) => tanh(x))(vector(1, 2, 3)));
    expect([error.code, error.message]).toEqual(['scalar', 'valueAndGrad: the loss must be a scalar, got (3); reduce it with sum() or mean(), or use vjp().']);
  });
  test('an integer loss', () => { expect(caught(() => grad((x: Tensor) => argmax(x))(vector(1, 2))).code).toBe('dtype'); });
  test('a loss that depends on nothing', () => {
    const x = vector(1);
    expect(caught(() => grad((y: Tensor) => sum(y === x ? y : x))(x)).code).toBe('independent');
    expect(caught(() => grad((y: Tensor) => sum(stopGradient(y)))(x)).message).toMatch(/^grad: the loss depends on none/);
    expect(caught(() => grad({ parameters: () => ({}) }, () => sum(x))()).code).toBe('independent');
  });
  test.each([[undefined, 'undefined'], [3, 'number'], [null, 'null'], [[1], 'an array that starts with number'], [[], 'an array that starts with undefined'], ['x', 'string']])('a function that returns %j', (result, words) => {
    const error = caught(() => valueAndGrad((() => result) as unknown as (x: Tensor) => Tensor)(vector(1)));
    expect([error.code, error.message]).toEqual(['argument', `valueAndGrad: the function must return a scalar tensor or [scalar tensor, anything], got ${words}.`]);
  });
  test('an async function, whose own failure is not lost in the air', () => {
    const error = caught(() => valueAndGrad((async () => { throw new Error('later'); }) as unknown as (x: Tensor) => Tensor)(vector(1)));
    expect([error.code, error.message]).toEqual(['argument', expect.stringContaining('must not be async')]);
  });
  test('no function, no module', () => {
    expect(caught(() => valueAndGrad({} as never, (() => 0) as never)).code).toBe('argument');
    expect(caught(() => grad({ parameters: () => ({}) }, undefined as never)).code).toBe('argument');
  });
});

describe('memory', () => {
  const w = (): Record<string, Tensor> => ({ a: tensor([[0.1, 0.2], [0.3, 0.4]]), b: tensor([0.5, 0.6]) });
  const loss = (x: Tensor, p: Record<string, Tensor>): readonly [Tensor, { hidden: Tensor }] => {
    const hidden = scope(() => tanh(linear(x, p['a'] as Tensor, p['b'] as Tensor)));
    return [sum(square(matmul(hidden, hidden))), { hidden }] as const;
  };

  test('only value, gradients and aux are left', () => {
    const parameters = w();
    const x = tensor([[1, 2], [3, 4]]);
    const start = memory();
    const { value, gradients, aux } = valueAndGrad({ parameters: () => parameters }, () => loss(x, parameters))();
    const results = [value, ...Object.values(gradients), aux.hidden];
    expect(memory().tensors - start.tensors).toBe(results.length);
    for (const result of results) result.dispose();
    expect(memory()).toEqual(start);
  });

  test('1,000 gradient calls leave the counters as they were', () => {
    const parameters = w();
    const x = tensor([[1, 2], [3, 4]]);
    const start = memory();
    const reserved = x.backend.memory().used;
    for (let k = 0; k < 1000; k++) {
      const { value, gradients, aux } = valueAndGrad({ parameters: () => parameters }, () => loss(x, parameters))();
      for (const result of [value, ...Object.values(gradients), aux.hidden]) result.dispose();
    }
    expect(memory()).toEqual(start);
    expect(x.backend.memory().used).toBe(reserved);
  });

  test('the scope around owns the results', () => {
    const start = memory();
    scope(() => { grad((x: Tensor) => sum(square(x)))(vector(1, 2)); });
    expect(memory()).toEqual(start);
  });

  test.each([
    ['at once', () => { throw new Error('boom'); }],
    ['after some kernels', (x: Tensor) => { exp(tanh(x)); throw new Error('boom'); }],
    ['in a scope', (x: Tensor) => scope(() => { tanh(x); throw new Error('boom'); })],
    ['in an inner gradient', (x: Tensor) => grad((y: Tensor) => { tanh(mul(x, y)); throw new Error('boom'); })(x)[0]],
  ])('a function that throws %s leaves nothing', (_, fn: (x: Tensor) => Tensor) => {
    const x = vector(1, 2);
    const start = memory();
    for (let k = 0; k < 1000; k++) expect(() => valueAndGrad(fn)(x)).toThrow('boom');
    expect(memory()).toEqual(start);
  });

  test('the way back frees as it goes', () => {
    const size = 1000;
    const bytes: number[] = [];
    const inner = reference();
    const other = use({ ...inner, dispatch: (...args) => { inner.dispatch(...args); bytes.push(memory().bytes); } });
    try {
      scope(() => {
        const x = tensor(new Float64Array(size).fill(0.5));
        const start = memory().bytes;
        grad((a: Tensor) => {
          let y = a;
          for (let k = 0; k < 20; k++) { const next = tanh(y); if (k > 0) y.dispose(); y = next; }
          return sum(y);
        })(x);
        const arrays = bytes.map((count) => (count - start) / (8 * size));
        // 20 results are held for their rules; on the way back at most two gradients are alive besides.
        expect(Math.max(...arrays)).toBeLessThan(23);
        // The last result (of fn itself), the first one (held), the gradients of both sides of the last rule.
        expect(arrays.at(-1)).toBeLessThan(5);
      });
    } finally {
      use(other);
    }
  });

  test('whichever kernel or allocation fails, forward or backward, nothing is left', () => {
    const faulty = countdown(reference());
    const other = use(faulty.backend);
    try {
      const parameters = w();
      const x = tensor([[1, 2], [3, 4]]);
      const start = memory();
      const used = faulty.backend.memory().used;
      const call = (): void => {
        scope(() => {
          valueAndGrad({ parameters: () => parameters }, () => {
            const [value, aux] = loss(x, parameters);
            return [add(value, sum(grad((y: Tensor) => sum(mul(y, tanh(parameters['b'] as Tensor))))(x)[0])), aux] as const;
          })();
        });
      };
      faulty.set(Infinity);
      call();
      const events = faulty.count();
      expect(events).toBeGreaterThan(40);
      for (let k = 0; k < events; k++) {
        faulty.set(k);
        expect(call, `event ${k}`).toThrow('out of order');
        expect(memory(), `event ${k}`).toEqual(start);
        expect(faulty.backend.memory().used, `event ${k}`).toBe(used);
      }
      faulty.set(Infinity);
      call();
      expect(memory()).toEqual(start);
    } finally {
      use(other);
    }
  });
});

// A backend that fails at the n-th allocation or kernel from now on.
function countdown(inner: Backend): { backend: Backend; set: (left: number) => void; count: () => number } {
  let left = Infinity;
  let done = 0;
  const tick = (): void => { done += 1; if (left-- <= 0) throw new Error('out of order'); };
  const backend: Backend = {
    ...inner,
    allocate: (bytes) => { tick(); return inner.allocate(bytes); },
    dispatch: (kernel, inputs, outputs) => { tick(); inner.dispatch(kernel, inputs, outputs); },
  };
  return { backend, set: (value) => { left = value; done = 0; }, count: () => done };
}

describe('types', () => {
  test('follow the function', () => {
    type Parameters = { readonly w: Tensor; readonly list: readonly Tensor[] };
    const plain = (_p: Parameters, x: Tensor, _n: number): Tensor => x;
    const withAux = (x: Tensor): readonly [Tensor, { y: number }] => [x, { y: 1 }];
    const module = { parameters: () => ({ w: vector(1) }) };
    expectTypeOf(valueAndGrad(plain)).parameters.toEqualTypeOf<[Parameters, Tensor, number]>();
    expectTypeOf<ReturnType<ReturnType<typeof valueAndGrad<[Tensor], { y: number }>>>>().toHaveProperty('aux');
    const a = valueAndGrad(withAux);
    expectTypeOf(a).returns.toEqualTypeOf<Differentiated<readonly [Tensor], { y: number }>>();
    expectTypeOf(valueAndGrad(plain)).returns.toEqualTypeOf<Differentiated<readonly [{ readonly w: Tensor; readonly list: readonly Tensor[] }, Tensor, undefined], undefined>>();
    expectTypeOf(grad(module, (x: Tensor) => x)).returns.toEqualTypeOf<NamedGradients>();
    expect(Tensor.name).toBe('Tensor');
  });
});
