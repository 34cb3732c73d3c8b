import { describe, expect, test } from 'vitest';
import { add, mul, tanh } from './build.ts';
import { constant, dot, input, mean, random, transposedDot } from './node.ts';
import { checkStep, drawsRandom, mapStep, roots, StepError, widths, type Step } from './step.ts';
import { text } from './text.ts';

const empty: Step = { states: [], sequences: [], vectors: [], weights: [], next: [], outputs: [], accumulations: [], names: [] };
const [h, x, v] = [input('h'), input('x'), input('v')];
const good: Step = {
  ...empty, states: [{ name: 'h', width: 2 }], sequences: [{ name: 'x', width: 3 }], vectors: [{ name: 'v', width: 2 }],
  weights: [{ name: 'W', blocks: 2, rows: 2, columns: 3, bias: true }],
  next: [tanh(add(h, mul(v, dot('W', 1, x))))], outputs: [{ name: 'y', width: 3, value: transposedDot('W', [{ block: 0, operand: h }]) }, { name: 'one', width: 7, value: constant(1) }],
  accumulations: [{ name: 'dW', rows: 4, columns: 3, parts: [{ offset: 2, left: h, right: x }] }, { name: 'db', rows: 4, columns: 0, parts: [{ offset: 2, left: h }] }],
  names: [{ name: 'product', value: dot('W', 1, x) }],
};

describe('checkStep', () => {
  test('lets a good step pass', () => {
    expect(() => { checkStep(good); checkStep(empty); }).not.toThrow();
  });

  test.each<[string, Partial<Step>, string]>([
    ['a name used twice', { vectors: [{ name: 'x', width: 2 }] }, 'step: the name "x" is used twice; states, sequences, vectors and weights share one set of names.'],
    ['a weight with the name of a state', { weights: [{ name: 'h', blocks: 1, rows: 2, columns: 3, bias: false }] }, 'the name "h" is used twice'],
    ['a forgotten state', { next: [] }, 'step: 1 states need as many next values, got 0.'],
    ['an unknown name', { next: [input('c')] }, 'step: nothing is named "c"; known are h, x, v.'],
    ['an unknown weight', { next: [dot('R', 0, h)] }, 'step: no weight is named "R"; known are W.'],
    ['an unknown block', { next: [dot('W', 2, x)] }, 'step: weight "W" has 2 blocks, block 2 does not exist.'],
    ['an operand of another width', { next: [dot('W', 0, h)] }, 'step: the operand of weight "W" must have 3 channels, got 2.'],
    ['a transposed operand of another width', { outputs: [{ name: 'y', width: 3, value: transposedDot('W', [{ block: 0, operand: x }]) }] }, 'step: the operand of weight "W" transposed must have 2 channels, got 3.'],
    ['values of two widths', { next: [add(h, x)] }, 'step: add needs values of one width, got 2 and 3 channels.'],
    ['a next value of another width', { next: [x] }, 'step: the next value of state "h" must have 2 channels, got 3.'],
    ['an output of another width', { outputs: [{ name: 'y', width: 2, value: x }] }, 'step: the output "y" must have 2 channels, got 3.'],
    ['an accumulation of too few rows', { accumulations: [{ name: 'dv', rows: 2, columns: 0, parts: [{ offset: 1, left: h }] }] }, 'step: accumulation "dv" has 2 rows, but a part takes rows 1 to 3.'],
    ['an outer product without its right side', { accumulations: [{ name: 'dW', rows: 2, columns: 3, parts: [{ offset: 0, left: h }] }] }, 'step: accumulation "dW" has 3 columns, so its parts must have a right side.'],
    ['a sum with a right side', { accumulations: [{ name: 'dv', rows: 2, columns: 0, parts: [{ offset: 0, left: h, right: x }] }] }, 'so its parts must have no right side'],
    ['a right side of another width', { accumulations: [{ name: 'dW', rows: 2, columns: 2, parts: [{ offset: 0, left: h, right: x }] }] }, 'step: the right side of accumulation "dW" must have 2 channels, got 3.'],
  ])('refuses %s', (_, change, message) => {
    expect(() => { checkStep({ ...good, ...change }); }).toThrow(message);
    expect(() => { checkStep({ ...good, ...change }); }).toThrow(StepError);
  });
});

describe('reading a step', () => {
  test('widths: constants fit any, random numbers are as wide as what they meet', () => {
    const found = widths({ ...good, outputs: [...good.outputs, { name: 'u', width: 5, value: mul(random(0, 'step'), 2) }, { name: 'm', width: 3, value: mean(x) }] });
    expect(Object.fromEntries([...found].map(([node, width]) => [text(node), width]))).toMatchObject({ 'h': 2, 'x': 3, 'W.1(x)': 2, "W'.0(h)": 3, '1': undefined, 'mul(random(0, step), 2)': 5, 'random(0, step)': 5, 'mean(x)': 3 });
  });

  test('one random number cannot have two widths', () => {
    const u = random(0, 'step');
    expect(() => widths({ ...empty, outputs: [{ name: 'a', width: 2, value: mul(u, 2) }, { name: 'b', width: 3, value: u }] })).toThrow('step: random numbers of one stream are used for rows of 3 and of 2 channels; draw them from two streams.');
  });

  test('roots are next values, outputs and both sides of accumulations', () => {
    expect(roots(good).map(text)).toEqual(['tanh(add(h, mul(v, W.1(x))))', "W'.0(h)", '1', 'h', 'x', 'h']);
  });

  test('drawsRandom', () => {
    expect([drawsRandom(good), drawsRandom({ ...good, next: [mul(h, random(0, 'step'))] })]).toEqual([false, true]);
  });

  test('mapStep changes every expression and nothing else', () => {
    const changed = mapStep(good, (root) => tanh(root));
    expect(roots(changed).map(text)).toEqual(roots(good).map((root) => text(tanh(root))));
    expect(changed.names.map(({ value }) => text(value))).toEqual(['tanh(W.1(x))']);
    expect({ ...changed, next: 0, outputs: 0, accumulations: 0, names: 0 }).toEqual({ ...good, next: 0, outputs: 0, accumulations: 0, names: 0 });
    expect(changed.accumulations.map(({ rows, columns, parts }) => [rows, columns, parts.map(({ offset }) => offset)])).toEqual([[4, 3, [2]], [4, 0, [2]]]);
    expect('right' in (changed.accumulations[1]?.parts[0] ?? {})).toBe(false);
  });
});
