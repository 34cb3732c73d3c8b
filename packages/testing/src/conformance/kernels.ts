import { apply, constant, input, ops, type Expr, type ScalarOp } from '@unroll/expr';
import { concat, flip, permute, reference, recording, reshape, slice, stack, use, zeros, pad, type Recorder, type Tensor } from '@unroll/tensor';
import { hostArray, inputName, inputsOf, sizeOf, type CopyKernel, type Distribution, type DType, type GatherKernel, type HostData, type Kernel, type MatMulKernel, type RandomKernel, type ReduceKernel, type ReduceOp, type ScatterKernel, type Shape } from '@unroll/tensor/backend';
import * as fc from 'fast-check';
import { randomNumbers } from '../numbers.ts';
import type { Case } from './compare.ts';

/** Elementwise functions of up to three inputs that broadcast, smooth wherever their arguments are not exact; some inputs are int32. */
export function maps(dtype: DType): fc.Arbitrary<Case> {
  return broadcasts.chain(({ shape, inputs }) => fc.record({
    bodies: fc.array(smooth(inputs.length, 3), { minLength: 1, maxLength: 3 }), dtypes: fc.array(fc.constantFrom(dtype, dtype, 'int32' as const), { minLength: 3, maxLength: 3 }),
  }).chain(({ bodies, dtypes }) => filled({ kind: 'map', bodies, shape, inputs: inputs.map((own, k) => ({ shape: own, dtype: dtypes[k] ?? dtype })), compute: dtype, dtype }, eighths)));
}

/** Elementwise functions in int32, of any numbers, which wrap around. */
export function integerMaps(): fc.Arbitrary<Case> {
  return broadcasts.chain(({ shape, inputs }) => fc.record({
  bodies: fc.array(whole(inputs.length, 3), { minLength: 1, maxLength: 2 }), large: fc.boolean(),
}).chain(({ bodies, large }) => filled({ kind: 'map', bodies, shape, inputs: inputs.map((own) => ({ shape: own, dtype: 'int32' as const })), compute: 'int32', dtype: 'int32' }, large ? (u) => u * 2 ** 31 : (u) => u * 4)));
}

/** Comparisons and casts between the types. */
export function conversions(dtype: DType): fc.Arbitrary<Case> {
  const [x, y] = [input(inputName(0)), input(inputName(1))];
  const bodies = fc.constantFrom(x, apply('less', x, y), apply('lessEqual', x, y), apply('equal', x, y), apply('sub', constant(1), apply('equal', x, y)));
  return fc.record({ body: bodies, from: fc.constantFrom<DType>(dtype, 'int32'), to: fc.constantFrom<DType>(dtype, 'int32'), count: fc.nat({ max: 40 }) }).chain(({ body, from, to, count }) =>
    filled({ kind: 'map', bodies: [body], shape: [count], inputs: [{ shape: [count], dtype: from }, { shape: [], dtype: from }], compute: from === 'int32' && to === 'int32' ? 'int32' : dtype, dtype: to }, eighths));
}

const special = [0, -0, 1, -1, 0.5, -2.5, 88, -88, 100, -100, 1e-6, 1e30, -1e30, 3e9, -3e9, NaN, Infinity, -Infinity];

/** Every operation, and the cast to int32, on every pair of values at the edges: overflow, infinities, NaN. */
export function edges(dtype: DType): Case[] {
  const numbers = (values: readonly number[]): HostData => {
    const data = hostArray(dtype, values.length);
    data.set(values);
    return data;
  };
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  const inputs = [numbers(pairs.map(([a]) => a)), numbers(pairs.map(([, b]) => b)), numbers(pairs.map((_, k) => k))];
  const of = (body: Expr, to: DType): Case => {
    const used = inputs.slice(0, Math.max(1, body.kind === 'apply' ? body.args.length : 1));
    return { kernel: { kind: 'map', bodies: [body], shape: [pairs.length], inputs: used.map(() => ({ shape: [pairs.length], dtype })), compute: dtype, dtype: to }, inputs: used };
  };
  const all = (Object.keys(ops) as ScalarOp[]).map((op) => of(apply(op, ...[0, 1, 2].slice(0, ops[op].arity).map((k) => input(inputName(k)))), dtype));
  return [...all, of(input(inputName(0)), 'int32')];
}

/** Reductions, some of them with NaN among the values. */
export function reductions(dtype: DType): fc.Arbitrary<Case> {
  const sizes = { outer: fc.nat({ max: 5 }), inner: fc.oneof(fc.constant(1), fc.nat({ max: 40 })), length: fc.integer({ min: 1, max: 70 }) };
  return fc.record({ ...sizes, op: fc.constantFrom<ReduceOp>('sum', 'max', 'min', 'argmax'), empty: fc.integer({ min: 0, max: 9 }), holes: fc.boolean() }).chain(({ op, outer, inner, length, empty, holes }) => {
    const kernel: ReduceKernel = { kind: 'reduce', op, dtype, outer, inner, length: op === 'sum' && empty === 0 ? 0 : length };
    return filled(kernel, holes && dtype !== 'int32' ? (u) => (u > 0.9 ? NaN : eighths(u)) : eighths);
  });
}

/** Products with every layout. */
export function products(dtype: DType): fc.Arbitrary<Case> {
  const length = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 40 }), fc.constantFrom(8, 16, 32, 64, 65));
  const flags = { transposeA: fc.boolean(), transposeB: fc.boolean(), sharedA: fc.boolean(), sharedB: fc.boolean(), bias: fc.boolean() };
  return fc.record({ batch: fc.integer({ min: 0, max: 3 }), m: length, n: length, k: length, ...flags }).chain((sizes) => filled({ kind: 'matmul', dtype, ...sizes } satisfies MatMulKernel, (u) => u));
}

/** Rows by index and back, indices out of range among them. */
export function lookups(dtype: DType): fc.Arbitrary<Case> {
  return fc.record({ kind: fc.constantFrom('gather' as const, 'scatter' as const), rows: fc.nat({ max: 12 }), width: fc.nat({ max: 20 }), count: fc.nat({ max: 30 }) }).chain(({ kind, rows, width, count }) => {
    const kernel: GatherKernel | ScatterKernel = { kind, dtype, rows, width, count };
    return filled(kernel, (u, { dtype: own }) => (own === 'int32' && sizeOf([count]) > 0 ? Math.floor((u + 1) / 2 * (rows + 2)) - 1 : eighths(u)));
  });
}

/** Layout changes, as the operations on tensors make them. */
export function copies(dtype: DType): fc.Arbitrary<Case> {
  const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
  return shapes.chain((shape) => fc.record({
    shape: fc.constant(shape), order: fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }), axes: fc.subarray(shape.map((_, axis) => axis)), axis: fc.nat({ max: shape.length - 1 }),
    ends: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { minLength: shape.length, maxLength: shape.length }), change: fc.constantFrom(...Object.keys(changes) as (keyof typeof changes)[]),
  })).chain((plan) => {
    const kernels = copiesOf(() => changes[plan.change](zeros(plan.shape, { dtype }), plan));
    return kernels.length === 0 ? fc.constant({ kernel: nothing(dtype), inputs: [hostArray(dtype, 0)] }) : fc.constantFrom(...kernels).chain((kernel) => filled(kernel, eighths));
  });
}

/** Random numbers of every distribution. */
export function draws(dtype: DType): fc.Arbitrary<Case> {
  const word = fc.nat({ max: 2 ** 32 - 1 });
  return fc.record({ distribution: fc.constantFrom<Distribution>('uniform', 'normal', 'bernoulli'), shape: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }), seed: fc.tuple(word, word), probability: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map((rest) => ({ kernel: { kind: 'random', dtype, ...rest } satisfies RandomKernel, inputs: [] }));
}

/** Inputs for a kernel: `value` makes a number of one between −1 and 1. */
export function inputsFor(kernel: Kernel, seed: number, value: (u: number, input: { readonly dtype: DType; readonly index: number }) => number): HostData[] {
  return inputsOf(kernel).map(({ shape, dtype }, index) => {
    const numbers = randomNumbers(sizeOf(shape), seed + index);
    const data = hostArray(dtype, numbers.length);
    for (let k = 0; k < data.length; k++) data[k] = value(numbers[k] as number, { dtype, index });
    return data;
  });
}

// Private.

// Exact in every type, with ties: 0, ±1/8, ±1/4 … ±4.
function eighths(u: number): number {
  return Math.round(u * 32) / 8;
}

function filled(kernel: Kernel, value: (u: number, input: { readonly dtype: DType; readonly index: number }) => number): fc.Arbitrary<Case> {
  return fc.nat({ max: 1_000_000 }).map((seed) => ({ kernel, inputs: inputsFor(kernel, seed, value) }));
}

// A shape, and shapes that broadcast to it.
const broadcasts: fc.Arbitrary<{ readonly shape: Shape; readonly inputs: readonly Shape[] }> = fc.array(fc.oneof(fc.nat({ max: 4 }), fc.integer({ min: 5, max: 37 })), { maxLength: 3 }).chain((shape) => fc.record({
  shape: fc.constant(shape),
  inputs: fc.array(fc.record({ skip: fc.nat({ max: shape.length }), ones: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), full: fc.boolean() })
    .map(({ skip, ones, full }) => (full ? shape : shape.map((length, axis) => (ones[axis] === true ? 1 : length)).slice(skip))), { maxLength: 3 }),
}));

function leaf(count: number, constants: fc.Arbitrary<number>): fc.Arbitrary<Expr> {
  const number = constants.map((value) => constant(value));
  return count === 0 ? number : fc.oneof({ weight: 3, arbitrary: fc.nat({ max: count - 1 }).map((k) => input(inputName(k))) }, { weight: 1, arbitrary: number });
}

// Floats: no jumps, no poles and no overflow where a rounding could decide; jumps of leaves, which are exact.
function smooth(count: number, depth: number): fc.Arbitrary<Expr> {
  const end = leaf(count, fc.integer({ min: -16, max: 16 }).map((k) => k / 8));
  const jump = fc.oneof(fc.tuple(end, end).chain(([a, b]) => fc.constantFrom(apply('less', a, b), apply('lessEqual', a, b), apply('equal', a, b))), end.map((a) => apply('floor', a)));
  if (depth === 0) return fc.oneof({ weight: 3, arbitrary: end }, { weight: 1, arbitrary: jump });
  const below = smooth(count, depth - 1);
  return fc.oneof(
    below.chain((a) => fc.constantFrom(apply('neg', a), apply('abs', a), apply('tanh', a), apply('sigmoid', a), apply('relu', a), apply('exp', apply('tanh', a)), apply('log', apply('add', apply('abs', a), constant(0.5))), apply('sqrt', apply('add', apply('abs', a), constant(0.25))))),
    fc.tuple(below, below).chain(([a, b]) => fc.constantFrom(apply('add', a, b), apply('sub', a, b), apply('mul', apply('tanh', a), b), apply('div', a, apply('add', constant(1), apply('abs', b))), apply('min', a, b), apply('max', a, b))),
    fc.tuple(jump, below, below).map(([c, a, b]) => apply('select', c, a, b)),
  );
}

function whole(count: number, depth: number): fc.Arbitrary<Expr> {
  const end = leaf(count, fc.integer({ min: -5, max: 5 }));
  if (depth === 0) return end;
  const below = whole(count, depth - 1);
  return fc.oneof(
    end,
    fc.tuple(fc.constantFrom('neg' as const, 'abs' as const, 'floor' as const, 'relu' as const), below).map(([op, a]) => apply(op, a)),
    fc.tuple(fc.constantFrom('add' as const, 'sub' as const, 'mul' as const, 'min' as const, 'max' as const, 'less' as const, 'lessEqual' as const, 'equal' as const), below, below).map(([op, a, b]) => apply(op, a, b)),
    fc.tuple(below, below, below).map(([c, a, b]) => apply('select', c, a, b)),
  );
}

interface Plan { readonly order: readonly number[]; readonly axes: readonly number[]; readonly axis: number; readonly ends: readonly (readonly [number, number])[] }

const changes = {
  permute: (x: Tensor, { order }: Plan) => permute(x, order),
  slice: (x: Tensor, { ends }: Plan) => slice(x, ends.map((pair, axis) => Math.min(...pair, x.shape[axis] as number)), ends.map((pair, axis) => Math.min(Math.max(...pair), x.shape[axis] as number))),
  flip: (x: Tensor, { axes }: Plan) => flip(x, axes),
  pad: (x: Tensor, { ends }: Plan) => pad(x, ends),
  concat: (x: Tensor, { axis }: Plan) => concat([x, x, x], axis),
  stack: (x: Tensor, { axis }: Plan) => stack([x, x], axis),
  turned: (x: Tensor, { order, axes }: Plan) => flip(permute(flip(x, axes), order), 0),
  flat: (x: Tensor) => flip(reshape(x, [x.size]), 0),
} as const;

// The kernels of operations, heard while they run on a backend that is of no importance.
function copiesOf(body: () => unknown): CopyKernel[] {
  const kernels: CopyKernel[] = [];
  const listener: Recorder = { extend: (kernel) => kernel, record: (kernel) => { if (kernel.kind === 'copy') kernels.push(kernel); }, alias: () => undefined };
  const before = use(reference());
  try {
    recording(listener, body);
  } finally {
    use(before);
  }
  return kernels;
}

function nothing(dtype: DType): CopyKernel {
  return { kind: 'copy', dtype, shape: [0], inputs: [[0]], parts: [] };
}
