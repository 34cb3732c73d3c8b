import { scope, Tensor } from '@unroll/tensor';
import { alias, type Backend } from '@unroll/tensor/backend';
import { walkBack, type Cotangents } from './backward.ts';
import { AutogradError, check } from './errors.ts';
import { Tape, type Variable } from './tape.ts';
import { leavesOf, mapTree, type Gradients } from './tree.ts';
import { onesOn, zerosOn } from './place.ts';

/** Anything with named tensors that are to be learnt, each listed once: a module of `@unroll/layers`, or an object of one's own. */
export interface Parametrised { parameters(): Readonly<Record<string, Tensor>> | Iterable<readonly [name: string, parameter: Tensor]> }

/** A value, its gradients and whatever else was returned beside it. */
export interface Differentiated<G, X> {
  /** The loss, a scalar. */
  readonly value: Tensor;
  /** In the structure, the shapes and the types of what the loss was differentiated by. */
  readonly gradients: G;
  readonly aux: X;
}

/** Gradients by the name of the parameter. */
export type NamedGradients = Readonly<Record<string, Tensor>>;

/**
 * Makes of a loss function one that gives the loss and its gradients by all arguments: for every tensor in them, also inside arrays and
 * plain objects, a gradient of the same shape and type. `fn` returns a scalar tensor, or `[scalar, aux]` with anything it wants to
 * hand out besides. Everything made inside is freed when the function returns, except value, gradients and aux; also when it throws.
 *
 * Before `fn` sees its arguments they are replaced by views, so a tensor given twice is two arguments, and one that `fn` takes from
 * outside is a constant. A tensor that does not influence the loss has a gradient of zeros; an int32 tensor has none (undefined).
 *
 * Throws an `AutogradError`: `scalar` for a loss of several elements, `dtype` for an int32 loss, `independent` for a loss that
 * depends on no argument at all (`vjp` takes such functions, too), `second-derivative` for a gradient of the gradient of a scan.
 */
export function valueAndGrad<A extends readonly unknown[]>(fn: (...args: A) => Tensor): (...args: A) => Differentiated<Gradients<A>, undefined>;
export function valueAndGrad<A extends readonly unknown[], X>(fn: (...args: A) => readonly [loss: Tensor, aux: X]): (...args: A) => Differentiated<Gradients<A>, X>;
/** The same by the parameters of a module, by name; the arguments are constants. The parameters are read anew at each call. */
export function valueAndGrad<A extends readonly unknown[]>(module: Parametrised, fn: (...args: A) => Tensor): (...args: A) => Differentiated<NamedGradients, undefined>;
export function valueAndGrad<A extends readonly unknown[], X>(module: Parametrised, fn: (...args: A) => readonly [loss: Tensor, aux: X]): (...args: A) => Differentiated<NamedGradients, X>;
export function valueAndGrad(first: Loss | Parametrised, second?: Loss): (...args: readonly unknown[]) => Differentiated<unknown, unknown> {
  return differentiated('valueAndGrad', first, second);
}

/** The gradients of `valueAndGrad` alone, for a function that returns a scalar tensor. */
export function grad<A extends readonly unknown[]>(fn: (...args: A) => Tensor): (...args: A) => Gradients<A>;
export function grad<A extends readonly unknown[]>(module: Parametrised, fn: (...args: A) => Tensor): (...args: A) => NamedGradients;
export function grad(first: Loss | Parametrised, second?: Loss): (...args: readonly unknown[]) => unknown {
  const both = differentiated('grad', first, second);
  return (...args) => scope(() => both(...args).gradients);
}

/** The same numbers as a constant: no gradient flows through. Takes a tensor, or tensors in nested arrays and plain objects. */
export function stopGradient<T>(tree: T): T {
  return mapTree(tree, ({ shape, dtype, storage }) => new Tensor(shape, dtype, storage), (value) => value) as T;
}

// Private.

type Loss = (...args: readonly never[]) => unknown;
type AnyFunction = (...args: readonly unknown[]) => unknown;

function differentiated(name: string, first: Loss | Parametrised, second: Loss | undefined): (...args: readonly unknown[]) => Differentiated<unknown, unknown> {
  if (typeof first === 'function') return (...args) => byArguments(name, first as AnyFunction, args);
  check(typeof second === 'function' && typeof first.parameters === 'function', 'argument', () => `${name}: takes a function, or a module with parameters() and a function.`);
  return (...args) => byParameters(name, first, () => (second as AnyFunction)(...args));
}

/** Views of all tensors of a tree, so that each place in it is an argument of its own. */
export function viewsOf(tree: readonly unknown[]): unknown[] {
  return mapTree(tree, (tensor) => alias(tensor, tensor.shape), (value) => value) as unknown[];
}

function byArguments(name: string, fn: AnyFunction, args: readonly unknown[]): Differentiated<unknown, unknown> {
  return scope(() => {
    const views = viewsOf(args);
    const leaves = leavesOf(views).map(({ tensor }) => tensor);
    const { gradients, ...rest } = differentiate(name, leaves, () => fn(...views));
    return { ...rest, gradients: mapTree(views, (tensor) => gradients[leaves.indexOf(tensor)], () => undefined) };
  });
}

function byParameters(name: string, module: Parametrised, body: () => unknown): Differentiated<unknown, unknown> {
  const found = module.parameters();
  const entries = Symbol.iterator in found ? [...found] : Object.entries(found);
  return scope(() => {
    const { gradients, ...rest } = differentiate(name, entries.map(([, parameter]) => parameter), body);
    return { ...rest, gradients: Object.fromEntries(entries.flatMap(([key], k) => (gradients[k] === undefined ? [] : [[key, gradients[k]]]))) };
  });
}

function differentiate(name: string, leaves: readonly Tensor[], body: () => unknown): { value: Tensor; aux: unknown; gradients: (Tensor | undefined)[] } {
  const tape = new Tape();
  try {
    const watched = leaves.map((leaf) => (leaf.dtype === 'int32' ? undefined : tape.watch(leaf)));
    // What the tape does not hold is freed here, before the way back needs memory of its own. In an object, for promises are told below.
    const { result } = scope(() => ({ result: tape.listen(body) }));
    const { value, aux } = parts(name, result);
    const cotangents: Cotangents = new Map([[lossOf(name, value, tape), onesOn(value.backend, value.shape, value.dtype)]]);
    walkBack(tape, cotangents, { consume: true });
    const gradients = watched.map((variable) => variable && gradientOf(variable, value.backend, cotangents));
    return { value: leaves.includes(value) ? alias(value, value.shape) : value, aux, gradients };
  } finally {
    tape.dispose();
  }
}

/** A tensor of its own for one argument: zeros where the loss does not depend on it. */
export function gradientOf(variable: Variable, backend: Backend, cotangents: Cotangents): Tensor {
  const found = cotangents.get(variable);
  return found === undefined ? zerosOn(backend, variable.shape, variable.dtype) : alias(found, variable.shape);
}

function parts(name: string, result: unknown): { value: Tensor; aux: unknown } {
  const [value, aux]: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (value instanceof Tensor) return { value, aux };
  if (result instanceof Promise) result.catch(() => undefined);
  throw new AutogradError('argument', result instanceof Promise
    ? `${name}: the function must not be async, since what it makes is freed when it returns; await before or after.`
    : `${name}: the function must return a scalar tensor or [scalar tensor, anything], got ${Array.isArray(result) ? 'an array that starts with ' : ''}${value === null ? 'null' : typeof value}.`);
}

function lossOf(name: string, value: Tensor, tape: Tape): Variable {
  check(value.size === 1, 'scalar', () => `${name}: the loss must be a scalar, got (${value.shape.join(', ')}); reduce it with sum() or mean(), or use vjp().`);
  check(value.dtype !== 'int32', 'dtype', () => `${name}: the loss must be float32 or float64, got int32, which has no gradient; cast what it is made from.`);
  const variable = tape.variableOf(value);
  check(variable !== undefined, 'independent',
    () => `${name}: the loss depends on none of the float tensors it is differentiated by; they must be arguments of the function or parameters of the module, and numbers read with data() are constants.`);
  return variable;
}
