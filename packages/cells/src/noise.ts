import { add, input, less, mapStep, mul, random, rewrite, roots, select, topological, type Expr, type Step } from '@unroll/expr';
import { inputName, recurrentWeight } from './define.ts';
import { CellError } from './errors.ts';

// Noise is a change of a step's graph, so every cell has it, on every backend, in both passes; no mask is ever stored.

/** Streams of random numbers; one a state for zoneout, from `zoneout` on. Far from those that a cell of one's own may draw from. */
const streams = { input: 2 ** 24, recurrent: 2 ** 24 + 1, zoneout: 2 ** 24 + 2 } as const;

/**
 * Dropout on the step's input, with one mask for all steps of a row: x m / (1 − p), m = 0 with probability p, else 1.
 * Gal & Ghahramani 2016, A theoretically grounded application of dropout in recurrent neural networks (arXiv 1512.05287).
 */
export function withInputDropout(step: Step, p: number): Step {
  checkProbability('input dropout', p);
  if (p === 0) return step;
  return mapStep(step, rewrite((node) => (node.kind === 'input' && node.name === inputName ? dropped(node, p, streams.input) : node)));
}

/**
 * Dropout on what recurrent products are taken of, with one mask for all steps of a row: R (h m / (1 − p)). What a gate carries past
 * the products (z ⊙ h) is left alone. Gal & Ghahramani 2016, section 4; `recurrent_dropout` of Keras.
 *
 * @throws CellError where the step has no recurrent product
 */
export function withRecurrentDropout(step: Step, p: number): Step {
  checkProbability('recurrent dropout', p);
  if (p === 0) return step;
  if (!topological(roots(step)).some(isRecurrent)) throw new CellError('recurrent dropout falls on the operands of recurrent products, and this cell has none; use zoneout.');
  return mapStep(step, rewrite((node) => (isRecurrent(node) ? { ...node, terms: node.terms.map(({ block, operand }) => ({ block, operand: dropped(operand, p, streams.recurrent) })) } : node)));
}

/** How zoneout is computed: `draw` in training, `expect` in evaluation. */
export type ZoneoutMode = 'draw' | 'expect';

/**
 * Zoneout: each channel of a state keeps its old value with the state's probability, drawn anew at every step, so that the next state
 * is d ⊙ s_{t−1} + (1 − d) ⊙ s̃_t; `expect` puts the probability in the place of d. Each state is held by itself, and s̃_t of one does not
 * see what is held of another, as in the paper's LSTM. Krueger et al. 2016, Zoneout: regularizing RNNs by randomly preserving hidden
 * activations (arXiv 1606.01305).
 *
 * @param rates probability by the name of the state; states that are not named change as they would
 * @throws CellError for a state that the step does not have
 */
export function withZoneout(step: Step, rates: Readonly<Record<string, number>>, mode: ZoneoutMode): Step {
  const names = step.states.map(({ name }) => name);
  for (const [name, rate] of Object.entries(rates)) {
    checkProbability(`zoneout of ${name}`, rate);
    if (!names.includes(name)) throw new CellError(`zoneout: there is no state "${name}"; there are ${names.join(', ')}.`);
  }
  const next = step.next.map((value, k) => held(names[k] as string, value, rates[names[k] as string] ?? 0, mode, streams.zoneout + k));
  const after = (name: string, value: Expr): Expr => next[names.indexOf(name)] ?? value;
  return {
    ...step,
    next,
    outputs: step.outputs.map((output) => ({ ...output, value: after(output.name, output.value) })),
    names: step.names.map(({ name, value }) => ({ name, value: after(name, value) })),
  };
}

// Private.

function isRecurrent(node: Expr): node is Extract<Expr, { kind: 'dot' }> {
  return node.kind === 'dot' && node.weight === recurrentWeight;
}

// x m / (1 − p)
function dropped(value: Expr, p: number, stream: number): Expr {
  return p === 1 ? mul(value, 0) : mul(value, select(less(random(stream, 'sequence'), 1 - p), 1 / (1 - p), 0));
}

function held(state: string, value: Expr, rate: number, mode: ZoneoutMode, stream: number): Expr {
  if (rate === 0) return value;
  const before = input(state);
  // z s_{t−1} + (1 − z) s̃_t
  if (mode === 'expect') return add(mul(rate, before), mul(1 - rate, value));
  return select(less(random(stream, 'step'), rate), before, value);
}

function checkProbability(what: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new CellError(`${what} must be a probability from 0 to 1, got ${p}.`);
}
