import type { HostData } from '../backend.ts';
import type { Kernel, KernelKind, Signature } from '../kernel.ts';
import { copy } from './copy.ts';
import { gather, scatter } from './gather.ts';
import { map } from './map.ts';
import { matmul } from './matmul.ts';
import { random } from './random.ts';
import { reduce } from './reduce.ts';
import type { KernelRule } from './rule.ts';
import { scan } from './scan.ts';

type Rules = { readonly [K in KernelKind]: KernelRule<Extract<Kernel, { kind: K }>> };

/** Shapes and meaning of every kind of kernel. A new kind does not compile until it has its row here. */
const rules: Rules = { map, reduce, matmul, gather, scatter, copy, random, scan };

/** What the inputs of a kernel must be. */
export function inputsOf(kernel: Kernel): readonly Signature[] {
  return ruleOf(kernel).inputs(kernel);
}

/** What a kernel gives. */
export function outputsOf(kernel: Kernel): readonly Signature[] {
  return ruleOf(kernel).outputs(kernel);
}

/** Runs a kernel on host arrays, by its definition. */
export function referenceKernel(kernel: Kernel, inputs: readonly HostData[], outputs: readonly HostData[]): void {
  ruleOf(kernel).reference(kernel, inputs, outputs);
}

// The row for a kernel's kind takes that kind: methods are compared loosely enough for TypeScript to let all rows pass as one.
function ruleOf(kernel: Kernel): KernelRule<Kernel> {
  return rules[kernel.kind];
}
