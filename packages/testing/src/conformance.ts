import type { Backend, DType, ScanKernel } from '@unroll/tensor/backend';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectConforming, type Case } from './conformance/compare.ts';
import { conversions, copies, draws, edges, inputsFor, integerMaps, lookups, maps, products, reductions } from './conformance/kernels.ts';
import { steps, type NamedStep } from './conformance/steps.ts';

/** Largest errors, absolute below 1 and relative above. */
interface Tolerances { readonly map: number; readonly reduce: number; readonly matmul: number; readonly scan: number }

const tolerances: Readonly<Record<'float32' | 'float64', Tolerances>> = {
  float32: { map: 3e-6, reduce: 1e-5, matmul: 1e-5, scan: 3e-5 },
  float64: { map: 1e-13, reduce: 1e-13, matmul: 1e-13, scan: 1e-12 },
};

/** How much is tried. `short` is for devices that take seconds to compile what others compile in milliseconds: fewer kernels, of every kind. */
export type Extent = 'full' | 'short';

/**
 * What every backend must do, kernel by kernel: random kernels of each kind, compared with the definition in float64. Call it at the
 * top of a test file. Seeds are fixed: a failure comes again, and prints the smallest kernel that shows it.
 */
export function conformance(name: string, makeBackend: () => Backend | Promise<Backend>, extent: Extent = 'full'): void {
  const kernelsOf = (what: string, dtype: DType, make: typeof makeBackend, cases: fc.Arbitrary<Case>, tolerance: number): void => kernelCases(what, dtype, make, cases, tolerance, extent);
  describe(`${name} conforms${extent === 'full' ? '' : ', in short'}`, () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const bounds = tolerances[dtype];
      kernelsOf('map', dtype, makeBackend, maps(dtype), bounds.map);
      kernelsOf('conversion', dtype, makeBackend, conversions(dtype), 0);
      edgesOf(dtype, makeBackend, bounds.map);
      kernelsOf('reduce', dtype, makeBackend, reductions(dtype), bounds.reduce);
      kernelsOf('matmul', dtype, makeBackend, products(dtype), bounds.matmul);
      kernelsOf('gather and scatter', dtype, makeBackend, lookups(dtype), bounds.reduce);
      kernelsOf('copy', dtype, makeBackend, copies(dtype), 0);
      kernelsOf('random', dtype, makeBackend, draws(dtype), bounds.map);
      recurrences(dtype, makeBackend, bounds.scan, extent);
    }
    kernelsOf('map', 'int32', makeBackend, integerMaps(), 0);
    kernelsOf('reduce', 'int32', makeBackend, reductions('int32'), 0);
    kernelsOf('gather and scatter', 'int32', makeBackend, lookups('int32'), 0);
    kernelsOf('copy', 'int32', makeBackend, copies('int32'), 0);
    test('has float32 and int32', async () => {
      const backend = await makeBackend();
      expect([backend.supports('float32'), backend.supports('int32')]).toEqual([true, true]);
    });
  });
}

const runs: Readonly<Record<Extent, number>> = { full: 150, short: 30 };

/** Recurrences of every kind, forward and backward, of H channels, each with inputs. */
export function recurrentCases({ H, ...rest }: Extents & Way, dtype: 'float32' | 'float64' = 'float32'): (Case & { readonly name: string; readonly kernel: ScanKernel })[] {
  return steps(H).map((named) => ({ name: named.name, ...scanCase(named, dtype, rest) }));
}

function kernelCases(what: string, dtype: DType, makeBackend: () => Backend | Promise<Backend>, cases: fc.Arbitrary<Case>, tolerance: number, extent: Extent): void {
  test(`${what}, ${dtype}`, async ({ skip }) => {
    const backend = await makeBackend();
    if (!backend.supports(dtype)) skip(`${backend.name} has no ${dtype}`);
    await fc.assert(fc.asyncProperty(cases, (one) => expectConforming(backend, one, tolerance)), { numRuns: runs[extent], seed: 20 });
  });
}

function edgesOf(dtype: DType, makeBackend: () => Backend | Promise<Backend>, tolerance: number): void {
  test(`every operation at the edges, ${dtype}`, async ({ skip }) => {
    const backend = await makeBackend();
    if (!backend.supports(dtype)) skip(`${backend.name} has no ${dtype}`);
    for (const one of edges(dtype)) await expectConforming(backend, one, tolerance);
  });
}

interface Extents { readonly H: number; readonly steps: number; readonly batch: number }
type Way = Pick<ScanKernel, 'reverse' | 'masked'>;

const sizes: readonly Extents[] = [{ H: 1, steps: 3, batch: 2 }, { H: 3, steps: 1, batch: 1 }, { H: 5, steps: 4, batch: 3 }, { H: 16, steps: 2, batch: 4 }, { H: 33, steps: 3, batch: 5 }, { H: 4, steps: 0, batch: 2 }, { H: 4, steps: 2, batch: 0 }];
const ways: readonly Way[] = [{ reverse: false, masked: false }, { reverse: true, masked: false }, { reverse: false, masked: true }, { reverse: true, masked: true }];

/** Which sizes are run in which ways. */
const recurrent: Readonly<Record<Extent, readonly (Extents & Way)[]>> = {
  full: sizes.flatMap((size) => ways.map((way) => ({ ...size, ...way }))),
  short: [{ H: 5, steps: 4, batch: 3, reverse: false, masked: false }, { H: 33, steps: 3, batch: 5, reverse: true, masked: true }],
};

function recurrences(dtype: 'float32' | 'float64', makeBackend: () => Backend | Promise<Backend>, tolerance: number, extent: Extent): void {
  test.for(steps(1).map((step, index) => ({ name: step.name, index })))(`scan, ${dtype}: $name`, async ({ index }, { skip }) => {
    const backend = await makeBackend();
    if (!backend.supports(dtype)) skip(`${backend.name} has no ${dtype}`);
    for (const { H, ...rest } of recurrent[extent]) await expectConforming(backend, scanCase(steps(H)[index] as NamedStep, dtype, rest), tolerance);
  });
}

function scanCase({ step }: NamedStep, dtype: DType, rest: Pick<ScanKernel, 'steps' | 'batch' | 'reverse' | 'masked'>): Case & { readonly kernel: ScanKernel } {
  const kernel: ScanKernel = { kind: 'scan', step, dtype, ...rest };
  const firstSequence = step.states.length;
  const isSequence = (index: number): boolean => index >= firstSequence && index < firstSequence + step.sequences.length;
  const last = step.states.length + step.sequences.length + step.vectors.length + step.weights.reduce((sum, { bias }) => sum + (bias ? 2 : 1), 0);
  const inputs = inputsFor(kernel, 11, (u, { dtype: own, index }) => {
    if (own === 'int32') return Math.round(u * 2 ** 31);
    if (index >= last) return u > -0.3 ? 1 : 0;
    // Away from 0: the backward of a root divides by it.
    return isSequence(index) ? 0.75 + 0.5 * u : u / 2;
  });
  return { kernel, inputs };
}
