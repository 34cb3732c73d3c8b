import { add, constant, input, mul, sub, tanh, type Expr } from '@unroll/expr';
import { fillRandom, sizeOf, stridesOf, type CopyKernel, type Distribution, type GatherKernel, type Kernel, type MapKernel, type MatMulKernel, type RandomKernel, type ReduceKernel, type ReduceOp, type ScatterKernel, type Shape } from '@unroll/tensor/backend';
import { checkKernel, numberStream, randomInputs, runKernel } from '@unroll/testing';
import { describe, expect, test } from 'vitest';
import { choiceOf, programOf } from '../compile.ts';
import { anyDevice, type Dispatch, type Program } from '../program.ts';
import { describeOnDevice } from '../testing/device.ts';

const x = (k: number): Expr => input(`x${k}`);
const float = (shape: Shape): MapKernel['inputs'][number] => ({ shape, dtype: 'float32' });
const mapOf = (bodies: readonly Expr[], shape: Shape, inputs: readonly Shape[]): MapKernel => ({ kind: 'map', bodies, shape, inputs: inputs.map(float), compute: 'float32', dtype: 'float32' });
const product: MatMulKernel = { kind: 'matmul', dtype: 'float32', batch: 1, m: 1, n: 1, k: 1, transposeA: false, transposeB: false, sharedA: false, sharedB: false, bias: false };
const dispatches = ({ commands }: Program): Dispatch[] => commands.filter((command) => command.kind === 'dispatch');

await describeOnDevice('kernels', (makeBackend) => {
  test('a map with more buffers than a shader may have is several', async () => {
    const backend = await makeBackend();
    const kernel = mapOf(Array.from({ length: 30 }, (_, k) => add(mul(x(k % 4), k), x((k + 1) % 4))), [5, 7], [[5, 7], [7], [5, 1], []]);
    expect(dispatches(programOf(kernel))).toHaveLength(8);
    await checkKernel(backend, kernel, randomInputs(kernel, 1), 1e-6);
  });

  test('a map of a million elements', async () => {
    const backend = await makeBackend();
    const kernel = mapOf([tanh(sub(x(0), x(1)))], [1000, 1037], [[1000, 1037], [1037]]);
    await checkKernel(backend, kernel, randomInputs(kernel, 2), 1e-6);
  });

  test('numbers without inputs', async () => {
    await checkKernel(await makeBackend(), mapOf([constant(-3), constant(Infinity)], [2, 3], []), []);
  });

  test('long axes are reduced in slices', async () => {
    const backend = await makeBackend();
    const shapes: readonly Pick<ReduceKernel, 'outer' | 'length' | 'inner'>[] = [{ outer: 1, length: 100_003, inner: 1 }, { outer: 2, length: 5000, inner: 3 }, { outer: 1, length: 2048, inner: 100 }, { outer: 700, length: 17, inner: 1 }, { outer: 3, length: 40, inner: 9 }];
    for (const op of ['sum', 'max', 'min', 'argmax'] satisfies ReduceOp[]) {
      for (const shape of shapes) {
        const kernel: ReduceKernel = { kind: 'reduce', op, dtype: 'float32', ...shape };
        await checkKernel(backend, kernel, randomInputs(kernel, 3), op === 'sum' ? 2e-4 : 0);
      }
    }
    expect(dispatches(programOf({ kind: 'reduce', op: 'sum', dtype: 'float32', outer: 1, length: 100_003, inner: 1 }))).toHaveLength(2);
  });

  test('rows by index: many, wide, and far out of the table', async () => {
    const backend = await makeBackend();
    const [rows, width, count] = [23, 300, 1000];
    const random = numberStream(4);
    const indices = Int32Array.from({ length: count }, (_, k) => (k % 100 === 0 ? [-1, rows, 2147483647, -2147483648][k / 100 % 4] as number : Math.floor(random() * rows)));
    const gather: GatherKernel = { kind: 'gather', dtype: 'float32', rows, width, count };
    const [table = new Float32Array()] = randomInputs(gather, 5);
    await checkKernel(backend, gather, [table, indices]);
    for (const dtype of ['float32', 'int32'] as const) {
      const scatter: ScatterKernel = { kind: 'scatter', dtype, rows, width, count };
      const [, values = new Float32Array()] = randomInputs(scatter, 6);
      await checkKernel(backend, scatter, [indices, values], dtype === 'int32' ? 0 : 1e-5);
      expect(await runKernel(backend, scatter, [indices, values])).toEqual(await runKernel(backend, scatter, [indices, values]));
    }
  });

  test('copies of bits, backwards and across', async () => {
    const backend = await makeBackend();
    const shape = [7, 5, 33];
    const own = stridesOf(shape);
    const kernel: CopyKernel = { kind: 'copy', dtype: 'float32', shape: [33, 7, 5], inputs: [shape], parts: [{ input: 0, shape: [33, 7, 5], from: 32, fromStrides: [-1, own[0] ?? 0, own[1] ?? 0], to: 33 * 35 - 1, toStrides: [-35, -5, -1] }] };
    const bits = Int32Array.from({ length: sizeOf(shape) }, (_, k) => 0x7f80_0001 + k);
    const [result] = await runKernel(backend, { ...kernel, dtype: 'int32' }, [bits]);
    const [same] = await runKernel(backend, kernel, [new Float32Array(bits.buffer)]);
    expect(new Int32Array((same as Float32Array<ArrayBuffer>).buffer)).toEqual(result);
    await checkKernel(backend, kernel, randomInputs(kernel, 7));
  });

  test('blocks of many inputs go together', async () => {
    const backend = await makeBackend();
    const lengths = [1, 5, 1, 300, 2, 7, 1, 1, 4, 90, 3, 2];
    const parts = lengths.map((length, input) => ({ input: input % 9, shape: [length], from: 1, fromStrides: [1], to: lengths.slice(0, input).reduce((sum, own) => sum + own, 0), toStrides: [1] }));
    const kernel: CopyKernel = { kind: 'copy', dtype: 'float32', shape: [500], inputs: Array.from({ length: 9 }, () => [301]), parts };
    // With one axis and with none, seven inputs at a time, and zeros behind all of them.
    expect(programOf(kernel).commands[0]).toMatchObject({ kind: 'clear', bytes: 2000 });
    await checkKernel(backend, kernel, randomInputs(kernel, 12));
    const scalars: CopyKernel = { kind: 'copy', dtype: 'int32', shape: [7], inputs: Array.from({ length: 7 }, () => [1]), parts: Array.from({ length: 7 }, (_, k) => ({ input: 6 - k, shape: [1], from: 0, fromStrides: [1], to: k, toStrides: [1] })) };
    expect(dispatches(programOf(scalars))).toHaveLength(1);
    await checkKernel(backend, scalars, randomInputs(scalars, 13));
  });

  test('random numbers are those of the definition: the same bits where it computes no logarithm', async () => {
    const backend = await makeBackend();
    for (const [distribution, dtype, tolerance] of [['uniform', 'float32', 0], ['bernoulli', 'float32', 0], ['bernoulli', 'int32', 0], ['normal', 'float32', 2e-6]] as const) {
      for (const seed of [[0, 0], [123, 456], [0xffff_ffff, 0xdead_beef]] as const) {
        const kernel: RandomKernel = { kind: 'random', distribution, dtype, shape: [10_007], seed, probability: 0.3 };
        await checkKernel(backend, kernel, [], tolerance);
      }
    }
    const [sample = new Float32Array()] = await runKernel(backend, { kind: 'random', distribution: 'uniform', dtype: 'float32', shape: [8], seed: [1, 2], probability: 0 }, []);
    const expected = new Float32Array(8);
    fillRandom({ distribution: 'uniform', seed: [1, 2], probability: 0 }, expected);
    expect(sample).toEqual(expected);
  });

  describe('products', () => {
    const names = choiceOf({ ...product, m: 4, n: 4, k: 4 }, { ...anyDevice, limits: { ...anyDevice.limits, maxComputeWorkgroupStorageSize: 32768 } }).variants.map(({ name }) => name);

    test.each(names)('%s: either operand transposed, aligned or not, with and without bias', async (name) => {
      const backend = await makeBackend({ variants: { matmul: name } });
      for (const [m, n, k] of name === 'rows' ? [[3, 70, 130], [4, 64, 8]] as const : [[65, 130, 35], [132, 68, 20]] as const) {
        for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]] as const) {
          const kernel: MatMulKernel = { ...product, m, n, k, transposeA, transposeB, bias: transposeA === transposeB };
          await checkKernel(backend, kernel, randomInputs(kernel, 8), 2e-5);
        }
      }
    });

    test('batches, with operands of their own or shared, and integers', async () => {
      const backend = await makeBackend();
      for (const m of [3, 9]) {
        for (const [sharedA, sharedB, transposeA] of [[false, false, true], [true, false, false], [false, true, true], [false, true, false], [true, true, false]] as const) {
          const kernel: MatMulKernel = { ...product, batch: 3, m, n: 17, k: 12, sharedA, sharedB, transposeA, bias: true, dtype: sharedA ? 'int32' : 'float32' };
          await checkKernel(backend, kernel, randomInputs(kernel, 9), sharedA ? 0 : 1e-5);
        }
      }
    });

    test('terms are cut into slices where results are few, and the bias comes once', async () => {
      const kernel: MatMulKernel = { ...product, m: 40, n: 20, k: 2000, transposeA: true, bias: true };
      const many = { ...anyDevice, architecture: 'ampere' };
      expect(dispatches(programOf(kernel, many)).map(({ shader }) => shader.label)).toEqual(['matmul 16x64', 'reduce sum']);
      expect(dispatches(programOf({ ...kernel, m: 200, n: 200 }, { ...many, architecture: 'software' }))).toHaveLength(1);
      const backend = await makeBackend({ target: many });
      await checkKernel(backend, kernel, randomInputs(kernel, 10), 1e-4);
    });

    test('nothing: no rows, no terms', async () => {
      const backend = await makeBackend();
      await checkKernel(backend, { ...product, m: 0, n: 3 }, [new Float32Array(0), new Float32Array(3)]);
      for (const m of [2, 6]) await checkKernel(backend, { ...product, m, n: 3, k: 0, bias: true }, [new Float32Array(0), new Float32Array(0), Float32Array.of(1, 2, 3)]);
    });
  });

  test('rows at their index, fewer than there are rows: nobody looks through all of them, and sums are the same to the bit', async () => {
    const backend = await makeBackend();
    const random = numberStream(17);
    for (const [width, spread] of [[1, 90], [3, 7], [300, 90]] as const) {
      const dense: ScatterKernel = { kind: 'scatter', dtype: 'float32', rows: 100, width, count: 130 };
      const sparse: ScatterKernel = { ...dense, rows: 5000 };
      expect(dispatches(programOf(sparse)).map(({ shader }) => shader.label)).toEqual(['scatter bounds', 'scatter sparse']);
      expect(dispatches(programOf(dense)).map(({ shader }) => shader.label)).toEqual(['scatter']);
      // Of the same rows again and again, in between some that do not exist.
      const indices = Int32Array.from({ length: 130 }, (_, k) => (k % 40 === 0 ? -1 - k : k % 40 === 1 ? 5000 + k : Math.floor(random() * spread)));
      const values = randomInputs(sparse, 18)[1] as Float32Array;
      await checkKernel(backend, sparse, [indices, values], 1e-5);
      const [few, many] = [await runKernel(backend, dense, [indices, values]), await runKernel(backend, sparse, [indices, values])];
      expect(many[0]?.slice(0, 100 * width)).toEqual(few[0]);
    }
    const none: ScatterKernel = { kind: 'scatter', dtype: 'float32', rows: 5, width: 3, count: 0 };
    await checkKernel(backend, none, [new Int32Array(0), new Float32Array(0)]);
  });

  test('tensors that are too large to bind are cut', async () => {
    const small = { ...anyDevice, limits: { ...anyDevice.limits, maxStorageBufferBindingSize: 4096 } };
    const backend = await makeBackend({ target: small });
    const strided = (shape: Shape, fromStrides: readonly number[], toStrides: readonly number[], from = 0, to = 0): CopyKernel['parts'][number] => ({ input: 0, shape, from, fromStrides, to, toStrides });
    const cases: readonly Kernel[] = [
      mapOf([add(mul(x(0), x(1)), x(2))], [1, 300, 13], [[1, 300, 13], [13], [300, 1]]),
      mapOf([add(x(0), 1)], [5000], [[5000]]),
      // The first axis is too short to be cut.
      mapOf([sub(x(0), x(1)), mul(x(0), x(1))], [3, 2048], [[3, 2048], [2048]]),
      { kind: 'reduce', op: 'sum', dtype: 'float32', outer: 300, length: 5, inner: 2 },
      ...(['sum', 'max', 'min'] satisfies ReduceOp[]).map((op): Kernel => ({ kind: 'reduce', op, dtype: 'float32', outer: 1, length: 3000, inner: 2 })),
      { kind: 'reduce', op: 'max', dtype: 'int32', outer: 3, length: 40, inner: 64 },
      { ...product, m: 300, n: 5, k: 9, bias: true, transposeB: true },
      { ...product, batch: 200, m: 3, n: 2, k: 4, sharedB: true, transposeA: true },
      { ...product, m: 9, n: 7, k: 700, transposeA: true, bias: true },
      // Columns of A, then of B, are brought together; results are put side by side; a result that is too large itself.
      { ...product, m: 2000, n: 2, k: 2, transposeA: true },
      { kind: 'copy', dtype: 'float32', shape: [70, 50], inputs: [[50, 70]], parts: [strided([70, 50], [1, 70], [50, 1])] },
      { kind: 'copy', dtype: 'float32', shape: [4000], inputs: [[2000]], parts: [strided([1990], [-1], [2], 1995, 7)] },
      ...(['uniform', 'normal'] satisfies Distribution[]).map((distribution): Kernel => ({ kind: 'random', distribution, dtype: 'float32', shape: [3333], seed: [5, 6], probability: 0 })),
    ];
    for (const kernel of cases) {
      expect(dispatches(programOf(kernel, small)).length).toBeGreaterThan(1);
      expect(Math.max(...dispatches(programOf(kernel, small)).flatMap(({ slots }) => slots.map(({ bytes = 0 }) => bytes)))).toBeLessThanOrEqual(4096);
      await checkKernel(backend, kernel, randomInputs(kernel, 11), 1e-5);
    }
    // Blocks of 64 rows and columns have to fit.
    const larger = { ...small, limits: { ...small.limits, maxStorageBufferBindingSize: 32_768 } };
    const cutting = await makeBackend({ target: larger });
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const kernel: Kernel = { ...product, m: 150, n: 170, k: 80, transposeA, transposeB, bias: transposeA };
        expect(Math.max(...dispatches(programOf(kernel, larger)).flatMap(({ slots }) => slots.map(({ bytes = 0 }) => bytes)))).toBeLessThanOrEqual(32_768);
        await checkKernel(cutting, kernel, randomInputs(kernel, 12), 2e-5);
      }
    }
    expect(() => programOf({ ...product, m: 2, n: 2, k: 2000, transposeB: true }, small)).toThrow(/a matmul uses a tensor of 16000 bytes, this device binds 4096 at a time, and it cannot be cut/u);
    expect(() => programOf({ kind: 'reduce', op: 'argmax', dtype: 'float32', outer: 1, length: 2000, inner: 1 }, small)).toThrow(/a reduce uses a tensor of 8000 bytes/u);
  });

  test('tables, rows and their gradients that are too large to bind are cut', async () => {
    const small = { ...anyDevice, limits: { ...anyDevice.limits, maxStorageBufferBindingSize: 4096 } };
    const backend = await makeBackend({ target: small });
    const random = numberStream(14);
    for (const [rows, width, count] of [[9, 7, 500], [400, 7, 30], [400, 7, 500]] as const) {
      const indices = Int32Array.from({ length: count }, (_, k) => (k % 50 === 0 ? -1 - k : Math.floor(random() * (rows + 2))));
      const gather: GatherKernel = { kind: 'gather', dtype: 'float32', rows, width, count };
      const scatter: ScatterKernel = { ...gather, kind: 'scatter' };
      for (const kernel of [gather, scatter]) expect(dispatches(programOf(kernel, small)).length).toBeGreaterThan(1);
      await checkKernel(backend, gather, [randomInputs(gather, 15)[0] as Float32Array, indices]);
      await checkKernel(backend, scatter, [indices, randomInputs(scatter, 16)[1] as Float32Array], 1e-5);
      // In ascending order all the same: to the bit what comes of it in one piece.
      expect(await runKernel(backend, scatter, [indices, randomInputs(scatter, 16)[1] as Float32Array])).toEqual(await runKernel(await makeBackend(), scatter, [indices, randomInputs(scatter, 16)[1] as Float32Array]));
    }
    expect(() => programOf({ kind: 'gather', dtype: 'float32', rows: 100, width: 100, count: 1 }, small)).toThrow(/64 rows of 100 elements have 25600 bytes, this device binds 4096 at a time/u);
  });
});
