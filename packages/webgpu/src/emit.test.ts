import { abs, add, constant, div, dot, equal, exp, floor, input, less, lessEqual, log, max, mean, min, mul, neg, ops, random, relu, select, sigmoid, sqrt, sub, tanh, type Expr, type ScalarOp } from '@unroll/expr';
import { expect, test } from 'vitest';
import { emitExpressions, type Emission } from './emit.ts';
import { ShaderBuilder } from './wgsl.ts';

const [a, b] = [input('a'), input('b')];

/** The lines that expressions become, and the texts of their values. */
function emitted(exprs: readonly Expr[], emission: Partial<Emission> = {}): { readonly lines: string[]; readonly values: string[]; readonly loads: string[] } {
  const shader = new ShaderBuilder('test');
  const loads: string[] = [];
  const values = emitExpressions(shader, exprs, { load: (name) => { loads.push(name); return `data_${name}[index]`; }, ...emission });
  const { code } = shader.build([1]);
  return { lines: code.slice(code.indexOf('{', code.indexOf('fn main')) + 2, -3).split('\n').map((line) => line.trim()), values, loads };
}

test('loads each leaf once, and names values as the author did', () => {
  const gate = sigmoid(add(a, b));
  const next = mul(gate, tanh(b));
  expect(emitted([add(next, 1), next], { names: [{ name: 'i', value: gate }, { name: "h'", value: next }] })).toEqual({
    lines: ['let a = data_a[index];', 'let b = data_b[index];', 'let i = logistic(a + b);', 'let h = i * tangent(b);', 'let result = h + 1.0f;'],
    values: ['result', 'h'], loads: ['a', 'b'],
  });
});

test('computes what expressions share once, also where it is written twice', () => {
  const { lines } = emitted([mul(tanh(add(a, b)), 2), tanh(add(a, b))]);
  expect(lines.filter((line) => line.includes('tangent'))).toEqual(['let t = tangent(a + b);']);
});

test('reads comparisons as numbers and as conditions, and takes NaN for a condition that holds', () => {
  const lower = less(a, b);
  const text = emitted([select(lower, a, b), add(lower, 1), select(a, 2, 3), lower]).lines.slice(2);
  expect(text).toEqual(['let t = a < b;', 'let result = select(b, a, t);', 'let result_1 = select(0.0f, 1.0f, t) + 1.0f;', 'let result_2 = select(3.0f, 2.0f, !(a == 0.0f));', 'let result_3 = select(0.0f, 1.0f, t);']);
});

test('writes numbers that have no literal, and results that are numbers', () => {
  const { lines, values } = emitted([add(a, Infinity), add(a, constant(NaN)), constant(-2.5), constant(-0), constant(1e-7), constant(1e39), mul(a, 3)]);
  expect(lines.slice(1)).toEqual(['let result = a + infinity();', 'let result_1 = a + (infinity() - infinity());', 'let result_2 = infinity();', 'let result_3 = a * 3.0f;']);
  expect(values).toEqual(['result', 'result_1', '-2.5f', '-0.0f', '1.0000000116860974e-7f', 'result_2', 'result_3']);
});

test('integers have operations and numbers of their own, and refuse what gives no integers', () => {
  expect(emitted([max(relu(a), 7), select(less(a, b), constant(-(2 ** 31)), floor(b))], { compute: 'int32' }).lines.slice(2)).toEqual(['let result = max(max(a, a - a), i32(7));', 'let result_1 = select(b, i32(-2147483648), a < b);']);
  for (const expr of [div(a, b), sqrt(a), exp(a), log(a), tanh(a), sigmoid(a)]) expect(() => emitted([expr], { compute: 'int32' })).toThrow(/does not give integers/u);
});

test('vectors of lanes', () => {
  expect(emitted([add(exp(a), 2), select(equal(a, b), 1, a)], { lanes: 4 }).lines.slice(2)).toEqual(['let result = exponential4(a) + vec4<f32>(2.0f);', 'let result_1 = select(a, vec4<f32>(1.0f), a == b);']);
});

test('every operation has its text', () => {
  const build: Readonly<Record<ScalarOp, Expr>> = {
    add: add(a, b), sub: sub(a, b), mul: mul(a, b), div: div(a, b), min: min(a, b), max: max(a, b), less: less(a, b), lessEqual: lessEqual(a, b), equal: equal(a, b),
    neg: neg(a), abs: abs(a), floor: floor(a), sqrt: sqrt(a), exp: exp(a), log: log(a), tanh: tanh(a), sigmoid: sigmoid(a), relu: relu(a), select: select(a, b, 1),
  };
  for (const op of Object.keys(ops) as ScalarOp[]) expect(emitted([build[op]]).lines.at(-1)).toMatch(/^let result = .*a/u);
});

test('long chains become several lines', () => {
  const chain = Array.from({ length: 200 }, (_, k) => k).reduce<Expr>((sum, k) => add(mul(sum, b), k + 0.5), a);
  expect(Math.max(...emitted([chain]).lines.map((line) => line.length))).toBeLessThan(150);
});

test('asks for random numbers, and refuses what is not elementwise', () => {
  expect(emitted([less(random(2, 'step'), 0.5)], { draw: ({ stream }) => `unit(words${stream}.x)` }).lines).toEqual(['let t = unit(words2.x);', 'let result = select(0.0f, 1.0f, t < 0.5f);']);
  expect(() => emitted([dot('w', 0, a)])).toThrow(/a dot is not elementwise/u);
  expect(() => emitted([mean(a)])).toThrow(/a mean is not elementwise/u);
  expect(() => emitted([random(0, 'step')])).toThrow(/a random is not elementwise/u);
});

test('names that the language keeps, or that differ only in what it has no letters for', () => {
  const shader = new ShaderBuilder('test');
  expect(['f', 'if', 'exp', 'x′', 'x', 'σ', '1st', '_', 'r·h', 'tangent', 'local', 'f'].map((name) => shader.name(name))).toEqual(['f', 'if_', 'exp_', 'x', 'x_1', 'σ', 'v1st', 'v', 'r·h', 'tangent_', 'local_1', 'f_1']);
});
