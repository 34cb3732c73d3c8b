import { vjp } from '@unroll/autograd';
import type { Cell } from '@unroll/cells';
import { Rng } from '@unroll/datasets';
import { Recurrent } from '@unroll/layers';
import { Generator, narrow, normal, scope, squeeze, Tensor, tensor, zeros } from '@unroll/tensor';
import { releaseState, retainState } from '@unroll/train';

/** How much of a gradient at the last step reaches each step before it. */
export interface GradientFlow {
  readonly cell: string;
  readonly layers: number;
  readonly hidden: number;
  /** Norm of the gradient of the last output with respect to all states before step t, for t from 0 to T. The last is 1. */
  readonly norms: readonly number[];
  /** Steps back in which the norm halves, by a line through its logarithm; negative where it grows, null where it is zero or no number. */
  readonly halfLife: number | null;
}

/** Sizes of a freshly made layer to measure. */
export interface FlowOptions {
  readonly hidden: number;
  readonly layers: number;
  readonly length: number;
  readonly seed: number;
}

/** Of a layer with initial weights, on inputs drawn from N(0, 1). */
export async function freshFlow(cell: Cell, { hidden, layers, length, seed }: FlowOptions): Promise<GradientFlow> {
  const generator = new Generator(seed);
  const rnn = new Recurrent(cell, hidden, hidden, { numLayers: layers, generator });
  const inputs = normal([length, 1, hidden], { generator });
  try {
    return await gradientFlow(rnn, inputs, seed);
  } finally {
    rnn.dispose();
    inputs.dispose();
  }
}

/**
 * ‖∂(u·h_T)/∂s_t‖ for a direction u drawn at random and of norm 1, where s_t are all states (h, and c where there is one) of all layers
 * after step t: what truncated back-propagation through time would cut, and what vanishes or explodes (Pascanu, Mikolov and Bengio 2013).
 *
 * @param inputs (T, 1, I)
 */
export async function gradientFlow(rnn: Recurrent, inputs: Tensor, seed: number): Promise<GradientFlow> {
  const [length = 0] = inputs.shape;
  const wasTraining = rnn.training;
  rnn.eval();
  const states = statesBefore(rnn, inputs);
  const norms = Array.from({ length: length + 1 }, () => 1);
  let gradient = direction(rnn, seed);
  try {
    for (let t = length - 1; t >= 0; t -= 1) {
      const next = pulled(rnn, { inputs, t }, states[t] as States, gradient);
      releaseState(gradient);
      gradient = next;
      norms[t] = await normOf(gradient);
    }
  } finally {
    releaseState([...states, gradient]);
    rnn.train(wasTraining);
  }
  return { cell: rnn.cell.name, layers: rnn.numLayers, hidden: rnn.hiddenSize, norms, halfLife: halfLife(norms) };
}

/** Steps in which a norm halves on its way back: the slope of a line through log₂ of it (least squares). */
export function halfLife(norms: readonly number[]): number | null {
  const points = norms.map((norm, t) => [norms.length - 1 - t, Math.log2(norm)] as const).filter(([, value]) => Number.isFinite(value));
  if (points.length < 2) return null;
  const [x, y] = [0, 1].map((k) => points.reduce((total, point) => total + (point[k] as number), 0) / points.length) as [number, number];
  const slope = points.reduce((total, [a, b]) => total + (a - x) * (b - y), 0) / points.reduce((total, [a]) => total + (a - x) ** 2, 0);
  return slope === 0 ? null : -1 / slope;
}

/** All states of all layers, (L, 1, H) each. */
type States = readonly Tensor[];

/** A step of time: its inputs are (T, 1, I). */
interface Moment { readonly inputs: Tensor; readonly t: number }

function stepOf(rnn: Recurrent, { inputs, t }: Moment, states: States): States {
  const [, next] = rnn.step(squeeze(narrow(inputs, 0, t, 1), 0), states.length === 1 ? states[0] : states);
  return next instanceof Tensor ? [next] : next;
}

/** States before each step, and after the last; the caller's. */
function statesBefore(rnn: Recurrent, inputs: Tensor): States[] {
  const states: States[] = [rnn.stateShapes(1).map((shape) => zeros(shape))];
  for (let t = 0; t < (inputs.shape[0] ?? 0); t += 1) states.push(scope(() => retainState(stepOf(rnn, { inputs, t }, states[t] as States))));
  return states;
}

/** Of norm 1, in the output: the first state of the last layer. */
function direction(rnn: Recurrent, seed: number): States {
  const rng = new Rng(seed);
  return rnn.stateShapes(1).map((shape, k) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const width = shape.at(-1) ?? 0;
    const drawn = Float64Array.from({ length: width }, () => rng.normal());
    const norm = Math.hypot(...drawn);
    if (k === 0) data.set(drawn.map((value) => value / norm), data.length - width);
    return tensor(data, { shape });
  });
}

function pulled(rnn: Recurrent, moment: Moment, states: States, gradient: States): States {
  return scope(() => {
    const { pull } = vjp((...before: States) => stepOf(rnn, moment, before), ...states);
    return retainState(pull(gradient));
  });
}

async function normOf(states: States): Promise<number> {
  const values = await Promise.all(states.map((state) => state.data()));
  return Math.sqrt(values.reduce((total, data) => total + (data as Float32Array).reduce((sum, value) => sum + value * value, 0), 0));
}
