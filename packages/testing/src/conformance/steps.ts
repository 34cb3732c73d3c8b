import { add, constant, differentiate, div, dot, input, less, mean, mul, random, relu, select, sigmoid, sqrt, sub, tanh, type Expr, type Step } from '@unroll/expr';

const empty: Step = { states: [], sequences: [], vectors: [], weights: [], next: [], outputs: [], accumulations: [], names: [] };
const [h, c, x] = [input('h'), input('c'), input('x')];

/** A recurrence to be run: its step, whose names are its own business. */
export interface NamedStep { readonly name: string; readonly step: Step }

/** Steps of every structure: one product or several, stages, vectors, means, random numbers, constants; each for H channels. */
export function steps(H: number): NamedStep[] {
  const forward = [simple(H), gated(H), twoStages(H), projected(H), normalized(H), branched(H)];
  return [...forward, ...forward.map(reversed), counting, drawing(H), stateless(H)];
}

// The step that runs back through a step: transposed products, accumulations, kept values.
function reversed({ name, step }: NamedStep): NamedStep {
  const wanted = new Set([...step.sequences, ...step.vectors, ...step.weights].map((field) => field.name));
  const back = differentiate(step, new Set(step.outputs.map((output) => output.name)), wanted);
  return { name: `${name}, backward`, step: back.step };
}

// One product with bias.
function simple(H: number): NamedStep {
  const next = tanh(add(x, dot('R', 0, h)));
  return {
    name: 'one product',
    step: { ...empty, states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], weights: [{ name: 'R', blocks: 1, rows: H, columns: H, bias: true }], next: [next], outputs: [{ name: 'y', width: H, value: next }] },
  };
}

// Four products of one operand, two states, vectors, values beside the states.
function gated(H: number): NamedStep {
  const part = (k: number): Expr => add(input(`x${k}`), dot('R', k, h));
  const [i, f, g, o] = [sigmoid(add(part(0), mul(input('p'), c))), sigmoid(part(1)), tanh(part(2)), sigmoid(part(3))];
  const cell = add(mul(f, c), mul(i, g));
  const next = mul(o, tanh(cell));
  return {
    name: 'four products of one operand',
    step: {
      ...empty, states: [{ name: 'h', width: H }, { name: 'c', width: H }], sequences: [0, 1, 2, 3].map((k) => ({ name: `x${k}`, width: H })), vectors: [{ name: 'p', width: H }],
      weights: [{ name: 'R', blocks: 4, rows: H, columns: H, bias: true }], next: [next, cell], outputs: [{ name: 'y', width: H, value: next }, { name: 'f', width: H, value: f }],
    },
  };
}

// A product of what another product gives.
function twoStages(H: number): NamedStep {
  const [z, r] = [sigmoid(add(x, dot('R', 0, h))), sigmoid(dot('R', 1, h))];
  const n = tanh(add(x, dot('R', 2, mul(r, h))));
  const next = add(mul(z, h), mul(sub(1, z), n));
  return {
    name: 'two stages',
    step: { ...empty, states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], weights: [{ name: 'R', blocks: 3, rows: H, columns: H, bias: false }], next: [next], outputs: [{ name: 'y', width: H, value: next }] },
  };
}

// Products of the inputs alone, and a projection of the state to another width.
function projected(H: number): NamedStep {
  const I = H + 3;
  const wide = relu(add(dot('W', 0, x), dot('R', 0, h)));
  const next = dot('P', 0, wide);
  return {
    name: 'projections',
    step: {
      ...empty, states: [{ name: 'h', width: 2 }], sequences: [{ name: 'x', width: I }],
      weights: [{ name: 'W', blocks: 1, rows: H, columns: I, bias: true }, { name: 'R', blocks: 1, rows: H, columns: 2, bias: false }, { name: 'P', blocks: 1, rows: 2, columns: H, bias: true }],
      next: [next], outputs: [{ name: 'wide', width: H, value: wide }, { name: 'y', width: 2, value: next }],
    },
  };
}

// Means over channels, with gain and shift.
function normalized(H: number): NamedStep {
  const before = add(x, dot('R', 0, h));
  const centred = sub(before, mean(before));
  const scaled = div(centred, sqrt(add(mean(mul(centred, centred)), 0.1)));
  const next = tanh(add(mul(input('gain'), scaled), input('shift')));
  return {
    name: 'means over channels',
    step: {
      ...empty, states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], vectors: [{ name: 'gain', width: H }, { name: 'shift', width: H }],
      weights: [{ name: 'R', blocks: 1, rows: H, columns: H, bias: true }], next: [next], outputs: [{ name: 'y', width: H, value: next }],
    },
  };
}

// Comparisons with inputs only: values near a boundary would be a matter of rounding.
function branched(H: number): NamedStep {
  const next = select(less(x, 0.25), tanh(dot('R', 0, h)), mul(0.5, h));
  return {
    name: 'branches',
    step: { ...empty, states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], weights: [{ name: 'R', blocks: 1, rows: H, columns: H, bias: true }], next: [next], outputs: [{ name: 'before', width: H, value: h }] },
  };
}

// No weights, one channel, constants for states and outputs, parts of accumulations that lie apart.
const counting: NamedStep = {
  name: 'one channel and constants',
  step: {
    ...empty, states: [{ name: 'n', width: 1 }, { name: 'k', width: 3 }], sequences: [{ name: 'x', width: 1 }, { name: 'y', width: 3 }], next: [add(input('n'), x), constant(0.5)],
    outputs: [{ name: 'seven', width: 2, value: constant(7) }, { name: 'n', width: 1, value: input('n') }, { name: 'k', width: 3, value: input('k') }],
    accumulations: [
      { name: 'sum', rows: 5, columns: 0, parts: [{ offset: 0, left: x }, { offset: 2, left: input('y') }] },
      { name: 'outer', rows: 4, columns: 3, parts: [{ offset: 1, left: input('y'), right: input('y') }, { offset: 1, left: input('y'), right: input('k') }, { offset: 0, left: x, right: input('y') }] },
    ],
  },
};

// Random numbers per step and per sequence: a state that now and then stays, and a mask of its own.
function drawing(H: number): NamedStep {
  const dropped = mul(h, mul(2, less(random(1, 'sequence'), 0.5)));
  const next = select(less(random(0, 'step'), 0.3), h, tanh(add(x, dot('R', 0, dropped))));
  return {
    name: 'random numbers',
    step: { ...empty, states: [{ name: 'h', width: H }], sequences: [{ name: 'x', width: H }], weights: [{ name: 'R', blocks: 1, rows: H, columns: H, bias: true }], next: [next], outputs: [{ name: 'y', width: H, value: next }] },
  };
}

// Nothing to carry on: all time at once.
function stateless(H: number): NamedStep {
  return {
    name: 'no state',
    step: { ...empty, sequences: [{ name: 'x', width: H }], weights: [{ name: 'W', blocks: 2, rows: 3, columns: H, bias: true }], outputs: [{ name: 'y', width: 3, value: mul(sigmoid(dot('W', 0, x)), dot('W', 1, x)) }] },
  };
}
