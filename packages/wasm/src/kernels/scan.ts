import { planOf } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import { Layout } from '../scan/layout.ts';
import { emitScan } from '../scan/program.ts';
import type { Compile } from './compile.ts';

/** A whole recurrence over time as one function: forward or backward, whatever the step's graph says. */
export const compileScan: Compile<ScanKernel> = (kernel, machine) => {
  const layout = new Layout(kernel, planOf(kernel.step, kernel.masked), machine.profile);
  const base = machine.heap.scratch(layout.bytes);
  return machine.build((module, name) => emitScan(module, kernel, layout, base, { constants: machine.heap.constants, profile: machine.profile }, name));
};
