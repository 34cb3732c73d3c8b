import { add, adjointName, biasName, differentiate, div, dot, exp, input, max, mean, mul, relu, sigmoid, sqrt, sub, tanh, type Backward, type Expr, type Step } from '@unroll/expr';
import { add as plus, cast, matmul, memory, mul as times, reference, reshape, scan, scope, sum, tanh as tanhOf, tensor, use, zeros, type Kernel, type Tensor } from '@unroll/tensor';
import { recording, run } from '@unroll/tensor/backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkGradients, grad, valueAndGrad, vjp } from '../index.ts';
import { Tape } from '../tape.ts';
import { narrow } from './narrow.ts';

let before: ReturnType<typeof use>;
beforeAll(() => { before = use(reference()); });
afterAll(() => { use(before); });

const H = 3;
const I = 2;
const [h, c, x, v, u] = ['h', 'c', 'x', 'v', 'u'].map((name) => input(name)) as [Expr, Expr, Expr, Expr, Expr];
const W = (block: number): Expr => dot('ih', block, x);
const R = (block: number, operand: Expr = h): Expr => dot('hh', block, operand);

interface Definition { readonly next: Record<string, Expr>; readonly gates?: number; readonly vectors?: readonly string[]; readonly outputs?: Record<string, Expr>; readonly bias?: boolean }

function step({ next, gates = 1, vectors = [], outputs, bias = true }: Definition): Step {
  const [first = 'h'] = Object.keys(next);
  return {
    states: Object.keys(next).map((name) => ({ name, width: H })), sequences: [{ name: 'x', width: I }], vectors: vectors.map((name) => ({ name, width: H })),
    weights: [{ name: 'ih', blocks: gates, rows: H, columns: I, bias }, { name: 'hh', blocks: gates, rows: H, columns: H, bias }],
    next: Object.values(next), outputs: Object.entries(outputs ?? { [first]: next[first] as Expr }).map(([name, value]) => ({ name, width: H, value })), accumulations: [], names: [],
  };
}

const simple = tanh(add(W(0), R(0)));
const [i, f, g, o] = [sigmoid(add(W(0), R(0))), sigmoid(add(W(1), R(1))), tanh(add(W(2), R(2))), sigmoid(add(W(3), R(3)))];
const memoryCell = add(mul(f, c), mul(i, g));
const peephole = sigmoid(add(W(0), R(0), mul(v, c)));
const [r, z] = [sigmoid(add(W(0), R(0))), sigmoid(add(W(1), R(1)))];
const after = tanh(add(W(2), mul(r, R(2))));
const early = tanh(add(W(2), R(2, mul(r, h))));
const centred = sub(add(W(0), R(0)), mean(add(W(0), R(0))));

const steps: Record<string, Step> = {
  simple: step({ next: { h: simple } }),
  'without bias': step({ next: { h: simple }, bias: false }),
  relu: step({ next: { h: relu(add(W(0), R(0), 0.05)) } }),
  'two states': step({ next: { h: mul(o, tanh(memoryCell)), c: memoryCell }, gates: 4 }),
  'two states and a gate out': step({ next: { h: mul(o, tanh(memoryCell)), c: memoryCell }, gates: 4, outputs: { h: mul(o, tanh(memoryCell)), c: memoryCell, f } }),
  'reset after the product': step({ next: { h: add(mul(sub(1, z), after), mul(z, h)) }, gates: 3 }),
  'reset before the product: two stages': step({ next: { h: add(mul(sub(1, z), early), mul(z, h)) }, gates: 3 }),
  'vectors, also of a state': step({ next: { h: tanh(add(c, u)), c: add(mul(peephole, c), tanh(W(0))) }, vectors: ['v', 'u'] }),
  'normalised over channels': step({ next: { h: tanh(add(mul(v, div(centred, sqrt(add(mean(mul(centred, centred)), 0.1)))), u)) }, vectors: ['v', 'u'] }),
  'what only the backward computes': step({ next: { h: max(simple, c), c: mul(0.5, exp(max(h, c))) } }),
};

function numbers(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float64Array.from({ length: size }, (_, k) => 0.9 * Math.sin(12.9898 * (k + 1) + 78.233 * seed)), { shape });
}

interface Sizes { readonly T: number; readonly B: number; readonly reverse?: boolean; readonly mask?: readonly number[] }

// All inputs of a step, in the order of the kernel.
function inputsOf(of: Step, { T, B }: Sizes): Tensor[] {
  const shapes = [
    ...of.states.map(({ width }) => [B, width]), ...of.sequences.map(({ width }) => [T, B, width]), ...of.vectors.map(({ width }) => [width]),
    ...of.weights.flatMap(({ blocks, rows, columns, bias }) => [[blocks * rows, columns], ...(bias ? [[blocks * rows]] : [])]),
  ];
  return shapes.map((shape, k) => numbers(shape, k + 1));
}

function runStep(of: Step, tensors: readonly Tensor[], { T, B, reverse = false, mask }: Sizes): { states: Tensor[]; outputs: Tensor[] } {
  const rest = [...tensors];
  const [states, sequences, vectors] = [rest.splice(0, of.states.length), rest.splice(0, of.sequences.length), rest.splice(0, of.vectors.length)];
  return scan(of, { states, sequences, vectors, weights: rest, reverse, ...(mask === undefined ? {} : { mask: tensor(mask, { shape: [T, B] }) }) });
}

const runs: Record<string, Sizes> = {
  forward: { T: 3, B: 2 },
  reverse: { T: 3, B: 2, reverse: true },
  masked: { T: 4, B: 2, mask: [1, 1, 1, 1, 1, 0, 1, 0] },
  'masked in the middle, reverse': { T: 4, B: 2, reverse: true, mask: [1, 1, 0, 1, 1, 0, 1, 1] },
  'one step': { T: 1, B: 1 },
  'no step at all': { T: 0, B: 2 },
};

describe.each(Object.entries(steps))('%s', (_, of) => {
  test.each(Object.entries(runs))('%s: gradients by all inputs, from outputs and final states', async (_name, sizes) => {
    const inputs = inputsOf(of, sizes);
    const { entries } = await checkGradients((...tensors) => { const { states, outputs } = runStep(of, tensors, sizes); return [...states, ...outputs]; }, inputs);
    expect(entries).toBe(inputs.reduce((count, { size }) => count + size, 0));
  });

  test('from each output and each final state alone', async () => {
    const sizes = { T: 3, B: 1 };
    for (let k = 0; k < of.outputs.length; k++) await checkGradients((...tensors) => runStep(of, tensors, sizes).outputs[k], inputsOf(of, sizes));
    for (let k = 0; k < of.states.length; k++) await checkGradients((...tensors) => runStep(of, tensors, sizes).states[k], inputsOf(of, sizes));
  });

  test('by each input alone', async () => {
    const sizes = { T: 2, B: 2 };
    const inputs = inputsOf(of, sizes);
    for (const [k, tensors] of inputs.entries()) {
      await checkGradients((one) => runStep(of, inputs.with(k, one), sizes).outputs[0], [tensors] as const);
    }
  });
});

// The backward kernel of a step by itself: everything it gives, by name.
async function runBackward(of: Step, { kept, sources, step: back }: Backward, isGiven: (output: string) => boolean): Promise<Map<string, number[]>> {
  const results = scope(() => {
    const [T, B] = [3, 2];
    const inputs = new Map([...of.states, ...of.sequences, ...of.vectors, ...of.weights.flatMap(({ name, bias }) => (bias ? [{ name }, { name: biasName(name) }] : [{ name }]))].map(({ name }, k) => [name, inputsOf(of, { T, B })[k] as Tensor]));
    const { outputs } = runStep({ ...of, outputs: [...of.outputs, ...kept] }, [...inputs.values()], { T, B });
    const cotangent = (name: string): Tensor => (isGiven(name) ? numbers([T, B, H], 50 + of.outputs.findIndex((output) => output.name === name)) : zeros([T, B, H], { dtype: 'float64' }));
    const read = {
      kept: (name: string) => outputs[of.outputs.length + kept.findIndex((field) => field.name === name)], output: (name: string) => outputs[of.outputs.findIndex((field) => field.name === name)],
      sequence: (name: string) => inputs.get(name), cotangent,
    };
    const tensors = [...back.states.map((_, k) => numbers([B, H], 60 + k)), ...sources.map(({ kind, name }) => read[kind](name)), ...[...back.vectors, ...back.weights].map(({ name }) => inputs.get(name))];
    return run({ kind: 'scan', step: back, dtype: 'float64', steps: T, batch: B, reverse: true, masked: false }, tensors as Tensor[]);
  });
  const names = [...back.states, ...back.outputs, ...back.accumulations].map(({ name }) => name);
  return new Map(await Promise.all(results.map(async (result, k): Promise<[string, number[]]> => [names[k] as string, [...await result.data()]])));
}

function subsets(names: readonly string[]): Set<string>[] {
  return names.reduce<Set<string>[]>((found, name) => [...found, ...found.map((set) => new Set([...set, name]))], [new Set()]);
}

test.each(Object.entries(steps))('%s: narrow gives the same as cotangents of zero, and only what is asked for', async (_, of) => {
  const names = [...of.sequences, ...of.vectors, ...of.weights].map(({ name }) => name);
  const outputs = of.outputs.map(({ name }) => name);
  const full = differentiate(of, new Set(outputs), new Set(names));
  for (const given of subsets(outputs)) {
    const expected = await runBackward(of, full, (name) => given.has(name));
    for (const wanted of subsets(names)) {
      const small = narrow(full, given, wanted);
      const found = await runBackward(of, small, (name) => given.has(name));
      const asked = [...of.states.map(({ name }) => name), ...[...wanted].flatMap((name) => [name, biasName(name)])].map(adjointName);
      expect([...found.keys()].filter((name) => !asked.includes(name))).toEqual([]);
      for (const name of asked) if (expected.has(name)) expect(found.get(name) ?? expected.get(name)?.map(() => 0)).toEqual(expected.get(name)?.map((number) => number + 0));
      expect(small.sources.filter(({ kind, name }) => kind === 'cotangent' && !given.has(name))).toEqual([]);
    }
  }
});

describe('one node for a sequence', () => {
  // What a tape holds, and which kernels its backward runs.
  const kernelsOf = (T: number): Record<'forward' | 'backward', string[]> => scope(() => {
    const of = steps['two states'] as Step;
    const tape = new Tape();
    const inputs = inputsOf(of, { T, B: 2 });
    for (const one of inputs) tape.watch(one);
    tape.listen(() => sum(runStep(of, inputs, { T, B: 2 }).outputs[0] as Tensor));
    const forward = tape.nodes.map(({ kernel }) => kernel.kind);
    tape.dispose();
    const backward: string[] = [];
    const { pull } = vjp((...tensors) => sum(runStep(of, tensors, { T, B: 2 }).outputs[0] as Tensor), ...inputs);
    recording({ extend: (kernel) => kernel, record: ({ kind }: Kernel) => { backward.push(kind); }, alias: () => undefined }, () => pull(tensor(1, { dtype: 'float64' })));
    return { forward, backward };
  });

  test.each([1, 7, 50])('%i steps', (T) => {
    expect(kernelsOf(T)).toEqual({ forward: ['scan', 'reduce'], backward: expect.arrayContaining(['scan']) as string[] });
    expect(kernelsOf(T).backward.filter((kind) => kind === 'scan')).toHaveLength(1);
  });
});

describe('what the backward kernel does', () => {
  const of = steps['two states'] as Step;
  const sizes = { T: 3, B: 2 };
  const backwardOf = (fn: (...tensors: Tensor[]) => Tensor, inputs: readonly Tensor[]): Extract<Kernel, { kind: 'scan' }> => {
    const seen: Kernel[] = [];
    const { value, pull } = vjp(fn, ...inputs);
    recording({ extend: (kernel) => kernel, record: (kernel) => { seen.push(kernel); }, alias: () => undefined }, () => pull(scope(() => plus(zeros(value.shape, { dtype: 'float64' }), 1))));
    return seen.find((kernel) => kernel.kind === 'scan') as Extract<Kernel, { kind: 'scan' }>;
  };

  test('all of it where everything is asked for', () => scope(() => {
    const { step: back, reverse } = backwardOf((...tensors) => runStep(of, tensors, sizes).outputs[0] as Tensor, inputsOf(of, sizes));
    expect(reverse).toBe(true);
    expect(back.outputs.map(({ name }) => name)).toEqual(['d.x']);
    expect(back.accumulations.map(({ name }) => name)).toEqual(['d.ih', 'd.ih.bias', 'd.hh', 'd.hh.bias']);
  }));

  test('nothing for an input that is data', () => scope(() => {
    const [h0, c0, data, ...weights] = inputsOf(of, sizes) as [Tensor, Tensor, Tensor, ...Tensor[]];
    const { step: back } = backwardOf((...tensors) => runStep(of, [h0, c0, data, ...tensors], sizes).outputs[0] as Tensor, weights);
    expect(back.outputs).toEqual([]);
    expect(back.weights.map(({ name }) => name)).toEqual(['hh']);
  }));

  test('no sums for weights that are constant', () => scope(() => {
    const [h0, c0, data, ...weights] = inputsOf(of, sizes) as [Tensor, Tensor, Tensor, ...Tensor[]];
    const { step: back } = backwardOf((one) => runStep(of, [h0, c0, one, ...weights], sizes).outputs[0] as Tensor, [data]);
    expect(back.accumulations).toEqual([]);
  }));

  test('no cotangent where only the final state matters', () => scope(() => {
    const { step: back } = backwardOf((...tensors) => runStep(of, tensors, sizes).states[0] as Tensor, inputsOf(of, sizes));
    expect(back.sequences.map(({ name }) => name).filter((name) => name.startsWith('dy.'))).toEqual([]);
  }));

  test('a step that nobody differentiates keeps nothing', () => {
    const outputs: number[] = [];
    recording({ extend: (kernel) => kernel, record: (_kernel, _inputs, results) => { outputs.push(results.length); }, alias: () => undefined }, () => scope(() => runStep(of, inputsOf(of, sizes), sizes)));
    const counted = scope(() => {
      const tape = new Tape();
      const inputs = inputsOf(of, sizes);
      tape.listen(() => runStep(of, inputs, sizes));
      return tape.nodes.length;
    });
    expect([outputs, counted]).toEqual([[3], 0]);
  });
});

test('what is kept for the way back is held by the tape alone', () => scope(() => {
  const of = steps['two states'] as Step;
  const inputs = inputsOf(of, { T: 2, B: 2 });
  const count = (): number => {
    const start = memory().tensors;
    runStep(of, inputs, { T: 2, B: 2 });
    return memory().tensors - start;
  };
  const tape = new Tape();
  for (const one of inputs) tape.watch(one);
  const bytes = memory().bytes;
  expect(tape.listen(count)).toBe(3);
  // two states and one output, then i f g o · h and c before · tanh c
  expect(memory().bytes - bytes).toBe(8 * 2 * H * (2 + 2 * (1 + 7)));
  tape.dispose();
  expect(memory().bytes - bytes).toBe(8 * 2 * H * (2 + 2));
}));

test('one step in several layers and twice in a loss', async () => {
  const of: Step = { ...(steps['simple'] as Step), sequences: [{ name: 'x', width: H }], weights: [{ name: 'ih', blocks: 1, rows: H, columns: H, bias: true }, { name: 'hh', blocks: 1, rows: H, columns: H, bias: true }] };
  const inputs = inputsOf(of, { T: 2, B: 2 });
  await checkGradients((h0, data, ...weights) => {
    const lower = scan(of, { states: [h0], sequences: [data], vectors: [], weights });
    const upper = scan(of, { states: [lower.states[0] as Tensor], sequences: lower.outputs, vectors: [], weights, reverse: true });
    return [tanhOf(matmul(reshape(upper.outputs[0] as Tensor, [-1, H]), weights[0] as Tensor)), upper.states[0]];
  }, inputs as [Tensor, Tensor, ...Tensor[]]);
});

test('a mask takes no gradient and need not be of the type of the rest', () => scope(() => {
  const of = steps['simple'] as Step;
  const inputs = inputsOf(of, { T: 2, B: 2 });
  const [gradient] = grad((mask: Tensor) => sum((scan(of, { states: [inputs[0] as Tensor], sequences: [inputs[1] as Tensor], vectors: [], weights: inputs.slice(2), mask: cast(mask, 'float32') }).outputs[0]) as Tensor))(tensor([[1, 1], [1, 0]], { dtype: 'float64' }));
  expect(gradient.shape).toEqual([2, 2]);
}));

describe('second derivatives', () => {
  const of = steps['two states'] as Step;
  const sizes = { T: 2, B: 1 };
  const loss = (...tensors: Tensor[]): Tensor => sum(runStep(of, tensors, sizes).outputs[0] as Tensor);

  test('throw a typed error, and leave nothing behind', () => {
    const inputs = inputsOf(of, sizes);
    const live = memory();
    const outer = grad((...tensors: Tensor[]) => sum(times(grad(loss)(...tensors)[0] as Tensor, 2)));
    expect(() => outer(...inputs)).toThrow(expect.objectContaining({ name: 'AutogradError', code: 'second-derivative' }));
    expect(memory()).toEqual(live);
  });

  test('are no error where nobody asks for them', async () => {
    const inputs = inputsOf(of, sizes);
    const [first] = inputs as [Tensor];
    const { value, gradients: [gradient] } = valueAndGrad((start: Tensor) => {
      // the inner gradient is only looked at
      const inner = grad((other: Tensor) => loss(other, ...inputs.slice(1)))(start)[0];
      return [sum(times(start, start)), inner] as const;
    })(first);
    expect(value.shape).toEqual([]);
    expect([...await gradient.data()]).toEqual([...await first.data()].map((number) => 2 * number));
  });

  test('a gradient through the forward recurrence of an inner gradient', async () => {
    const inputs = inputsOf(of, sizes);
    // d/ds of s · Σ ∂loss/∂h0: linear in s, the recurrence itself is constant
    const scaled = grad((s: Tensor) => sum(times(s, grad((start: Tensor) => loss(start, ...inputs.slice(1)))(inputs[0] as Tensor)[0])));
    const [found] = scaled(tensor(2, { dtype: 'float64' }));
    const [direct] = grad((start: Tensor) => loss(start, ...inputs.slice(1)))(inputs[0] as Tensor);
    expect(await found.item()).toBeCloseTo((await direct.data() as Float64Array).reduce((total, number) => total + number, 0), 12);
  });
});

test('a backward kernel run by hand has no gradient either', () => scope(() => {
  const kernel: Kernel = {
    kind: 'scan', dtype: 'float64', steps: 1, batch: 1, reverse: false, masked: false,
    step: { states: [], sequences: [{ name: 'x', width: 1 }], vectors: [], weights: [], next: [], outputs: [], accumulations: [{ name: 'sum', rows: 1, columns: 0, parts: [{ offset: 0, left: x }] }], names: [] },
  };
  expect(() => grad((one: Tensor) => sum(run(kernel, [one])[0] as Tensor))(numbers([1, 1, 1], 1))).toThrow(/second derivatives/);
}));
