import { add, input, mul } from '@unroll/expr';
import { hostArray, TensorError, type Backend, type Buffer, type MapKernel, type MatMulKernel, type Shape } from '@unroll/tensor/backend';
import { expect, test } from 'vitest';
import { WebGpuError } from './errors.ts';
import { describeOnDevice, ownBackend } from './testing/device.ts';

const float = (shape: Shape): MapKernel['inputs'][number] => ({ shape, dtype: 'float32' });

function scaling(factor: number, length: number): MapKernel {
  return { kind: 'map', bodies: [mul(input('x0'), factor)], shape: [length], inputs: [float([length])], compute: 'float32', dtype: 'float32' };
}

function sum(length: number): MapKernel {
  return { kind: 'map', bodies: [add(input('x0'), input('x1'))], shape: [length], inputs: [float([length]), float([length])], compute: 'float32', dtype: 'float32' };
}

function uploaded(backend: Backend, numbers: readonly number[]): Buffer {
  const buffer = backend.allocate(numbers.length * 4);
  backend.write(buffer, Float32Array.from(numbers));
  return buffer;
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof TensorError || error instanceof WebGpuError ? error.code : String(error);
  }
}

await describeOnDevice('the backend', (makeBackend) => {
  test('writes, runs and reads copies', async () => {
    const backend = await makeBackend({});
    const [from, to] = [backend.allocate(20), backend.allocate(20)];
    const data = Float32Array.of(1, 2, 3, 4, 5);
    backend.write(from, data);
    data.fill(0);
    backend.dispatch(scaling(3, 5), [from], [to]);
    const result = await backend.read(to, 'float32');
    expect(result).toEqual(Float32Array.of(3, 6, 9, 12, 15));
    backend.dispatch(scaling(-1, 5), [to], [from]);
    expect(result[0]).toBe(3);
    expect(await backend.read(from, 'float32')).toEqual(Float32Array.of(-3, -6, -9, -12, -15));
    expect(await backend.read(backend.allocate(0), 'int32')).toEqual(new Int32Array());
  });

  test('has float32 and int32, no float64', async () => {
    const backend = await makeBackend();
    expect((['float32', 'int32', 'float64'] as const).map((dtype) => backend.supports(dtype))).toEqual([true, true, false]);
    expect(backend.name).toBe('webgpu');
  });

  test('submits once for all that was recorded before a read, and reads together what is read together', async () => {
    const backend = await makeBackend({});
    const [a, b, c] = [uploaded(backend, [1, 2]), backend.allocate(8), backend.allocate(8)];
    for (let k = 0; k < 20; k++) backend.dispatch(sum(2), [a, k % 2 === 0 ? a : b], [k % 2 === 0 ? b : c]);
    expect(backend.statistics()).toMatchObject({ dispatches: 0, submits: 0 });
    const [first, second] = await Promise.all([backend.read(b, 'float32'), backend.read(c, 'float32')]);
    expect([first, second]).toEqual([Float32Array.of(2, 4), Float32Array.of(3, 6)]);
    // Every result takes the memory of one that nobody needs any more; three tensors, one buffer to read from, one pipeline.
    expect(backend.statistics()).toMatchObject({ dispatches: 20, submits: 1, buffersCreated: 4, buffers: 3, pipelinesCreated: 1, bindGroupsCreated: 2, writes: 1, reads: 2 });
  });

  test('submits by itself when much is recorded', async () => {
    const backend = await makeBackend({});
    const [a, b] = [uploaded(backend, [1]), backend.allocate(4)];
    for (let k = 0; k < 3; k++) backend.dispatch(scaling(2, 1), [a], [b]);
    await backend.read(b, 'float32');
    const before = backend.statistics();
    for (let k = 0; k < 1024; k++) backend.dispatch(scaling(2, 1), [a], [b]);
    expect(backend.statistics().submits - before.submits).toBe(2);
    expect(await backend.read(b, 'float32')).toEqual(Float32Array.of(2));
    expect(backend.statistics().dispatches - before.dispatches).toBe(1024);
  });

  test('keeps order: reads see what was there, writes wait for what uses the buffer', async () => {
    const backend = await makeBackend({});
    for (const length of [3, 300_000]) {
      const a = backend.allocate(length * 4);
      const b = backend.allocate(length * 4);
      backend.write(a, new Float32Array(length).fill(1));
      backend.dispatch(scaling(2, length), [a], [b]);
      const first = backend.read(b, 'float32');
      backend.write(a, new Float32Array(length).fill(10));
      backend.dispatch(sum(length), [a, b], [b === a ? a : backend.allocate(length * 4)]);
      backend.dispatch(scaling(2, length), [a], [b]);
      const second = backend.read(b, 'float32');
      // Freed, and its memory taken by another tensor at once, into which the host writes.
      backend.free(b);
      const c = backend.allocate(length * 4);
      backend.write(c, new Float32Array(length).fill(-5));
      const values = (await Promise.all([first, second, backend.read(c, 'float32')])).map((data) => [data[0], data[length - 1]]);
      expect(values).toEqual([[2, 2], [20, 20], [-5, -5]]);
    }
  });

  test('writes a small tensor in the middle without another submission', async () => {
    const backend = await makeBackend({});
    const [a, b, c] = [uploaded(backend, [1]), backend.allocate(4), backend.allocate(4)];
    backend.dispatch(scaling(3, 1), [a], [b]);
    backend.write(a, Float32Array.of(5));
    backend.dispatch(scaling(3, 1), [a], [c]);
    expect(await Promise.all([backend.read(b, 'float32'), backend.read(c, 'float32')])).toEqual([Float32Array.of(3), Float32Array.of(15)]);
    expect(backend.statistics().submits).toBe(1);
  });

  test('creates nothing after the first steps, and keeps nothing', async () => {
    const backend = await makeBackend({});
    const weights = uploaded(backend, Array.from({ length: 64 }, (_, k) => k / 64));
    const product: MatMulKernel = { kind: 'matmul', dtype: 'float32', batch: 1, m: 8, n: 8, k: 8, transposeA: false, transposeB: true, sharedA: false, sharedB: false, bias: false };
    const step = async (): Promise<number> => {
      const x = uploaded(backend, Array.from({ length: 64 }, () => 1));
      const [y, z] = [backend.allocate(256), backend.allocate(256)];
      backend.dispatch(product, [x, weights], [y]);
      backend.dispatch(scaling(2, 64), [y], [z]);
      const result = await backend.read(z, 'float32');
      for (const buffer of [x, y, z]) backend.free(buffer);
      return result[0] as number;
    };
    for (let k = 0; k < 3; k++) await step();
    const before = backend.statistics();
    for (let k = 0; k < 200; k++) expect(await step()).toBe(2 * 28 / 64);
    expect(backend.statistics()).toEqual({ ...before, dispatches: before.dispatches + 400, submits: before.submits + 200, writes: before.writes + 200, reads: before.reads + 200 });
  });

  test('refuses freed buffers, those of other backends, and data of another size', async () => {
    const [one, two] = [await makeBackend({}), await makeBackend({})];
    const buffer = one.allocate(8);
    expect(codeOf(() => one.write(buffer, new Float32Array(3)))).toBe('argument');
    expect(codeOf(() => two.free(buffer))).toBe('backend');
    expect(codeOf(() => one.dispatch(scaling(2, 2), [{ bytes: 8 }], [buffer]))).toBe('backend');
    one.free(buffer);
    expect(codeOf(() => one.free(buffer))).toBe('disposed');
    expect(codeOf(() => one.write(buffer, new Float32Array(2)))).toBe('disposed');
    await expect(one.read(buffer, 'float32')).rejects.toThrow(TensorError);
  });

  test('keeps to its memory limit, with what is free given back first', async () => {
    const backend = await makeBackend({ memoryLimit: 3 * 2 ** 20 });
    const [a, b] = [backend.allocate(2 ** 20), backend.allocate(2 ** 20)];
    backend.dispatch(scaling(2, 2 ** 18), [a], [b]);
    backend.free(a);
    // The freed buffer is part of what is recorded: that is submitted, and the buffer goes.
    const c = backend.allocate(2 ** 21);
    expect(backend.memory()).toEqual({ reserved: 3 * 2 ** 20, used: 3 * 2 ** 20 });
    expect(() => backend.allocate(2 ** 19)).toThrow(/no memory for 524288 bytes: 3145728 are taken, 3145728 are allowed/u);
    expect((await backend.read(b, 'float32'))[7]).toBe(0);
    for (const buffer of [b, c]) backend.free(buffer);
    // What was promised to c was never needed.
    expect([backend.trim(), backend.memory()]).toEqual([2 ** 20, { reserved: 0, used: 0 }]);
  });

  test('a long chain of steps fits a small budget, which what is recorded counts against', async () => {
    const length = 2 ** 18;
    const backend = await makeBackend({ memoryLimit: 3 * 2 ** 20 });
    let from = uploaded(backend, Array.from({ length }, () => 1));
    for (let k = 0; k < 12; k++) {
      const to = backend.allocate(length * 4);
      backend.dispatch(scaling(2, length), [from], [to]);
      backend.free(from);
      from = to;
      expect(backend.memory().reserved).toBeLessThanOrEqual(3 * 2 ** 20);
    }
    const result = await backend.read(from, 'float32');
    expect([result[0], result[length - 1]]).toEqual([4096, 4096]);
  });

  test('where there is no room for what a kernel needs for itself, its result is refused', async () => {
    const backend = await makeBackend({ memoryLimit: 2 ** 20 + 512 });
    const [a, other, b] = [uploaded(backend, Array.from({ length: 2 ** 18 }, () => 1)), uploaded(backend, [0]), backend.allocate(4)];
    const total = (): void => backend.dispatch({ kind: 'reduce', op: 'sum', dtype: 'float32', outer: 1, length: 2 ** 18, inner: 1 }, [a], [b]);
    total();
    const results = await Promise.allSettled([backend.read(a, 'float32'), backend.read(b, 'float32')]);
    expect(results.map((result) => (result.status === 'rejected' ? codeOf(() => { throw result.reason; }) : result.value[9]))).toEqual([1, 'memory']);
    await expect(backend.finish()).rejects.toThrow(/no memory for 256 bytes: 1049088 are taken, 1049088 are allowed/u);
    backend.free(other);
    total();
    expect(await backend.read(b, 'float32')).toEqual(Float32Array.of(2 ** 18));
  });

  test('what the device has no memory for at first is made again, and holds what was written before that was known', async () => {
    const backend = await makeBackend({});
    const { device } = backend;
    const pop = device.popErrorScope.bind(device);
    const failing = (times: number): void => {
      device.popErrorScope = async () => {
        await pop();
        return times-- > 0 ? { message: 'not today' } : null;
      };
    };
    try {
      const b = backend.allocate(8);
      await backend.read(b, 'float32');
      // Each creation asks twice: for memory, and for validity.
      failing(2);
      const a = uploaded(backend, [1, 2]);
      backend.dispatch(scaling(2, 2), [a], [b]);
      expect(await backend.read(b, 'float32')).toEqual(Float32Array.of(2, 4));
      failing(4);
      const c = uploaded(backend, [5, 6]);
      backend.dispatch(scaling(2, 2), [c], [b]);
      const results = await Promise.allSettled([backend.read(a, 'float32'), backend.read(b, 'float32'), backend.read(c, 'float32')]);
      expect(results.map((result) => (result.status === 'rejected' ? (result.reason as TensorError).code : result.value[0]))).toEqual([1, 'memory', 'memory']);
    } finally {
      device.popErrorScope = pop;
    }
  });

  test('what follows from refused code is refused, with the line, until something else is written', async () => {
    const backend = await makeBackend({});
    const { device } = backend;
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (descriptor) => create({ ...descriptor, code: descriptor.code.replace('x0 *', 'x9 *') });
    const [a, b, c] = [uploaded(backend, [1]), backend.allocate(4), backend.allocate(4)];
    try {
      backend.dispatch(scaling(1.75, 1), [a], [b]);
    } finally {
      device.createShaderModule = create;
    }
    backend.dispatch(scaling(3, 1), [b], [c]);
    const results = await Promise.allSettled([backend.read(a, 'float32'), backend.read(b, 'float32'), backend.read(c, 'float32')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(backend.read(c, 'float32')).rejects.toThrow(/the code of map was refused: line \d+, "let result = x0 \* 1\.75f;": .*x9/u);
    await expect(backend.compile([scaling(1.75, 1)])).rejects.toThrow(WebGpuError);
    backend.write(b, Float32Array.of(4));
    backend.dispatch(scaling(3, 1), [b], [c]);
    expect(await backend.read(c, 'float32')).toEqual(Float32Array.of(12));
  });

  test('what the device refuses to run gives no numbers', async () => {
    const backend = await makeBackend({});
    const { device } = backend;
    const [a, b] = [uploaded(backend, [1]), backend.allocate(4)];
    const create = device.createBindGroup.bind(device);
    device.createBindGroup = (descriptor) => create({ ...descriptor, entries: [] });
    try {
      backend.dispatch(scaling(2, 1), [a], [b]);
      await expect(backend.read(b, 'float32')).rejects.toThrow(/the device refused a command/u);
    } finally {
      device.createBindGroup = create;
    }
  });

  test('a lost device rejects what is read from it, and everything after', async () => {
    const backend = await ownBackend();
    const [a, b] = [uploaded(backend, [1]), backend.allocate(4)];
    backend.dispatch(scaling(2, 1), [a], [b]);
    await backend.read(b, 'float32');
    backend.dispatch(scaling(2, 1), [a], [b]);
    const submitted = backend.read(b, 'float32');
    await Promise.resolve();
    await Promise.resolve();
    const recorded = backend.read(a, 'float32');
    backend.device.destroy();
    const errors = (await Promise.allSettled([submitted, recorded])).map((result) => (result.status === 'rejected' ? result.reason as WebGpuError : undefined));
    expect(errors.map((error) => error?.code)).toEqual(['lost', 'lost']);
    expect((await backend.lost).message).toContain('destroyed');
    expect([codeOf(() => backend.allocate(4)), codeOf(() => backend.write(a, Float32Array.of(1))), codeOf(() => backend.dispatch(scaling(2, 1), [a], [b]))]).toEqual(['lost', 'lost', 'lost']);
    await expect(backend.read(a, 'float32')).rejects.toThrow(/the device was lost/u);
    backend.free(a);
    const again = await ownBackend();
    expect(await again.read(uploaded(again, [7]), 'float32')).toEqual(Float32Array.of(7));
    again.destroy();
    expect(codeOf(() => again.allocate(4))).toBe('lost');
  });

  test('compiles off this thread before the first numbers, and finish tells when all is done', async () => {
    const backend = await makeBackend({});
    const { device } = backend;
    const create = device.createComputePipeline.bind(device);
    let blocked = 0;
    device.createComputePipeline = (descriptor) => {
      blocked += 1;
      return create(descriptor);
    };
    try {
      const [a, b] = [uploaded(backend, [1]), backend.allocate(4)];
      for (let k = 0; k < 5; k++) backend.dispatch(scaling(k + 0.125, 1), [a], [b]);
      await backend.finish();
      expect(backend.statistics()).toMatchObject({ dispatches: 5, submits: 1, pipelinesCreated: 5, reads: 0 });
      expect(await backend.read(b, 'float32')).toEqual(Float32Array.of(4.125));
      expect(blocked).toBe(0);
    } finally {
      device.createComputePipeline = create;
    }
  });

  test('finish rejects with what went wrong since the last time', async () => {
    const backend = await makeBackend({});
    const { device } = backend;
    const create = device.createBindGroup.bind(device);
    device.createBindGroup = (descriptor) => create({ ...descriptor, entries: [] });
    try {
      backend.dispatch(scaling(2, 1), [uploaded(backend, [1])], [backend.allocate(4)]);
      await expect(backend.finish()).rejects.toThrow(/the device refused a command/u);
    } finally {
      device.createBindGroup = create;
    }
    await backend.finish();
    const own = await ownBackend();
    own.dispatch(scaling(2, 1), [uploaded(own, [1])], [own.allocate(4)]);
    const finished = own.finish();
    own.device.destroy();
    await expect(finished).rejects.toThrow(/the device was lost/u);
  });

  test('keeps only so many pipelines', async () => {
    const backend = await makeBackend({ pipelineLimit: 4 });
    const [a, b] = [uploaded(backend, [1]), backend.allocate(4)];
    const run = async (k: number): Promise<number | undefined> => {
      backend.dispatch(scaling(k, 1), [a], [b]);
      return (await backend.read(b, 'float32'))[0];
    };
    // The first one is used again and again, and stays.
    for (let k = 2; k < 14; k++) expect([await run(1.5), await run(k)]).toEqual([1.5, k]);
    expect(backend.statistics().pipelinesCreated).toBe(13);
    expect(await run(2)).toBe(2);
    expect(backend.statistics().pipelinesCreated).toBe(14);
  });

  test('survives more kinds of kernels than it keeps', async () => {
    const backend = await makeBackend({});
    const product = (m: number): MatMulKernel => ({ kind: 'matmul', dtype: 'float32', batch: 1, m, n: 0, k: 1, transposeA: false, transposeB: false, sharedA: false, sharedB: false, bias: false });
    const [from, to] = [backend.allocate(4), backend.allocate(4)];
    backend.write(from, hostArray('float32', 1).fill(1));
    for (let k = 0; k < 5000; k++) backend.dispatch(product(k), [from, from], [to]);
    backend.dispatch(scaling(2, 1), [from], [to]);
    expect((await backend.read(to, 'float32'))[0]).toBe(2);
  });
});
