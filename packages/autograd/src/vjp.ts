import { scope, type Tensor } from '@unroll/tensor';
import { alias, type Backend, type DType, type Shape } from '@unroll/tensor/backend';
import { accumulate, walkBack, type Cotangents } from './backward.ts';
import { check } from './errors.ts';
import { gradientOf, viewsOf } from './gradients.ts';
import { Tape, type Variable } from './tape.ts';
import { leavesOf, mapTree, type Gradients } from './tree.ts';

/** What goes back from a value of type T: the same structure; what is left out or undefined counts as zero. */
export type Cotangent<T> = T extends Tensor ? Tensor | undefined
  : T extends readonly unknown[] | { readonly [key: string]: unknown } ? { readonly [K in keyof T]?: Cotangent<T[K]> } | undefined : undefined;

/** A value, and the way back from it. */
export interface Pullback<A, T> {
  readonly value: T;
  /** The vector-Jacobian product: Σ cotangent ⊙ ∂value/∂input for every input. May be called any number of times. */
  readonly pull: (cotangent: Cotangent<T>) => Gradients<A>;
  /** What `pull` reads. It belongs to the scope around, and is freed by it or by `dispose`. */
  readonly held: readonly Tensor[];
  /** Frees what `pull` reads; value and gradients stay. */
  readonly dispose: () => void;
  readonly [Symbol.dispose]: () => void;
}

/**
 * Runs `fn` on the inputs and gives its value, of any shape and structure, with the function that brings cotangents of the value back
 * to the inputs. It holds intermediate results until `dispose()` (or `using`), or until the scope around ends.
 *
 * An input that does not influence the value gets zeros, an int32 input undefined. Throws what `fn` throws; `pull` throws an
 * `AutogradError` for a cotangent that does not fit the value (`argument`) and after what it reads was freed (`disposed`).
 */
export function vjp<A extends readonly unknown[], T>(fn: (...inputs: A) => T, ...inputs: A): Pullback<A, T> {
  const tape = new Tape();
  try {
    const { value, sources, results } = scope(() => runOn(tape, fn, inputs));
    const held = tape.settle();
    const dispose = (): void => { for (const tensor of held) tensor.dispose(); };
    const pull = (cotangent: Cotangent<T>): Gradients<A> => scope(() => {
      check(held.every(({ disposed }) => !disposed), 'disposed', () => 'vjp: what pull() reads was freed, by dispose() or with the scope in which vjp() was called; pull before that.');
      const cotangents = seedsOf(results, cotangent);
      walkBack(tape, cotangents, { consume: false });
      const gradients = sources.map(({ variable, backend }) => variable && gradientOf(variable, backend, cotangents));
      return mapTree(inputs, () => gradients.shift(), () => undefined) as Gradients<A>;
    });
    return { value, pull, held, dispose, [Symbol.dispose]: dispose };
  } catch (error) {
    tape.dispose();
    throw error;
  }
}

// Private.

interface Source { readonly variable: Variable | undefined; readonly backend: Backend }
interface Result { readonly path: string; readonly shape: Shape; readonly dtype: DType; readonly variable: Variable | undefined }

function runOn<A extends readonly unknown[], T>(tape: Tape, fn: (...inputs: A) => T, inputs: A): { value: T; sources: Source[]; results: Result[] } {
  const views = viewsOf(inputs);
  const sources = leavesOf(views).map(({ tensor }) => ({ backend: tensor.backend, variable: tensor.dtype === 'int32' ? undefined : tape.watch(tensor) }));
  const value = tape.listen(() => fn(...(views as readonly unknown[] as A)));
  if (value instanceof Promise) value.catch(() => undefined);
  check(!(value instanceof Promise), 'argument', () => 'vjp: the function must not be async, since what it makes is freed when it returns; await before or after.');
  const results = leavesOf(value).map(({ path, tensor }) => ({ path, shape: tensor.shape, dtype: tensor.dtype, variable: tape.variableOf(tensor) }));
  return { value, sources, results };
}

function seedsOf(results: readonly Result[], cotangent: unknown): Cotangents {
  const cotangents: Cotangents = new Map();
  for (const { path, tensor } of leavesOf(cotangent)) {
    const where = path === '' ? '' : ` at ${path}`;
    const result = results.find((other) => other.path === path);
    check(result !== undefined, 'argument', () => `pull: there is a cotangent${where}, but no tensor in the value; it has ${results.map((other) => other.path || 'one').join(', ')}.`);
    check(tensor.shape.join() === result.shape.join() && tensor.dtype === result.dtype && result.dtype !== 'int32', 'argument',
      () => `pull: the cotangent${where} is (${tensor.shape.join(', ')}) ${tensor.dtype}, the value is (${result.shape.join(', ')}) ${result.dtype}; both must be the same, and int32 has no gradient.`);
    if (result.variable !== undefined) accumulate(cotangents, result.variable, alias(tensor, tensor.shape));
  }
  return cotangents;
}
