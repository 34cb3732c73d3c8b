import { describe, expect, test } from 'vitest';
import { add, adjointName, biasName, differentiate, div, dot, exp, input, max, mean, min, mul, ops, relu, sigmoid, sqrt, sub, tanh } from './index.ts';
import type { Backward, Expr, Field, Step } from './index.ts';

// A step run by its definition, in plain arrays: [name] → numbers, T × B × width for sequences.
interface Values { readonly [name: string]: readonly number[] }
interface Run { readonly T: number; readonly B: number; readonly reverse?: boolean; readonly mask?: readonly number[] }

function interpret(step: Step, values: Values, { T, B, reverse = false, mask }: Run): Record<string, number[]> {
  const states = Object.fromEntries(step.states.map(({ name }) => [name, [...(values[name] ?? [])]]));
  const outputs = Object.fromEntries(step.outputs.map(({ name, width }) => [name, zeros(T * B * width)]));
  const sums = Object.fromEntries(step.accumulations.map(({ name, rows, columns }) => [name, zeros(rows * Math.max(columns, 1))]));
  for (let k = 0; k < T; k++) {
    const t = reverse ? T - 1 - k : k;
    for (let b = 0; b < B; b++) {
      if (mask?.[t * B + b] === 0) continue;
      const row = (source: Values, { name, width }: Field, index: number): [string, readonly number[]] => [name, (source[name] ?? []).slice(index * width, (index + 1) * width)];
      const known = new Map([
        ...step.states.map((field) => row(states, field, b)), ...step.sequences.map((field) => row(values, field, t * B + b)), ...step.vectors.map((field) => row(values, field, 0)),
      ]);
      const evaluate = meaning(step, values, known);
      step.outputs.forEach(({ name, width, value }) => write(outputs[name], (t * B + b) * width, width, evaluate(value)));
      step.accumulations.forEach(({ name, columns, parts }) => parts.forEach(({ offset, left, right }) => addTo(sums[name], offset, columns, evaluate(left), right && evaluate(right))));
      const next = step.next.map(evaluate);
      step.states.forEach(({ name, width }, s) => write(states[name], b * width, width, next[s]));
    }
  }
  return { ...states, ...outputs, ...sums };
}

function meaning(step: Step, values: Values, known: ReadonlyMap<string, readonly number[]>): (node: Expr) => readonly number[] {
  const evaluate = (node: Expr): readonly number[] => {
    switch (node.kind) {
      case 'constant': return [node.value];
      case 'random': throw new Error('these steps draw no random numbers');
      case 'input': { const found = known.get(node.name); if (found === undefined) throw new Error(`no ${node.name}`); return found; }
      case 'apply': {
        const args = node.args.map(evaluate);
        const width = Math.max(...args.map((arg) => arg.length));
        const at = (arg: number, c: number): number => args[arg]?.[args[arg].length === 1 ? 0 : c] ?? NaN;
        return Array.from({ length: width }, (_, c) => ops[node.op].apply(at(0, c), at(1, c), at(2, c)));
      }
      case 'mean': { const row = evaluate(node.operand); return row.map(() => row.reduce((sum, x) => sum + x, 0) / row.length); }
      case 'dot': {
        const field = step.weights.find(({ name }) => name === node.weight);
        if (field === undefined) throw new Error(`no weight ${node.weight}`);
        const result = zeros(node.transposed ? field.columns : field.rows);
        for (const { block, operand } of node.terms) {
          const vector = evaluate(operand);
          for (let r = 0; r < field.rows; r++) for (let c = 0; c < field.columns; c++) {
            const weight = values[node.weight]?.[(block * field.rows + r) * field.columns + c] ?? NaN;
            const [to, from] = node.transposed ? [c, r] : [r, c];
            result[to] = (result[to] ?? NaN) + weight * (vector[vector.length === 1 ? 0 : from] ?? NaN);
          }
          if (field.bias && !node.transposed) result.forEach((value, r) => { result[r] = value + (values[biasName(node.weight)]?.[block * field.rows + r] ?? NaN); });
        }
        return result;
      }
    }
  };
  return evaluate;
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function write(target: number[] | undefined, start: number, width: number, row: readonly number[] = []): void {
  for (let c = 0; c < width; c++) if (target) target[start + c] = row[row.length === 1 ? 0 : c] ?? NaN;
}

function addTo(target: number[] | undefined, offset: number, columns: number, left: readonly number[], right?: readonly number[]): void {
  left.forEach((l, r) => (right ?? [1]).forEach((x, c) => {
    const place = (offset + r) * Math.max(columns, 1) + c;
    if (target) target[place] = (target[place] ?? NaN) + l * x;
  }));
}

function numbers(length: number, seed: number): number[] {
  return Array.from({ length }, (_, k) => Math.sin(12.9898 * (k + 1) + 78.233 * seed) * 0.9);
}

// Steps: H = 3 channels, input of 2.

const H = 3;
const I = 2;
const [h, c, x, v] = [input('h'), input('c'), input('x'), input('v')];
const W = (block: number): Expr => dot('ih', block, x);
const R = (block: number, operand: Expr = h): Expr => dot('hh', block, operand);

function recurrence(definition: { next: Record<string, Expr>; gates?: number; vectors?: readonly string[]; outputs?: Record<string, Expr>; names?: Record<string, Expr>; bias?: boolean; input?: boolean; hidden?: boolean }): Step {
  const { next, gates = 1, vectors = [], outputs, names = {}, bias = true, input: takesInput = true, hidden = true } = definition;
  const states = Object.keys(next);
  return {
    states: states.map((name) => ({ name, width: H })),
    sequences: takesInput ? [{ name: 'x', width: I }] : [{ name: 'x', width: H }],
    vectors: vectors.map((name) => ({ name, width: H })),
    weights: [
      ...(takesInput ? [{ name: 'ih', blocks: gates, rows: H, columns: I, bias }] : []),
      ...(hidden ? [{ name: 'hh', blocks: gates, rows: H, columns: H, bias }] : []),
    ],
    next: Object.values(next),
    outputs: Object.entries(outputs ?? { [states[0] ?? '']: Object.values(next)[0] ?? h }).map(([name, value]) => ({ name, width: H, value })),
    accumulations: [],
    names: Object.entries(names).map(([name, value]) => ({ name, value })),
  };
}

const simple = tanh(add(W(0), R(0)));
const [i, f, g, o] = [sigmoid(add(W(0), R(0))), sigmoid(add(W(1), R(1))), tanh(add(W(2), R(2))), sigmoid(add(W(3), R(3)))];
const cell = add(mul(f, c), mul(i, g));
const [r, z] = [sigmoid(add(W(0), R(0))), sigmoid(add(W(1), R(1)))];
const after = tanh(add(W(2), mul(r, R(2))));
const before = tanh(add(W(2), R(2, mul(r, h))));
const centred = sub(add(W(0), R(0)), mean(add(W(0), R(0))));
const normal = div(centred, sqrt(add(mean(mul(centred, centred)), 0.1)));

const steps: Record<string, Step> = {
  plain: recurrence({ next: { h: simple } }),
  'plain, no bias': recurrence({ next: { h: simple }, bias: false }),
  relu: recurrence({ next: { h: relu(add(W(0), R(0), 0.05)) } }),
  'two states': recurrence({ next: { h: mul(o, tanh(cell)), c: cell }, gates: 4, names: { i, f, g, o, c: cell } }),
  'two states, both and a gate out': recurrence({ next: { h: mul(o, tanh(cell)), c: cell }, gates: 4, outputs: { h: mul(o, tanh(cell)), c: cell, gate: f } }),
  'reset after the product': recurrence({ next: { h: add(mul(sub(1, z), after), mul(z, h)) }, gates: 3, names: { r, z, n: after } }),
  'reset before the product': recurrence({ next: { h: add(mul(sub(1, z), before), mul(z, h)) }, gates: 3, names: { r, z, n: before } }),
  vectors: recurrence({ next: { h: tanh(add(W(0), R(0), mul(v, h), input('u'))) }, vectors: ['v', 'u'] }),
  'normalised over channels': recurrence({ next: { h: tanh(add(mul(v, normal), input('u'))) }, vectors: ['v', 'u'] }),
  'no weights': recurrence({ next: { h: tanh(add(x, mul(v, h))) }, vectors: ['v'], input: false, hidden: false }),
  'one block twice': recurrence({ next: { h: tanh(add(W(0), R(0), R(0, mul(0.5, c)))), c: tanh(add(h, c)) } }),
  'operands that a minimum compares': recurrence({ next: { h: max(add(h, x), mul(0.3, c)), c: min(sub(c, h), mul(h, x)) }, input: false, hidden: false, outputs: { y: exp(mul(h, c)) } }),
  'what only the backward step computes': recurrence({ next: { h: max(add(h, x), c), c: min(sub(c, x), h) }, input: false, hidden: false, outputs: { y: add(h, c) } }),
  'a state passed through': recurrence({ next: { h: c, c: simple }, outputs: { h, y: simple } }),
  'output without state': recurrence({ next: { h }, outputs: { y: tanh(W(0)) } }),
};

function inputsOf(step: Step, { T, B }: Run): Record<string, number[]> {
  const sizes = [
    ...step.states.map(({ name, width }) => [name, B * width] as const), ...step.sequences.map(({ name, width }) => [name, T * B * width] as const), ...step.vectors.map(({ name, width }) => [name, width] as const),
    ...step.weights.flatMap(({ name, blocks, rows, columns, bias }) => [[name, blocks * rows * columns] as const, ...(bias ? [[biasName(name), blocks * rows] as const] : [])]),
  ];
  return Object.fromEntries(sizes.map(([name, size], k) => [name, numbers(size, k + 1)]));
}

const all = (step: Step): Set<string> => new Set([...step.sequences, ...step.vectors, ...step.weights].map(({ name }) => name));
const outputNames = (step: Step): Set<string> => new Set(step.outputs.map(({ name }) => name));
const finalName = (state: string): string => `final ${state}`;

// What the final states and the outputs weigh in the loss.
function cotangentsOf(step: Step, { T, B }: Run): Record<string, number[]> {
  return Object.fromEntries([
    ...step.states.map(({ name, width }, k) => [finalName(name), numbers(B * width, 20 + k)] as const),
    ...step.outputs.map(({ name, width }, k) => [name, numbers(T * B * width, 30 + k)] as const),
  ]);
}

function lossOf(step: Step, values: Values, run: Run, weights: Values): number {
  const outputsOnly = interpret({ ...step, next: step.next }, values, run);
  const finals = interpret({ ...step, outputs: [] }, values, run);
  const weighted = (row: readonly number[] = [], factors: readonly number[] = []): number => row.reduce((sum, value, k) => sum + value * (factors[k] ?? 0), 0);
  return step.states.reduce((sum, { name }) => sum + weighted(finals[name], weights[finalName(name)]), 0)
    + step.outputs.reduce((sum, { name }) => sum + weighted(outputsOnly[name], weights[name]), 0);
}

// The backward step sees only what its sources name.
function pulled(step: Step, backward: Backward, values: Values, run: Run, weights: Values): Record<string, readonly number[]> {
  const extended = { ...step, outputs: [...step.outputs.map((out) => ({ ...out, name: `out ${out.name}` })), ...backward.kept.map((out) => ({ ...out, name: `kept ${out.name}` }))] };
  const forward = interpret(extended, values, run);
  const from = { kept: (name: string) => forward[`kept ${name}`], output: (name: string) => forward[`out ${name}`], sequence: (name: string) => values[name], cotangent: (name: string) => weights[name] };
  const sequences = Object.fromEntries(backward.step.sequences.map(({ name }, k) => { const source = backward.sources[k]; return [name, (source && from[source.kind](source.name)) ?? []]; }));
  const states = Object.fromEntries(step.states.map(({ name }) => [adjointName(name), weights[finalName(name)] ?? []]));
  const rest = Object.fromEntries([...backward.step.vectors, ...backward.step.weights].map(({ name }) => [name, values[name] ?? []]));
  const results = interpret(backward.step, { ...sequences, ...rest, ...states }, { ...run, reverse: run.reverse !== true });
  return Object.fromEntries([...step.states.map(({ name }) => name), ...backward.step.outputs.map(({ name }) => name.slice(2)), ...backward.step.accumulations.map(({ name }) => name.slice(2))].map((name) => [name, results[adjointName(name)] ?? []]));
}

function numeric(step: Step, values: Values, run: Run, weights: Values): Record<string, number[]> {
  const change = 1e-5;
  const moved = (name: string, k: number, by: number): number => lossOf(step, { ...values, [name]: (values[name] ?? []).map((value, j) => (j === k ? value + by : value)) }, run, weights);
  return Object.fromEntries(Object.entries(values).map(([name, row]) => [name, row.map((_, k) => (moved(name, k, change) - moved(name, k, -change)) / (2 * change))]));
}

function worst(a: readonly number[] = [], b: readonly number[] = []): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, k) => { const error = Math.abs(value - (b[k] ?? NaN)); return error <= most ? most : error; }, 0);
}

const runs: Record<string, Run> = {
  forward: { T: 4, B: 2 },
  reverse: { T: 4, B: 2, reverse: true },
  masked: { T: 4, B: 2, mask: [1, 1, 1, 1, 1, 0, 1, 0] },
  'masked, reverse': { T: 4, B: 2, reverse: true, mask: [1, 1, 0, 1, 1, 0, 1, 0] },
};

describe.each(Object.entries(steps))('differentiate: %s', (_, step) => {
  test.each(Object.entries(runs))('%s: every gradient equals central differences', (_name, run) => {
    const values = inputsOf(step, run);
    const weights = cotangentsOf(step, run);
    const backward = differentiate(step, outputNames(step), all(step));
    const found = pulled(step, backward, values, run, weights);
    const expected = numeric(step, values, run, weights);
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    expect(Object.keys(expected).filter((name) => !(worst(found[name], expected[name]) < 1e-8))).toEqual([]);
  });

  test('kept values have the width of what they are', () => {
    expect(differentiate(step, outputNames(step), all(step)).kept.filter(({ width }) => width !== H)).toEqual([]);
  });
});

describe('what is kept', () => {
  const keptOf = (name: string): string[] => {
    const step = steps[name];
    return step ? differentiate(step, outputNames(step), all(step)).kept.map((field) => field.name) : [];
  };
  test('the tanh recurrence reads its output and the state before', () => { expect(keptOf('plain')).toEqual(['h.before']); });
  test('two states: gates, state before, tanh c', () => { expect(keptOf('two states').sort()).toEqual(['c.before', 'f', 'g', 'h.before', 'i', 'o', 'tanh']); });
  test('reset after: gates, the recurrent product, state before', () => { expect(keptOf('reset after the product').sort()).toEqual(['dot', 'h.before', 'n', 'r', 'z']); });
  test('reset before: r ⊙ h is computed again', () => { expect(keptOf('reset before the product').sort()).toEqual(['h.before', 'n', 'r', 'z']); });
});

test('a backward step has no derivative of its own', () => {
  const step = steps['plain'] as Step;
  const { step: backward } = differentiate(step, outputNames(step), all(step));
  expect(() => differentiate(backward, outputNames(backward), all(backward))).toThrow(/second derivatives/);
});
