import { constant, freeNames, input, topological, type Expr, type ScalarOp } from '@unroll/expr';
import { collapse } from '../collapse.ts';
import { promote, type DType } from '../dtype.ts';
import { check } from '../errors.ts';
import { inputName, isExactOnIntegers } from '../kernels/map.ts';
import { scope } from '../memory.ts';
import { alias, run } from '../run.ts';
import { broadcastShapes, checkShape, shapeText, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { commonType, isTensor, only, type Operand } from './operand.ts';

// Two operands broadcast as in NumPy; the result has the type in which they meet (float64 over float32 over int32). What int32
// cannot express (division, functions, fractions) gives float32. int32 arithmetic wraps around.

/** `a + b`. */
export function add(a: Operand, b: Operand): Tensor { return elementwise('add', [a, b], (x, y) => op('add', x, y)); }
/** `a − b`. */
export function sub(a: Operand, b: Operand): Tensor { return elementwise('sub', [a, b], (x, y) => op('sub', x, y)); }
/** `a ⊙ b`. */
export function mul(a: Operand, b: Operand): Tensor { return elementwise('mul', [a, b], (x, y) => op('mul', x, y)); }
/** `a / b`, never in int32. */
export function div(a: Operand, b: Operand): Tensor { return elementwise('div', [a, b], (x, y) => op('div', x, y)); }
/** The smaller one of each pair; NaN where either is NaN. */
export function minimum(a: Operand, b: Operand): Tensor { return elementwise('minimum', [a, b], (x, y) => op('min', x, y)); }
/** The larger one of each pair; NaN where either is NaN. */
export function maximum(a: Operand, b: Operand): Tensor { return elementwise('maximum', [a, b], (x, y) => op('max', x, y)); }

/** `−x`. */
export function neg(x: Operand): Tensor { return elementwise('neg', [x], (a) => op('neg', a)); }
/** `|x|`. */
export function abs(x: Operand): Tensor { return elementwise('abs', [x], (a) => op('abs', a)); }
/** The largest whole number not above `x`. */
export function floor(x: Operand): Tensor { return elementwise('floor', [x], (a) => op('floor', a)); }
/** `√x`; NaN below 0. */
export function sqrt(x: Operand): Tensor { return elementwise('sqrt', [x], (a) => op('sqrt', a)); }
/** `x²`. */
export function square(x: Operand): Tensor { return elementwise('square', [x], (a) => op('mul', a, a)); }
/** `eˣ`. */
export function exp(x: Operand): Tensor { return elementwise('exp', [x], (a) => op('exp', a)); }
/** Natural logarithm; −∞ at 0, NaN below. */
export function log(x: Operand): Tensor { return elementwise('log', [x], (a) => op('log', a)); }
/** Hyperbolic tangent. */
export function tanh(x: Operand): Tensor { return elementwise('tanh', [x], (a) => op('tanh', a)); }
/** `1 / (1 + e⁻ˣ)`. */
export function sigmoid(x: Operand): Tensor { return elementwise('sigmoid', [x], (a) => op('sigmoid', a)); }
/** `max(x, 0)`. */
export function relu(x: Operand): Tensor { return elementwise('relu', [x], (a) => op('relu', a)); }
/** `log(1 + eˣ)`, without overflow. */
export function softplus(x: Operand): Tensor {
  // max(x, 0) + log(1 + e^−|x|), with max(x, 0) = x/2 + |x|/2 so that the derivative is ½ at 0, too
  return elementwise('softplus', [x], (a) => {
    const positive = op('add', op('mul', constant(0.5), a), op('mul', constant(0.5), op('abs', a)));
    return op('add', positive, op('log', op('add', constant(1), op('exp', op('neg', op('abs', a))))));
  });
}

/** 1 where `a < b`, else 0, as int32; so all comparisons. A comparison with NaN is 0, `notEqual` is 1. */
export function less(a: Operand, b: Operand): Tensor { return comparison('less', a, b, (x, y) => op('less', x, y)); }
/** 1 where `a <= b`, else 0. */
export function lessEqual(a: Operand, b: Operand): Tensor { return comparison('lessEqual', a, b, (x, y) => op('lessEqual', x, y)); }
/** 1 where `a > b`, else 0. */
export function greater(a: Operand, b: Operand): Tensor { return comparison('greater', a, b, (x, y) => op('less', y, x)); }
/** 1 where `a >= b`, else 0. */
export function greaterEqual(a: Operand, b: Operand): Tensor { return comparison('greaterEqual', a, b, (x, y) => op('lessEqual', y, x)); }
/** 1 where `a = b`, else 0. */
export function equal(a: Operand, b: Operand): Tensor { return comparison('equal', a, b, (x, y) => op('equal', x, y)); }
/** 1 where `a ≠ b`, else 0. */
export function notEqual(a: Operand, b: Operand): Tensor { return comparison('notEqual', a, b, (x, y) => op('sub', constant(1), op('equal', x, y))); }

/** `a` where `condition` is not 0, else `b`; all three broadcast. The type is that in which `a` and `b` meet; two numbers give float32. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const dtype = typeOfValues([a, b]);
  const choose = (test: Tensor): Tensor => elementwise('where', [test, a, b], (c, x, y) => op('select', c, x, y), dtype);
  // A float condition would drag integers through float arithmetic.
  return dtype === 'int32' && condition.dtype !== 'int32' ? scope(() => choose(notEqual(condition, 0))) : choose(condition);
}

/** Keeps `x` between `min` and `max`; one of the two may be left out. Where `min` is above `max`, `max` wins. */
export function clip(x: Tensor, limits: { readonly min?: Operand; readonly max?: Operand }): Tensor {
  const { min, max } = limits;
  check(min !== undefined || max !== undefined, 'argument', () => 'clip: give min, max or both.');
  if (max === undefined) return elementwise('clip', [x, min ?? 0], (a, low) => op('max', a, low));
  if (min === undefined) return elementwise('clip', [x, max], (a, high) => op('min', a, high));
  return elementwise('clip', [x, min, max], (a, low, high) => op('min', op('max', a, low), high));
}

/** The same values as another type. To int32, fractions are cut off (−1.7 → −1), ends of the range hold and NaN becomes 0. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? alias(x, x.shape) : elementwise('cast', [x], (a) => a, dtype);
}

/** Inside a scope: the tensor itself where it has the type, else a cast one. Not for the public. */
export function toType(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : cast(x, dtype);
}

/** Stretches `x` to a shape, as NumPy does: axes of length 1, and axes that are missing in front. The elements are copied. */
export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
  checkShape('broadcastTo', shape);
  const stretches = shape.length >= x.rank && x.shape.every((length, axis) => length === 1 || length === shape[axis - x.rank + shape.length]);
  check(stretches, 'shape',
    () => `broadcastTo: ${shapeText(x.shape)} does not stretch to ${shapeText(shape)}: lengths must be equal, or 1 in the tensor.`);
  if (x.size === sizeOf(shape)) return alias(x, shape);
  return only(mapNamed('broadcastTo', [input(inputName(0))], [x], { shape }));
}

/**
 * Any fused elementwise computation: several results in one pass over the inputs. Body j gives output j; bodies are expressions of
 * `@unroll/expr` that name the inputs `x0`, `x1`, …, which broadcast. Constants become part of the compiled code: give a number that
 * changes from call to call (a learning rate) as a tensor. The results have type `dtype`, or the type in which the inputs meet.
 */
export function map(bodies: readonly Expr[], inputs: readonly Tensor[], options: { readonly dtype?: DType } = {}): Tensor[] {
  return mapNamed('map', bodies, inputs, options);
}

// Private. Bodies are built without folding: `x * 0` with NaN in x is data here.

function op(name: ScalarOp, ...args: readonly Expr[]): Expr {
  return { kind: 'apply', op: name, args };
}

function comparison(operation: string, a: Operand, b: Operand, body: (x: Expr, y: Expr) => Expr): Tensor {
  return elementwise(operation, [a, b], body, 'int32');
}

function typeOfValues(operands: readonly Operand[]): DType {
  const tensors = operands.filter(isTensor);
  const whole = operands.every((operand) => isTensor(operand) || Number.isInteger(operand));
  return tensors.length > 0 && whole ? commonType(tensors) : promote('float32', ...tensors.map(({ dtype }) => dtype));
}

type Body = (...operands: [Expr, Expr, Expr]) => Expr;

// Tensors become inputs, numbers become constants.
function elementwise(operation: string, operands: readonly Operand[], body: Body, dtype?: DType): Tensor {
  const inputs: Tensor[] = [];
  const named = operands.map((operand) => (isTensor(operand) ? input(inputName(inputs.push(operand) - 1)) : constant(operand)));
  const [a = constant(0), b = a, c = a] = named;
  return only(mapNamed(operation, [body(a, b, c)], inputs, dtype === undefined ? {} : { dtype }));
}

function mapNamed(operation: string, bodies: readonly Expr[], inputs: readonly Tensor[], options: { readonly dtype?: DType; readonly shape?: readonly number[] }): Tensor[] {
  checkBodies(operation, bodies, inputs.length);
  const shape = broadcastShapes(operation, ...inputs.map((tensor) => tensor.shape), ...(options.shape === undefined ? [] : [options.shape]));
  const collapsed = collapse(shape, inputs.map((tensor) => tensor.shape));
  const compute = computeType(bodies, inputs, options.dtype);
  return run({
    kind: 'map', bodies, shape: collapsed.shape, compute, dtype: options.dtype ?? compute,
    inputs: inputs.map(({ dtype }, k) => ({ shape: collapsed.inputs[k] ?? [], dtype })),
  }, inputs, bodies.map(() => shape));
}

function checkBodies(operation: string, bodies: readonly Expr[], count: number): void {
  const known = new Set(Array.from({ length: count }, (_, k) => inputName(k)));
  const unknown = [...freeNames(bodies)].find((name) => !known.has(name));
  check(topological(bodies).every(({ kind }) => kind === 'constant' || kind === 'input' || kind === 'apply'), 'argument', () => `${operation}: bodies are elementwise; products, means and random numbers belong into scan().`);
  check(unknown === undefined, 'argument', () => `${operation}: a body names "${unknown}", but there are ${count} inputs${count > 0 ? `, x0 to x${count - 1}` : ''}.`);
}

function computeType(bodies: readonly Expr[], inputs: readonly Tensor[], dtype: DType | undefined): DType {
  const types = inputs.map((tensor) => tensor.dtype);
  const integers = inputs.length > 0 && types.every((type) => type === 'int32') && (dtype ?? 'int32') === 'int32';
  if (integers && topological(bodies).every(isExact)) return 'int32';
  return promote('float32', ...types, dtype ?? 'float32');
}

function isExact(node: Expr): boolean {
  if (node.kind === 'constant') return Number.isInteger(node.value) && Math.abs(node.value) <= 0x7fff_ffff;
  return node.kind === 'input' || (node.kind === 'apply' && isExactOnIntegers(node.op));
}
