import { hostArray, inputsOf, outputsOf, referenceKernel, sizeOf, type MatMulKernel } from '@unroll/tensor/backend';
import { describe, expect, test } from 'vitest';
import { WasmBuffer } from '../buffer.ts';
import { Heap } from '../memory.ts';
import { relaxedSimdSupported } from '../probe.ts';
import { profiles } from '../profile.ts';
import { Machine } from './compile.ts';
import { compileMatMul } from './matmul.ts';

relaxedSimdSupported();
const machines = (['turbofan', 'turboshaft', 'revectorize', 'deterministic'] as const).map((name) => [name, new Machine(new Heap({ shared: true }), profiles[name])] as const);

const plain: MatMulKernel = { kind: 'matmul', dtype: 'float32', batch: 1, m: 1, n: 1, k: 1, transposeA: false, transposeB: false, sharedA: false, sharedB: false, bias: false };

/** The largest difference between the backend and the definition, relative where values are large. */
function difference(machine: Machine, kernel: MatMulKernel): number {
  const { heap } = machine;
  let seed = 3;
  const next = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return kernel.dtype === 'int32' ? seed >> 8 : seed / 2 ** 31 - 1;
  };
  const inputs = inputsOf(kernel).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)).map(next));
  const outputs = outputsOf(kernel).map(({ shape, dtype }) => hostArray(dtype, sizeOf(shape)));
  referenceKernel(kernel, inputs, outputs);
  const view = ({ address, bytes }: { address: number; bytes: number }): Float32Array | Int32Array =>
    (kernel.dtype === 'int32' ? heap.views.int32 : heap.views.float32).subarray(address / 4, (address + bytes) / 4);
  const blocks = [...inputs, ...outputs].map((array) => new WasmBuffer(heap, array.byteLength));
  inputs.forEach((array, index) => view(blocks[index] as never).set(array));
  const result = blocks.at(-1) as (typeof blocks)[number];
  view(result).fill(7);
  const addresses = blocks.map(({ address }) => address);
  const product = compileMatMul(kernel, machine);
  // The second time B is packed for good, the third time it is found packed.
  for (let k = 0; k < 3; k++) product(addresses.slice(0, -1), addresses.slice(-1), blocks.slice(0, -1));
  const expected = outputs[0] ?? new Float32Array();
  const errors = Array.from(view(result), (value, index) => Math.abs(value - (expected[index] as number)) / Math.max(1, Math.abs(expected[index] as number)));
  for (const block of blocks) block.free();
  return Math.max(0, ...errors);
}

describe.each(machines)('products on %s', (_, machine) => {
  const sizes = [[1, 1, 1], [1, 9, 5], [2, 65, 128], [3, 7, 4], [4, 1030, 20], [5, 1030, 20], [13, 40, 33], [64, 512, 30], [65, 100, 30], [150, 30, 700]] as const;
  test.each(sizes)('%i × %i × %i, either operand transposed, with and without bias', (m, n, k) => {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        for (const bias of [false, true]) expect(difference(machine, { ...plain, m, n, k, transposeA, transposeB, bias })).toBeLessThan(2e-6 * Math.sqrt(k));
      }
    }
  });

  test('batches, with operands of their own or shared', () => {
    for (const sharedA of [false, true]) {
      for (const sharedB of [false, true]) {
        for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]] as const) {
          for (const n of [3, 20]) expect(difference(machine, { ...plain, batch: 3, m: 5, n, k: 7, sharedA, sharedB, transposeA, transposeB, bias: n === 20 })).toBeLessThan(1e-5);
        }
      }
    }
  });

  test('nothing: no rows, no columns, no terms, no batch', () => {
    for (const empty of [{ m: 0 }, { n: 0 }, { k: 0 }, { batch: 0 }]) {
      for (const transposeA of [false, true]) {
        for (const n of [3, 20]) expect(difference(machine, { ...plain, batch: 2, m: 5, n, k: 7, bias: true, transposeA, ...empty })).toBeLessThan(1e-5);
      }
    }
  });

  test('integers are exact, modulo 2³²', () => {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        for (const bias of [false, true]) expect(difference(machine, { ...plain, dtype: 'int32', batch: 2, m: 3, n: 9, k: 7, transposeA, transposeB, bias })).toBe(0);
      }
    }
  });
});
