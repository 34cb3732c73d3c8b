import { valueAndGrad } from '@unroll/autograd';
import { lstm } from '@unroll/cells';
import { Recurrent } from '@unroll/layers';
import { Generator, mul, reference, scope, sum, tensor, type Backend, type Tensor } from '@unroll/tensor';
import { on } from './workload.ts';

/** Whether a backend computes what it should. */
export interface SelfTest {
  readonly ok: boolean;
  /** Largest difference to the definitions in float64, relative to the largest value of each result. */
  readonly error: number;
  readonly tolerance: number;
}

const tolerance = 2e-4;

/** Runs two layers forwards and backwards, in odd sizes, and compares all results and gradients with the definitions. */
export async function selfTest(backend: Backend): Promise<SelfTest> {
  const [expected, found] = [await results(reference()), await results(backend)];
  const errors = expected.map((values, k) => {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return values.reduce((worst, value, j) => Math.max(worst, distance(value, found[k]?.[j] ?? NaN)), 0) / scale;
  });
  const error = Math.max(...errors);
  return { ok: error <= tolerance, error, tolerance };
}

function distance(a: number, b: number): number {
  return Number.isFinite(b) ? Math.abs(a - b) : Infinity;
}

const [steps, batch, inputSize, hiddenSize] = [7, 3, 5, 19];

async function results(backend: Backend): Promise<number[][]> {
  const layer = on(backend, () => new Recurrent(lstm, inputSize, hiddenSize, { numLayers: 2, generator: new Generator(3) }));
  const tensors = on(backend, () => scope(() => computed(layer)));
  const numbers = await Promise.all(tensors.map(async (one) => Array.from(await one.data())));
  for (const one of [layer, ...tensors]) one.dispose();
  return numbers;
}

function computed(layer: Recurrent): readonly Tensor[] {
  const input = tensor(Float32Array.from({ length: steps * batch * inputSize }, (_, k) => Math.sin(k)), { shape: [steps, batch, inputSize] });
  const { aux, gradients } = valueAndGrad(layer, () => {
    const [output] = layer.forward(input);
    return [sum(mul(output, output)), output] as const;
  })();
  return [aux, ...Object.values(gradients)];
}
