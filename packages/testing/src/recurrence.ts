import { cells, stepOf, type Cell, type CellSizes } from '@unroll/cells';
import { biasName, differentiate, type SequenceSource, type Step } from '@unroll/expr';
import { inputsOf, outputsOf, referenceKernel, sizeOf, type Backend, type HostData, type ScanKernel } from '@unroll/tensor/backend';
import { describe, expect, test } from 'vitest';
import { randomNumbers, worstError } from './numbers.ts';

/** Sizes that reach every path of a fused kernel: one of everything, odd edges, whole slabs, several slabs with a rest. */
const shapes: readonly (CellSizes & { readonly steps: number; readonly batch: number })[] = [
  { steps: 1, batch: 1, inputSize: 1, hiddenSize: 1, bias: true },
  { steps: 3, batch: 2, inputSize: 3, hiddenSize: 5, bias: false },
  { steps: 4, batch: 1, inputSize: 6, hiddenSize: 19, bias: true },
  { steps: 4, batch: 5, inputSize: 7, hiddenSize: 16, bias: true },
  { steps: 5, batch: 3, inputSize: 4, hiddenSize: 33, bias: true },
  { steps: 2, batch: 17, inputSize: 33, hiddenSize: 65, bias: true },
];

/** The forward scan of a cell with all that its backward needs, and the backward scan. */
export function scansOf(cell: Cell, sizes: CellSizes): { readonly forward: Step; readonly backward: Step; readonly sources: readonly SequenceSource[] } {
  const step = stepOf(cell, sizes, cell.state);
  const wanted = [...step.sequences, ...step.vectors, ...step.weights].map(({ name }) => name);
  const { kept, step: backward, sources } = differentiate(step, new Set(cell.state), new Set(wanted));
  return { forward: { ...step, outputs: [...step.outputs, ...kept] }, backward, sources };
}

/** A layer's kernel forward, and the one that gives its gradients. */
export interface LayerKernels { readonly name: string; readonly forward: ScanKernel; readonly backward: ScanKernel }

/** Sizes of a layer that is as wide as its input. */
interface LayerSizes { readonly steps: number; readonly batch: number; readonly hidden: number }

/** The kernels of the three layers that everybody has, for tests that count. */
export function usualLayers(sizes: LayerSizes): LayerKernels[] {
  return layersOf([cells.rnn, cells.gru, cells.lstm], sizes);
}

/** The kernels of a layer of every cell of the registry, for tests that look at code. */
export function everyLayer(sizes: LayerSizes): LayerKernels[] {
  return layersOf(Object.values(cells), sizes);
}

function layersOf(list: readonly Cell[], { steps, batch, hidden }: LayerSizes): LayerKernels[] {
  return list.map((cell) => {
    const { forward, backward } = scansOf(cell, { inputSize: hidden, hiddenSize: hidden, bias: true });
    const common = { kind: 'scan', dtype: 'float32', steps, batch, masked: false } as const;
    return { name: cell.name, forward: { ...common, step: forward, reverse: false }, backward: { ...common, step: backward, reverse: true } };
  });
}

/**
 * Every cell of the registry on a backend: fused forward and backward scans equal the step-by-step definition, in every variant. Of all
 * pairs of cell and sizes, those with numbers divisible by `every`, where not all can be run.
 */
export function recurrenceSuite(name: string, makeBackend: () => Promise<Backend>, tolerance: number, every = 1): void {
  const pairs = Object.values(cells).flatMap((cell) => shapes.map((shape) => ({ cell, ...shape }))).filter((_, k) => k % every === 0);
  const turns = Object.values(cells).map((cell) => ({ name: cell.name, pairs: pairs.filter((pair) => pair.cell === cell) }));
  describe.each(turns.filter((turn) => turn.pairs.length > 0))(`${name}: $name`, (turn) => {
    test.each(turn.pairs)('T=$steps B=$batch I=$inputSize H=$hiddenSize bias=$bias', async ({ cell, steps, batch, ...sizes }) => {
      const backend = await makeBackend();
      const scans = scansOf(cell, sizes);
      for (const reverse of [false, true]) {
        for (const masked of [false, true]) {
          const common = { kind: 'scan', dtype: 'float32', steps, batch, masked } as const;
          const forward: ScanKernel = { ...common, step: scans.forward, reverse };
          const backward: ScanKernel = { ...common, step: scans.backward, reverse: !reverse };
          const inputs = randomInputs(forward);
          const results = defined(forward, inputs);
          expect(await deviation(backend, forward, inputs)).toBeLessThan(tolerance);
          expect(await deviation(backend, backward, backwardInputs(forward, inputs, results, backward, scans.sources))).toBeLessThan(tolerance);
        }
      }
      expect(backend.memory().used).toBe(0);
    });
  });
}

/** The largest difference to the definition over all outputs of a kernel, relative where a value is above 1. */
async function deviation(backend: Backend, kernel: ScanKernel, inputs: readonly Float32Array[]): Promise<number> {
  const got = await dispatched(backend, kernel, inputs);
  return Math.max(...defined(kernel, inputs).map((numbers, k) => worstError(numbers, got[k] ?? [])));
}

function defined(kernel: ScanKernel, inputs: readonly Float32Array[]): Float32Array[] {
  const outputs = outputsOf(kernel).map(({ shape }) => new Float32Array(sizeOf(shape)));
  referenceKernel(kernel, inputs, outputs);
  return outputs;
}

// Weights as small as training starts with, and states away from zero, by which a cell with a normaliser would divide: errors are to be
// those of the arithmetic, not of numbers that grow.
function randomInputs(kernel: ScanKernel): Float32Array[] {
  const { states, sequences, vectors } = kernel.step;
  const signatures = inputsOf(kernel);
  const inputs = signatures.map(({ shape }, k) => {
    const numbers = randomNumbers(sizeOf(shape), k + kernel.steps, k >= states.length + sequences.length + vectors.length && shape.length === 2 ? 1 / Math.sqrt(shape[1] ?? 1) : 1);
    if (k < states.length) return numbers.map((number) => 1 + number / 2);
    return kernel.masked && k === signatures.length - 1 ? numbers.map((number) => (number > -0.3 ? 1 : 0)) : numbers;
  });
  if (kernel.masked) spoilMasked(kernel, inputs);
  return inputs;
}

// What is masked must not matter, whatever it is.
function spoilMasked({ step: { states, sequences } }: ScanKernel, inputs: readonly Float32Array[]): void {
  const mask = inputs.at(-1) ?? new Float32Array();
  sequences.forEach(({ width }, k) => {
    mask.forEach((valid, row) => { if (valid === 0) inputs[states.length + k]?.fill(NaN, row * width, (row + 1) * width); });
  });
}

/** What a tape would hand to the backward kernel: values of the forward run, and gradients from outside, here random. */
function backwardInputs(forward: ScanKernel, inputs: readonly Float32Array[], results: readonly Float32Array[], backward: ScanKernel, sources: readonly SequenceSource[]): Float32Array[] {
  const { states, sequences, vectors, weights, outputs } = forward.step;
  const names = [...states, ...sequences, ...vectors, ...weights.flatMap(({ name, bias }) => (bias ? [{ name }, { name: biasName(name) }] : [{ name }]))].map(({ name }) => name);
  const input = (name: string): Float32Array => inputs[names.indexOf(name)] as Float32Array;
  const output = (name: string): Float32Array => results[states.length + outputs.findIndex((field) => field.name === name)] as Float32Array;
  const gradients = inputsOf(backward).map(({ shape }, k) => randomNumbers(sizeOf(shape), 1000 + k));
  const read: Readonly<Record<SequenceSource['kind'], (name: string, k: number) => Float32Array>> = {
    kept: output, output, sequence: input, cotangent: (_, k) => gradients[states.length + k] as Float32Array,
  };
  return [
    ...gradients.slice(0, states.length),
    ...sources.map(({ kind, name }, k) => read[kind](name, k)),
    ...[...backward.step.vectors, ...backward.step.weights].map(({ name }) => input(name)),
    ...(forward.masked ? inputs.slice(-1) : []),
  ];
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

