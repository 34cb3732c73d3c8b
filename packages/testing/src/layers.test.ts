import { valueAndGrad } from '@unroll/autograd';
import { cells, type Cell } from '@unroll/cells';
import { Recurrent, type RecurrentState } from '@unroll/layers';
import { Generator, narrow, normal, reference, scope, squeeze, tensor, use, type Tensor } from '@unroll/tensor';
import { describe, expect, test } from 'vitest';
import { fits, layerCase, layerVariants, weightedSum, type LayerSizes, type LayerVariant } from './layers.ts';
import { randomNumbers, worstError } from './numbers.ts';

// Every cell of the registry with every option of the layers, in float64 on the reference backend.

use(reference());

const dtype = 'float64';
const sizes: LayerSizes = { steps: 4, batch: 3, inputSize: 2, hiddenSize: 3 };

test('what a cell cannot have is known', () => {
  const unfit = Object.fromEntries(layerVariants.map((variant) => [variant.name, Object.values(cells).filter((cell) => !fits(cell, variant)).map(({ name }) => name)] as const).filter(([, names]) => names.length > 0));
  const withoutProducts = ['indrnn', 'mingru', 'minlstm'];
  // Cells that combine the first state with others channel by channel.
  const blending = ['indrnn', 'mingru', 'minlstm', 'mgu', 'gru', 'gru-original', 'gru-layernorm'];
  expect(unfit).toEqual({ 'recurrent dropout': withoutProducts, 'projection': blending, 'projection with noise': blending });
});

describe.each(Object.values(cells))('$name', (cell) => {
  test.each(layerVariants.filter((variant) => fits(cell, variant)))('gradients are those of differences: $name', async (variant) => {
    const one = layerCase(cell, variant, sizes, dtype);
    const loss = (): Tensor => scope(() => weightedSum(one.run()));
    const { gradients, value } = valueAndGrad({ parameters: () => one.leaves }, loss)();
    const errors: [name: string, error: number][] = [];
    for (const [name, leaf] of Object.entries(one.leaves)) {
      const gradient = await (gradients[name] as Tensor).data();
      // Along a direction without pattern: what is wrong in any element shows.
      const direction = Float64Array.from(randomNumbers(leaf.size, leaf.size));
      const analytic = direction.reduce((total, part, k) => total + part * (gradient[k] as number), 0);
      const numeric = await slope(leaf, direction, loss);
      errors.push([name, Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))]);
    }
    expect(errors.length).toBeGreaterThan(3);
    expect(errors.filter(([, error]) => !(error < 1e-7))).toEqual([]);
    for (const made of [one.layer, value, ...Object.values(one.leaves), ...Object.values(gradients)]) made.dispose();
  });

  test.each([{ bidirectional: false }, { bidirectional: true }])('a batch with lengths is its rows one by one, bidirectional $bidirectional', async ({ bidirectional }) => {
    const { layer, input, states } = layerAnd(cell, { bidirectional });
    const lengths = [2, 5, 1];
    const [output, after] = layer.forward(input, states, { lengths });
    for (const [row, length] of lengths.entries()) {
      const alone = squeeze(narrow(narrow(input, 1, row, 1), 0, 0, length), 1);
      const [outputAlone, afterAlone] = layer.forward(alone, rowOf(states, row));
      const ofRow = await numbers(squeeze(narrow(output, 1, row, 1), 1));
      expect(worstError([...(await numbers(outputAlone)), ...Array<number>((5 - length) * layer.outputSize).fill(0)], ofRow)).toBeLessThan(1e-12);
      expect(worstError(await allNumbers(afterAlone), await allNumbers(rowOf(after, row)))).toBeLessThan(1e-12);
    }
  });

  test('a sequence in pieces is the sequence whole, masks included', async () => {
    const { layer, input, states } = layerAnd(cell, {});
    const mask = [[true, false, true], [false, false, false], [true, false, false], [true, true, false], [false, true, true]];
    const [whole, last] = layer.forward(input, states, { mask });
    let state = states;
    const pieces: number[] = [];
    for (const [from, to] of [[0, 2], [2, 3], [3, 5]] as const) {
      const [output, next] = layer.forward(narrow(input, 0, from, to - from), state, { mask: mask.slice(from, to) });
      pieces.push(...(await numbers(output)));
      state = next;
    }
    expect(worstError(await numbers(whole), pieces)).toBeLessThan(1e-12);
    expect(worstError(await allNumbers(last), await allNumbers(state))).toBeLessThan(1e-12);
  });

  test('backwards is forwards over each row turned round', async () => {
    const { layer, input, states } = layerAnd(cell, { numLayers: 1 });
    const backwards = new Recurrent(cell, 2, 3, { dtype, goBackwards: true });
    backwards.loadStateDict(layer.stateDict());
    const lengths = [3, 5, 4];
    const [output, after] = backwards.forward(input, states, { lengths });
    for (const [row, length] of lengths.entries()) {
      const turned = Array.from({ length }, (_, t) => length - 1 - t).map((t) => squeeze(narrow(squeeze(narrow(input, 1, row, 1), 1), 0, t, 1), 0));
      const steps = await Promise.all(turned.map((step) => numbers(step)));
      const [outputAlone, afterAlone] = layer.forward(tensor(steps, { dtype }), rowOf(states, row));
      const ofRow = await numbers(squeeze(narrow(output, 1, row, 1), 1));
      // In the order of reading, so what is not read comes first.
      expect(worstError([...Array<number>((5 - length) * 3).fill(0), ...(await numbers(outputAlone))], ofRow)).toBeLessThan(1e-12);
      expect(worstError(await allNumbers(afterAlone), await allNumbers(rowOf(after, row)))).toBeLessThan(1e-12);
    }
  });
});

function layerAnd(cell: Cell, options: LayerVariant['options']): { layer: Recurrent; input: Tensor; states: RecurrentState } {
  const generator = new Generator(11);
  const layer = new Recurrent(cell, 2, 3, { numLayers: 2, dtype, generator, ...options });
  const states = layer.stateShapes(3).map((shape) => normal(shape, { dtype, generator }));
  return { layer, input: normal([5, 3, 2], { dtype, generator }), states: states.length === 1 ? (states[0] as Tensor) : states };
}

/** The states of one row, without a batch axis. */
function rowOf(states: RecurrentState, row: number): RecurrentState {
  const pick = (state: Tensor): Tensor => squeeze(narrow(state, 1, row, 1), 1);
  return Array.isArray(states) ? (states as readonly Tensor[]).map(pick) : pick(states as Tensor);
}

async function numbers(of: Tensor): Promise<number[]> {
  return [...(await of.data())];
}

async function allNumbers(state: RecurrentState): Promise<number[]> {
  const list: readonly Tensor[] = Array.isArray(state) ? state : [state];
  return (await Promise.all(list.map(numbers))).flat();
}

/** The slope of f(x + h v) at h = 0, from four values; two are too few where a norm over three channels bends strongly. */
async function slope(leaf: Tensor, direction: Float64Array, loss: () => Tensor): Promise<number> {
  const h = 1e-5;
  const data = Float64Array.from(await leaf.data());
  const at = async (change: number): Promise<number> => {
    scope(() => leaf.assign(tensor(data.map((value, k) => value + change * (direction[k] as number)), { shape: leaf.shape, dtype })));
    const value = loss();
    const number = await value.item();
    value.dispose();
    return number;
  };
  // (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h
  const difference = (8 * (await at(h) - await at(-h)) - (await at(2 * h) - await at(-2 * h))) / (12 * h);
  scope(() => leaf.assign(tensor(data, { shape: leaf.shape, dtype })));
  return difference;
}
