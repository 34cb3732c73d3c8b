import { add, exp, input, mul, sigmoid, tanh } from '@unroll/expr';
import type { Distribution, DType, Kernel, MapKernel, MatMulKernel, ReduceOp } from '@unroll/tensor/backend';
import { describe, expect, test } from 'vitest';
import { programOf, shadersOf } from './compile.ts';
import { openDevice } from './probe.ts';
import { anyDevice } from './program.ts';
import { refusalsOf } from './testing/refusals.ts';

const [x, y] = [input('x0'), input('x1')];
const product: MatMulKernel = { kind: 'matmul', dtype: 'float32', batch: 1, m: 50, n: 40, k: 30, transposeA: false, transposeB: true, sharedA: false, sharedB: false, bias: true };

const gate: MapKernel = { kind: 'map', bodies: [mul(sigmoid(x), tanh(y)), exp(x)], shape: [4, 3], inputs: [{ shape: [4, 3], dtype: 'float32' }, { shape: [3], dtype: 'int32' }], compute: 'float32', dtype: 'float32' };
const counting: Kernel = { kind: 'map', bodies: [add(mul(x, y), 1)], shape: [6], inputs: [{ shape: [6], dtype: 'int32' }, { shape: [], dtype: 'int32' }], compute: 'int32', dtype: 'int32' };

const types: readonly DType[] = ['float32', 'int32'];
const flags = [false, true];

/** A kernel for each code that there can be, but for maps and scans, of which there is no end. */
const kernels: readonly Kernel[] = [
  gate, counting, { ...counting, compute: 'float32' },
  ...types.flatMap((dtype) => (['sum', 'max', 'min', 'argmax'] satisfies ReduceOp[]).flatMap((op) => [1, 20].map((inner): Kernel => ({ kind: 'reduce', op, dtype, outer: 2, length: 5000, inner })))),
  ...types.map((dtype): Kernel => ({ kind: 'reduce', op: 'sum', dtype, outer: 1, length: 5000, inner: 1 })),
  ...flags.flatMap((transposeA) => flags.flatMap((transposeB) => flags.flatMap((bias) => [50, 48].map((m): Kernel => ({ ...product, m, n: m, k: m, transposeA, transposeB, bias }))))),
  { ...product, dtype: 'int32' }, { ...product, m: 3 }, { ...product, m: 3, transposeA: true, transposeB: false }, { ...product, k: 5000 },
  ...types.flatMap((dtype): Kernel[] => [{ kind: 'gather', dtype, rows: 5, width: 3, count: 4 }, { kind: 'scatter', dtype, rows: 5, width: 3, count: 4 }, { kind: 'scatter', dtype, rows: 4, width: 3, count: 5 }]),
  ...[1, 2, 3].map((rank): Kernel => {
    const shape = Array.from({ length: rank }, () => 3);
    return { kind: 'copy', dtype: 'float32', shape, inputs: [shape], parts: [{ input: 0, shape, from: 0, fromStrides: shape.map((_, k) => 3 ** k), to: 0, toStrides: shape.map((_, k) => 3 ** (rank - 1 - k)) }] };
  }),
  ...types.flatMap((dtype) => (['uniform', 'normal', 'bernoulli'] satisfies Distribution[]).map((distribution): Kernel => ({ kind: 'random', dtype, distribution, shape: [10], seed: [1, 2], probability: 0.5 }))),
];

describe('generated code', () => {
  test.each([['map', gate], ['map of integers', counting], ['reduce', kernels[3] as Kernel], ['scatter', { kind: 'scatter', dtype: 'float32', rows: 4, width: 3, count: 5 } satisfies Kernel], ['random', { kind: 'random', dtype: 'float32', distribution: 'normal', shape: [10], seed: [1, 2], probability: 0 } satisfies Kernel], ['product of few rows', { ...product, m: 2, bias: false }]])('of a %s', (_, kernel) => {
    expect(programOf(kernel).commands.map((command) => (command.kind === 'dispatch' ? command.shader.code : command.kind)).join('\n')).toMatchSnapshot();
  });

  test('of a product, by name', () => {
    expect(programOf(product, anyDevice, '32x32').commands.map((command) => (command.kind === 'dispatch' ? command.shader.code : command.kind)).join('\n')).toMatchSnapshot();
    expect(() => programOf(product, anyDevice, 'rows')).toThrow(/this matmul cannot run as "rows"; it can as .*32x32/u);
  });

  test('depends on sizes only where it has to', () => {
    const codes = (kernel: Kernel): string[] => shadersOf(kernel, anyDevice).map(({ code }) => code).toSorted();
    expect(codes({ ...product, m: 60, n: 44, k: 100 })).not.toEqual(codes(product));
    expect(codes({ ...product, m: 70, n: 60, k: 50 })).toEqual(codes(product));
    expect(codes({ ...gate, shape: [9, 7], inputs: [{ shape: [9, 7], dtype: 'float32' }, { shape: [7], dtype: 'int32' }] })).toEqual(codes(gate));
  });

  test('keeps to the limits of every device', () => {
    for (const kernel of kernels) {
      for (const { bindings, uniforms } of shadersOf(kernel, anyDevice)) {
        expect(bindings.length).toBeLessThanOrEqual(anyDevice.limits.maxStorageBuffersPerShaderStage);
        expect(uniforms).toBeLessThanOrEqual(64);
      }
    }
  });

  test('is accepted, all of it, by a device that runs nothing', async () => {
    // Dawn's null backend: it is there without any driver, and checks code as every other one.
    const { device, target } = await openDevice({ flags: ['backend=null'] });
    const shaders = new Map(kernels.flatMap((kernel) => shadersOf(kernel, target)).map((shader) => [shader.code, shader]));
    expect(await refusalsOf(device, shaders.values())).toEqual([]);
    expect(shaders.size).toBeGreaterThan(100);
    device.destroy();
  });
});
