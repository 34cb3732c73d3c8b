import type { Backend } from './backend.ts';
import { check } from './errors.ts';
import { kernelKey, type Kernel } from './kernel.ts';

/** Kernels by the backend that would have run them, each once. */
type Withheld = Map<Backend, Map<string, Kernel>>;

let withheld: Withheld | undefined;

/** The kernels that `body` would run. Nothing is computed: its tensors have their shapes, and no numbers. */
export function kernelsOf(body: () => unknown): readonly (readonly [Backend, readonly Kernel[]])[] {
  const before = withheld;
  const own: Withheld = new Map();
  withheld = own;
  try {
    body();
  } finally {
    withheld = before;
  }
  return [...own].map(([backend, kernels]) => [backend, [...kernels.values()]]);
}

/** Whether nothing is to be computed now; the kernel is noted then. */
export function isWithheld(backend: Backend, kernel: Kernel): boolean {
  if (withheld === undefined) return false;
  const known = withheld.get(backend) ?? new Map<string, Kernel>();
  known.set(kernelKey(kernel), kernel);
  withheld.set(backend, known);
  return true;
}

/** Refuses what would put tensors without numbers in the place of others. */
export function checkComputing(what: string): void {
  check(withheld === undefined, 'argument', () => `${what}: compile() runs its function without computing, so it must not change tensors; leave the optimiser's step out.`);
}
