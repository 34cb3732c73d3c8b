import { expect, test } from 'vitest';
import {
  compile, defaultGenerator, matmul, memory, ones, peakBytes, reference, resetPeakBytes, TensorError, uniform, use, zeros, type Backend, type Kernel, type Tensor,
} from './index.ts';

/** A backend that computes nothing, and says what it was asked. */
function watched(): { readonly backend: Backend; readonly compiled: Kernel[]; readonly ran: string[] } {
  const [compiled, ran]: [Kernel[], string[]] = [[], []];
  const inner = reference();
  const backend: Backend = {
    name: 'watched',
    supports: (dtype) => inner.supports(dtype), allocate: (bytes) => inner.allocate(bytes), free: (buffer) => inner.free(buffer),
    write: (buffer, data) => inner.write(buffer, data), read: (buffer, dtype) => inner.read(buffer, dtype), memory: () => inner.memory(),
    dispatch: (kernel, inputs, outputs) => { ran.push(kernel.kind); inner.dispatch(kernel, inputs, outputs); },
    compile: (kernels) => { compiled.push(...kernels); return Promise.resolve(); },
  };
  return { backend, compiled, ran };
}

async function within<T>(body: (seen: ReturnType<typeof watched>) => Promise<T>): Promise<T> {
  const seen = watched();
  const before = use(seen.backend);
  try {
    return await body(seen);
  } finally {
    use(before);
  }
}

test('tells the backend each kernel once, and computes nothing', async () => {
  await within(async ({ compiled, ran }) => {
    await compile(() => {
      const a = uniform([2, 3]);
      return matmul(matmul(a, zeros([3, 3])), ones([3, 3]));
    });
    expect(compiled.map(({ kind }) => kind)).toEqual(['random', 'matmul']);
    expect(ran).toEqual([]);
    using a = ones([2, 3]);
    using b = ones([3, 3]);
    using product = matmul(a, b);
    expect([...await product.data()]).toEqual([3, 3, 3, 3, 3, 3]);
    expect(ran).toContain('matmul');
  });
});

test('leaves nothing, and random numbers where they were', async () => {
  await within(async () => {
    const [before, generator] = [memory(), defaultGenerator().state()];
    resetPeakBytes();
    const peak = peakBytes();
    let made: Tensor | undefined;
    await compile(() => { made = uniform([100]); return made; });
    expect(memory()).toEqual(before);
    expect(peakBytes() - peak).toBeGreaterThanOrEqual(400);
    expect(defaultGenerator().state()).toEqual(generator);
    expect(made?.disposed).toBe(true);
  });
});

test('refuses functions that change tensors or are async, and goes on computing after them', async () => {
  await within(async ({ compiled, ran }) => {
    using weight = zeros([2]);
    const changing = compile(() => { using next = ones([2]); weight.assign(next); });
    await expect(changing).rejects.toThrow(/must not change tensors; leave the optimiser's step out/u);
    await expect(compile(async () => { await Promise.resolve(); })).rejects.toThrow(TensorError);
    expect(compiled).toEqual([]);
    expect([...await weight.data()]).toEqual([0, 0]);
    using more = uniform([2]);
    expect(more.shape).toEqual([2]);
    expect(ran).toEqual(['random']);
  });
});

test('does nothing on a backend that has nothing to compile', async () => {
  const before = use(reference());
  await expect(compile(() => zeros([2]))).resolves.toBeUndefined();
  use(before);
});
