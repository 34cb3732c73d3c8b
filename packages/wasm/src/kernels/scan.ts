import { planOf, type Step } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { Form } from '../buffer.ts';
import { Gemm, packedBytes } from '../gemm/gemm.ts';
import { matrixInput } from '../scan/counts.ts';
import { Layout, type Packed } from '../scan/layout.ts';
import { emitScan } from '../scan/program.ts';
import type { Compile, Exported, Machine } from './compile.ts';

/** A whole recurrence over time as one function: forward or backward, whatever the step's graph says. */
export const compileScan: Compile<ScanKernel> = (kernel, machine) => {
  const { heap, profile, pool } = machine;
  const layout = new Layout(kernel, planOf(kernel.step, kernel.masked), profile, pool?.size);
  const base = heap.scratch(layout.bytes);
  const run = machine.team(multiplicationsOf(kernel), (module, name) => emitScan(module, kernel, layout, base, { constants: heap.constants, profile, meeting: pool?.meeting }, name));
  const weights = [...layout.packed].map((piece) => ({ input: matrixInput(kernel.step, piece.weight), working: base + piece.offset, form: formOf(kernel.step, piece, machine) }));
  const parameters = (base + layout.parameters) / 4;
  return (inputs, outputs, operands) => {
    // Nothing is allocated here but what stays: parameters lie in the working memory, where every thread can read them.
    const { int32 } = heap.views;
    let at = parameters;
    for (const address of inputs) int32[at++] = address;
    for (const address of outputs) int32[at++] = address;
    for (const { input, working, form } of weights) {
      const address = operands[input]?.form(form, working) ?? 0;
      // Views anew, since a form may have made the memory grow.
      heap.views.int32[at++] = address;
    }
    run();
  };
};

function multiplicationsOf({ step, steps, batch }: ScanKernel): number {
  return steps * batch * step.weights.reduce((sum, { blocks, rows, columns }) => sum + blocks * rows * columns, 0);
}

/** A run of blocks of a weight as panels; a weight's rows are the product's columns, unless it is transposed. */
function formOf({ weights }: Step, { weight, transposed, run, k, n, nr }: Packed, machine: Machine): Form {
  const { rows, columns } = weights[weight] as Step['weights'][number];
  const pack = machine.shared(`pack ${nr}`, () => packer(machine, nr));
  const [stepK, stepN] = transposed ? [columns * 4, 4] : [4, columns * 4];
  const from = run.first * rows * columns * 4;
  return { key: `${from} ${stepK} ${k} ${n} ${nr}`, bytes: packedBytes(k, n, { nr }), fill: (source, target) => pack(source + from, stepK, stepN, k, n, target) };
}

function packer(machine: Machine, nr: number): Exported {
  return machine.function((module, name) => module.export(new Gemm(module, { ...machine.profile, nr }).pack, name));
}
