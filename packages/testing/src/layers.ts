import { valueAndGrad } from '@unroll/autograd';
import { cells, type Cell } from '@unroll/cells';
import { topological } from '@unroll/expr';
import { LayerError, Recurrent, type ForwardOptions, type RecurrentOptions, type RecurrentState } from '@unroll/layers';
import { add, Generator, memory, mul, reference, scope, sum, tensor, use, type Backend, type DType, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { randomNumbers, worstError } from './numbers.ts';

/** Options of a layer and of its forward pass. */
export interface LayerVariant {
  readonly name: string;
  readonly options: RecurrentOptions;
  readonly forward?: 'lengths' | 'mask' | 'both';
  /** Default true: with noise, where the options say so. */
  readonly training?: boolean;
}

/** Every option, by itself and with others. */
export const layerVariants: readonly LayerVariant[] = [
  { name: 'plain', options: {} },
  { name: 'lengths', options: {}, forward: 'lengths' },
  { name: 'mask, outputs held', options: { maskedOutputs: 'held' }, forward: 'mask' },
  { name: 'backwards, lengths', options: { goBackwards: true }, forward: 'lengths' },
  { name: 'two layers, bidirectional, lengths', options: { numLayers: 2, bidirectional: true, batchFirst: true }, forward: 'lengths' },
  { name: 'bidirectional, average, mask, last output', options: { bidirectional: true, mergeMode: 'average', returnSequences: false }, forward: 'mask' },
  { name: 'two layers, bidirectional, mul', options: { numLayers: 2, bidirectional: true, mergeMode: 'mul' } },
  { name: 'input dropout', options: { inputDropout: 0.4 } },
  { name: 'recurrent dropout', options: { recurrentDropout: 0.4 }, forward: 'lengths' },
  { name: 'zoneout', options: { zoneout: 0.3 }, forward: 'mask' },
  { name: 'zoneout and dropout in evaluation', options: { zoneout: 0.3, inputDropout: 0.4, dropout: 0.5, numLayers: 2 }, training: false },
  { name: 'projection', options: { projSize: 2, numLayers: 2 }, forward: 'lengths' },
  { name: 'in pieces, two layers, bidirectional, lengths', options: { checkpointEvery: 3, numLayers: 2, bidirectional: true }, forward: 'lengths' },
  { name: 'projection with noise', options: { projSize: 2, bidirectional: true, recurrentDropout: 0.3, inputDropout: 0.2, zoneout: 0.2 } },
  {
    name: 'all noise, two layers, bidirectional, both masks, outputs held',
    options: { numLayers: 2, bidirectional: true, mergeMode: 'none', maskedOutputs: 'held', dropout: 0.2, inputDropout: 0.2, zoneout: 0.2, goBackwards: true, bias: false }, forward: 'both',
  },
];

/** T, B, I, H. */
export interface LayerSizes { readonly steps: number; readonly batch: number; readonly inputSize: number; readonly hiddenSize: number }

/** A layer with everything that one forward pass of it takes. */
export interface LayerCase {
  readonly layer: Recurrent;
  /** Parameters, `input`, and states by their names: all that there is a gradient for. */
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly forward: ForwardOptions;
  /** Results by name; noise is the same each time. */
  readonly run: () => Record<string, Tensor>;
}

/** Whether a cell can have the options; where it cannot, it says so in a `LayerError`. */
export function fits(cell: Cell, { options }: LayerVariant): boolean {
  const before = use(reference());
  try {
    new Recurrent(cell, 1, 3, options).dispose();
    return true;
  } catch (error) {
    if (error instanceof LayerError) return false;
    throw error;
  } finally {
    use(before);
  }
}

/** A layer on the backend in use, with numbers that are the same on every backend. */
export function layerCase(cell: Cell, { options, forward, training = true }: LayerVariant, sizes: LayerSizes, dtype: DType): LayerCase {
  const { steps, batch, inputSize, hiddenSize } = sizes;
  const generator = new Generator(5);
  const layer = new Recurrent(cell, inputSize, hiddenSize, { ...options, dtype, generator }).train(training);
  const numbers = (shape: readonly number[], seed: number, change: (u: number) => number): Tensor => {
    const data = Array.from(randomNumbers(shape.reduce((product, length) => product * length, 1), seed), change);
    return tensor(Float64Array.from(data), { shape, dtype });
  };
  scope(() => Object.entries(layer.parameters()).forEach(([name, parameter], k) => {
    const middle = cell.start[name.replace(/_l\d.*/, '')] ?? 0;
    parameter.assign(numbers(parameter.shape, k, (u) => middle + u / Math.sqrt(hiddenSize)));
  }));
  const input = numbers(options.batchFirst === true ? [batch, steps, inputSize] : [steps, batch, inputSize], 100, (u) => u);
  // Away from 0, where a cell with a normaliser would divide by it.
  const states = layer.stateShapes(batch).map((shape, k) => numbers(shape, 200 + k, (u) => 0.75 + u / 2));
  const forwardOptions = optionsFor(forward, sizes, options.batchFirst === true);
  const start = generator.state();
  return {
    layer,
    leaves: { ...layer.parameters(), input, ...Object.fromEntries(cell.state.map((name, k) => [`${name}_0`, states[k] as Tensor])) },
    forward: forwardOptions,
    run: () => {
      generator.restore(start);
      const [output, after] = layer.forward(input, states.length === 1 ? states[0] : states, forwardOptions);
      return { output, ...named(cell, after) };
    },
  };
}

/** A fixed weighted sum of all results, so that the gradient by each element counts. */
export function weightedSum(results: Readonly<Record<string, Tensor>>): Tensor {
  const parts = Object.values(results).map((part, k) => {
    const weights = Float64Array.from({ length: part.size }, (_, j) => Math.cos(1 + 3 * k + 1.7 * j) + 0.2);
    return sum(mul(part, tensor(weights, { shape: part.shape, dtype: part.dtype })));
  });
  return parts.reduce((total, part) => add(total, part));
}

const layerSizes: readonly LayerSizes[] = [{ steps: 5, batch: 3, inputSize: 3, hiddenSize: 5 }, { steps: 4, batch: 5, inputSize: 7, hiddenSize: 33 }];

/**
 * Every cell of the registry with every option, in float32 on a backend: results and gradients are those of the reference. Masks of
 * dropout and zoneout are the same on both, or nothing would agree.
 *
 * Where compiling is slow: one of `every` pairs of cell and option, so that each cell and each option has its turn, at one of the sizes.
 */
export function layerSuite(name: string, makeBackend: () => Backend | Promise<Backend>, tolerance: number, every = 1): void {
  describe.each(Object.values(cells).map((cell, index) => ({ name: cell.name, cell, index })))(`${name}: layers of $name`, ({ cell, index }) => {
    const bound = normalizes(cell) ? 10 * tolerance : tolerance;
    const fitting = layerVariants.filter((variant) => fits(cell, variant));
    const turn = fitting.filter((_, k) => (k + index) % Math.min(every, fitting.length) === 0);
    test.each(turn)('$name', async (variant) => {
      const backend = await makeBackend();
      for (const sizes of every === 1 ? layerSizes : layerSizes.slice(0, 1)) {
        const expected = await numbersOn(reference(), cell, variant, sizes);
        const got = await numbersOn(backend, cell, variant, sizes);
        expect([...got.keys()]).toEqual([...expected.keys()]);
        for (const [result, values] of expected) expect(worstError(values, got.get(result) ?? []), `${result}, H = ${sizes.hiddenSize}`).toBeLessThan(bound);
      }
      expect(memory().bytes).toBe(0);
    });
  });
}

// Private.

// Dividing by the spread of a few channels multiplies what rounding left.
function normalizes({ values }: Cell): boolean {
  return topological(values.map(({ value }) => value)).some(({ kind }) => kind === 'mean');
}

function named(cell: Cell, after: RecurrentState): Record<string, Tensor> {
  const states: readonly Tensor[] = Array.isArray(after) ? after : [after];
  return Object.fromEntries(cell.state.map((state, k) => [state, states[k] as Tensor]));
}

function optionsFor(forward: LayerVariant['forward'], { steps, batch }: LayerSizes, batchFirst: boolean): ForwardOptions {
  // The longest row is not the first one, one row has a single step.
  const lengths = Array.from({ length: batch }, (_, row) => (row === batch - 1 ? steps : 1 + ((row * 2) % steps)));
  // One row without any step.
  const flag = (time: number, row: number): boolean => row !== 0 && (time + 2 * row) % 3 !== 0;
  const mask = batchFirst
    ? Array.from({ length: batch }, (_, row) => Array.from({ length: steps }, (_, time) => flag(time, row)))
    : Array.from({ length: steps }, (_, time) => Array.from({ length: batch }, (_, row) => flag(time, row)));
  return { ...(forward === 'lengths' || forward === 'both' ? { lengths } : {}), ...(forward === 'mask' || forward === 'both' ? { mask } : {}) };
}

/** Results and gradients as numbers, by name. */
async function numbersOn(backend: Backend, cell: Cell, variant: LayerVariant, sizes: LayerSizes): Promise<Map<string, ArrayLike<number>>> {
  const before = use(backend);
  try {
    const { layer, leaves, run } = layerCase(cell, variant, sizes, 'float32');
    const { aux, gradients, value } = valueAndGrad({ parameters: () => leaves }, () => {
      const results = run();
      return [weightedSum(results), results] as const;
    })();
    const tensors = { ...aux, ...Object.fromEntries(Object.entries(gradients).map(([key, gradient]) => [`gradient of ${key}`, gradient])) };
    const numbers = await Promise.all(Object.entries(tensors).map(async ([key, one]) => [key, await one.data()] as const));
    for (const one of [layer, value, ...Object.values(leaves), ...Object.values(tensors)]) one.dispose();
    return new Map(numbers);
  } finally {
    use(before);
  }
}
