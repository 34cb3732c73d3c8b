import { cells, stepOf, type Cell, type CellSizes } from '@unroll/cells';
import { differentiate, type Step } from '@unroll/expr';
import { inputsOf, outputsOf, referenceKernel, sizeOf, type Backend, type HostData, type ScanKernel } from '@unroll/tensor/backend';
import { describe, expect, test } from 'vitest';
import { randomNumbers, worstError } from './numbers.ts';

/** Sizes that reach every path of a fused kernel: one of everything, odd edges, whole slabs, several slabs with a rest. */
const shapes: readonly (CellSizes & { readonly steps: number; readonly batch: number })[] = [
  { steps: 1, batch: 1, inputSize: 1, hiddenSize: 1, bias: true },
  { steps: 3, batch: 2, inputSize: 3, hiddenSize: 5, bias: false },
  { steps: 4, batch: 5, inputSize: 7, hiddenSize: 16, bias: true },
  { steps: 5, batch: 3, inputSize: 4, hiddenSize: 33, bias: true },
  { steps: 2, batch: 17, inputSize: 33, hiddenSize: 65, bias: true },
];

/** The forward scan of a cell with all that its backward needs, and the backward scan. */
export function scansOf(cell: Cell, sizes: CellSizes): { readonly forward: Step; readonly backward: Step } {
  const step = stepOf(cell, sizes, cell.state);
  const wanted = [...step.sequences, ...step.vectors, ...step.weights].map(({ name }) => name);
  const { kept, step: backward } = differentiate(step, new Set(cell.state), new Set(wanted));
  return { forward: { ...step, outputs: [...step.outputs, ...kept] }, backward };
}

/** Every cell of the registry on a backend: fused forward and backward scans equal the step-by-step definition, in every variant. */
export function recurrenceSuite(name: string, makeBackend: () => Promise<Backend>, tolerance: number): void {
  describe.each(Object.values(cells))(`${name}: $name`, (cell) => {
    test.each(shapes)('T=$steps B=$batch I=$inputSize H=$hiddenSize bias=$bias', async ({ steps, batch, ...sizes }) => {
      const backend = await makeBackend();
      const { forward, backward } = scansOf(cell, sizes);
      for (const reverse of [false, true]) {
        for (const masked of [false, true]) {
          const common = { kind: 'scan', dtype: 'float32', steps, batch, masked } as const;
          expect(await deviation(backend, { ...common, step: forward, reverse })).toBeLessThan(tolerance);
          expect(await deviation(backend, { ...common, step: backward, reverse: !reverse })).toBeLessThan(tolerance);
        }
      }
      expect(backend.memory().used).toBe(0);
    });
  });
}

/** The largest difference to the reference over all outputs of a kernel, relative where a value is above 1. */
async function deviation(backend: Backend, kernel: ScanKernel): Promise<number> {
  const inputs = randomInputs(kernel);
  const expected = outputsOf(kernel).map(({ shape }) => new Float32Array(sizeOf(shape)));
  referenceKernel(kernel, inputs, expected);
  const got = await dispatched(backend, kernel, inputs);
  return Math.max(...expected.map((numbers, k) => worstError(numbers, got[k] ?? [])));
}

// Weights as small as training starts with, so that errors are those of arithmetic and not of growing numbers.
function randomInputs(kernel: ScanKernel): Float32Array[] {
  const matrices = new Set(kernel.step.weights.map(({ blocks, rows, columns }) => `${blocks * rows} ${columns}`));
  const signatures = inputsOf(kernel);
  return signatures.map(({ shape }, k) => {
    const isMatrix = shape.length === 2 && matrices.has(shape.join(' ')) && k >= kernel.step.states.length;
    const numbers = randomNumbers(sizeOf(shape), k + kernel.steps, isMatrix ? 1 / Math.sqrt(shape[1] ?? 1) : 1);
    return kernel.masked && k === signatures.length - 1 ? numbers.map((number) => (number > -0.3 ? 1 : 0)) : numbers;
  });
}

async function dispatched(backend: Backend, kernel: ScanKernel, inputs: readonly HostData[]): Promise<HostData[]> {
  const from = inputs.map((data) => {
    const buffer = backend.allocate(data.byteLength);
    backend.write(buffer, data);
    return buffer;
  });
  const to = outputsOf(kernel).map(({ shape }) => backend.allocate(sizeOf(shape) * 4));
  backend.dispatch(kernel, from, to);
  const numbers = await Promise.all(to.map((buffer) => backend.read(buffer, 'float32')));
  for (const buffer of [...from, ...to]) backend.free(buffer);
  return numbers;
}

