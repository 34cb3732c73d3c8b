import type { MatMulKernel } from '@unroll/tensor/backend';
import { Gemm, packedBytes, scratchBytes } from '../gemm/gemm.ts';
import { emitIntegerProduct } from '../gemm/integer.ts';
import type { Profile } from '../profile.ts';
import type { Compile, Exported, Machine, Run } from './compile.ts';

/** Up to so many rows, B is read in place whatever its size: packing it costs more than it saves. */
const fewRows = 4;
/** B with rows up to this length is quick to read in place; longer ones meet in the same lines of the cache. */
const directColumns = 512;
const directRows = 64;

const names = ['pack', 'product', 'direct', 'integerProduct'] as const;
type Functions = Readonly<Record<(typeof names)[number], Exported>>;

/** Batched matrix products. One module, shared by all of them, serves every size. */
export const compileMatMul: Compile<MatMulKernel> = (kernel, machine) => {
  const functions = machine.shared('matmul', () => functionsOf(machine));
  const shape = folded(kernel);
  if (kernel.dtype === 'int32') return integer(shape, functions);
  return isDirect(shape, machine.profile) ? direct(shape, functions) : packed(shape, functions, machine);
};

/** With one B for all, the rows of all A are rows of one product. */
function folded(kernel: MatMulKernel): MatMulKernel {
  return kernel.sharedB && !kernel.sharedA && !kernel.transposeA ? { ...kernel, m: kernel.batch * kernel.m, batch: 1 } : kernel;
}

function isDirect({ m, n, transposeA, transposeB }: MatMulKernel, { nr }: Profile): boolean {
  if (transposeA || transposeB || n < nr) return false;
  return m <= fewRows || (m <= directRows && n <= directColumns);
}

function direct(kernel: MatMulKernel, functions: Functions): Run {
  const { m, n, k } = kernel;
  return each(kernel, (_, a, b, c, bias) => functions.direct(a, k * 4, b, n * 4, c, n * 4, m, n, k, bias, 0));
}

function packed(kernel: MatMulKernel, { pack, product }: Functions, { heap, profile }: Machine): Run {
  const { m, n, k, transposeA, transposeB, sharedB, batch } = kernel;
  const scratch = heap.scratch(scratchBytes(profile) + packedBytes(k, n, profile));
  const target = scratch + scratchBytes(profile);
  const [aRow, aStep] = transposeA ? [4, m * 4] : [k * 4, 4];
  const [bStep, bColumn] = transposeB ? [4, k * 4] : [n * 4, 4];
  const fill = (source: number, to: number): void => pack(source, bStep, bColumn, k, n, to);
  const multiply = (a: number, b: number, c: number, bias: number): void => product(a, aRow, aStep, b, c, n * 4, m, n, k, bias, 0, scratch);
  if (batch === 1 || sharedB) {
    const form = { key: `0 ${bStep} ${k} ${n} ${profile.nr}`, bytes: packedBytes(k, n, profile), fill };
    let packedB = 0;
    const all = each(kernel, (_, a, __, c, bias) => multiply(a, packedB, c, bias));
    return (inputs, outputs, operands) => {
      packedB = operands[1]?.form(form, target) ?? 0;
      all(inputs, outputs, operands);
    };
  }
  return each(kernel, (_, a, b, c, bias) => {
    fill(b, target);
    multiply(a, target, c, bias);
  });
}

function integer(kernel: MatMulKernel, { integerProduct }: Functions): Run {
  const { m, n, k, transposeA, transposeB } = kernel;
  const [aRow, aStep] = transposeA ? [4, m * 4] : [k * 4, 4];
  const [bStep, bColumn] = transposeB ? [4, k * 4] : [n * 4, 4];
  return each(kernel, (_, a, b, c, bias) => integerProduct(a, aRow, aStep, b, bStep, bColumn, c, m, n, k, bias));
}

/** Runs `one` for each product of the batch with the addresses of A, B, C and the bias (0: none). */
function each({ batch, m, n, k, sharedA, sharedB }: MatMulKernel, one: (index: number, a: number, b: number, c: number, bias: number) => void): Run {
  const [aSize, bSize] = [sharedA ? 0 : m * k * 4, sharedB ? 0 : k * n * 4];
  return ([a = 0, b = 0, bias = 0], [c = 0]) => {
    for (let index = 0; index < batch; index++) one(index, a + index * aSize, b + index * bSize, c + index * m * n * 4, bias);
  };
}

function functionsOf(machine: Machine): Functions {
  const exports = machine.exports((module) => {
    const gemm = new Gemm(module, machine.profile);
    const functions = { pack: gemm.pack, product: gemm.product, direct: gemm.direct, integerProduct: emitIntegerProduct(module) };
    for (const name of names) module.export(functions[name], name);
  });
  return exports;
}
