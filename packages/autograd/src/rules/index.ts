import type { Tensor } from '@unroll/tensor';
import type { Kernel, KernelKind } from '@unroll/tensor/backend';
import { copy } from './copy.ts';
import { gather, scatter } from './gather.ts';
import { map } from './map.ts';
import { matmul } from './matmul.ts';
import { random } from './random.ts';
import { reduce } from './reduce.ts';
import type { Pull, Rule, Saves } from './rule.ts';
import { extendScan, scan } from './scan.ts';

type Rules = { readonly [K in KernelKind]: Rule<Extract<Kernel, { kind: K }>> };

/** One row for every kind of kernel. A new kind does not compile until it has its row here. */
const rules: Rules = { map, reduce, matmul, gather, scatter, copy, random, scan };

/** The kernel with the further outputs that its rule reads. Extending twice changes nothing. */
export function extend(kernel: Kernel): Kernel {
  return kernel.kind === 'scan' ? extendScan(kernel) : kernel;
}

/** What has to be saved, where the gradients by the inputs `wanted` will be asked for. */
export function savesOf(kernel: Kernel, wanted: readonly boolean[]): Saves {
  return ruleOf(kernel).saves(kernel, wanted);
}

/** The gradients by the inputs. */
export function pull(kernel: Kernel, values: Pull): readonly (Tensor | undefined)[] {
  return ruleOf(kernel).pull(kernel, values);
}

// The row for a kernel's kind takes that kind; TypeScript lets it pass, since `Rule` has methods, whose parameters it compares both ways.
function ruleOf(kernel: Kernel): Rule<Kernel> {
  return rules[kernel.kind];
}
