import { add, mul, scope, sum, tensor, type Tensor } from '@unroll/tensor';
import { AutogradError, check } from './errors.ts';
import { on } from './place.ts';
import { leavesOf, mapTree, type Leaf } from './tree.ts';
import { vjp } from './vjp.ts';

export interface GradientCheckOptions {
  /** Largest error allowed, absolute, or relative where the derivative is above 1. 1e-7. */
  readonly tolerance?: number;
  /** Change of each element to either side, relative where the element is above 1. 1e-5. */
  readonly step?: number;
}

/** One element of an input, and both of its derivatives. */
export interface GradientEntry {
  /** Which input, and where in it: `[1].weight`. */
  readonly path: string;
  readonly index: readonly number[];
  readonly analytic: number;
  readonly numeric: number;
  /** |analytic − numeric| / max(1, |analytic|, |numeric|). */
  readonly error: number;
}

export interface GradientCheck {
  /** Derivatives compared. */
  readonly entries: number;
  /** The one with the largest error; undefined where there was nothing to compare. */
  readonly worst: GradientEntry | undefined;
}

/** Thrown by `checkGradients`, code `gradient`. */
export class GradientCheckError extends AutogradError {
  readonly worst: GradientEntry;

  constructor(worst: GradientEntry, tolerance: number) {
    const { path, index, analytic, numeric, error } = worst;
    super('gradient', `checkGradients: by input ${path} at (${index.join(', ')}) the gradient is ${analytic}, central differences give ${numeric}: error ${error.toPrecision(3)} exceeds ${tolerance}; a rule is wrong, or the function is not smooth there.`);
    this.worst = worst;
  }
}

/**
 * Compares the gradients of any function with central differences, (f(x + h) − f(x − h)) / 2h, for every element of every float
 * tensor in the inputs. `fn` may return a tensor of any shape, or several in arrays and plain objects: the check takes a fixed
 * weighted sum of all. Inputs are float64 (the reference backend has it), or int32, which stay as they are.
 *
 * Returns the worst entry. Throws a `GradientCheckError` with it where the error exceeds the tolerance or is not a number, and an
 * `AutogradError` for float32 inputs (`dtype`) and for a function that gives different values each time (`argument`).
 */
export async function checkGradients<A extends readonly unknown[]>(fn: (...inputs: A) => unknown, inputs: A, options: GradientCheckOptions = {}): Promise<GradientCheck> {
  const { tolerance = 1e-7, step = 1e-5 } = options;
  const leaves = leavesOf(inputs);
  for (const { path, tensor: { dtype } } of leaves) {
    check(dtype !== 'float32', 'dtype', () => `checkGradients: input ${path} is float32, where differences drown in rounding; use float64 tensors on the reference backend.`);
  }
  const loss = (...args: A): Tensor => weightedSum(fn(...args));
  const analytic = await gradientsOf(loss, inputs);
  await checkRepeatable(loss, inputs);
  const entries: GradientEntry[] = [];
  for (const leaf of leaves) entries.push(...(await entriesOf(leaf, analytic.get(leaf.path), loss, inputs, step)));
  const [first] = entries;
  const worst = first && entries.reduce((most, entry) => (entry.error <= most.error || Number.isNaN(most.error) ? most : entry));
  if (worst !== undefined && !(worst.error <= tolerance)) throw new GradientCheckError(worst, tolerance);
  return { entries: entries.length, worst };
}

// Private.

type Scalar<A extends readonly unknown[]> = (...inputs: A) => Tensor;

// Fixed weights without pattern, so that errors of two elements do not cancel.
function weightedSum(value: unknown): Tensor {
  const parts = leavesOf(value).filter(({ tensor }) => tensor.dtype !== 'int32').map(({ tensor: part }, k) => {
    const weights = Float64Array.from({ length: part.size }, (_, j) => Math.cos(1 + 3 * k + 1.7 * j) + 0.2);
    return sum(mul(part, on(part.backend, () => tensor(weights, { shape: part.shape, dtype: part.dtype }))));
  });
  check(parts.length > 0, 'argument', () => 'checkGradients: the function returned no float tensor; return one, or several in an array or object.');
  return parts.reduce((total, part) => add(total, part));
}

async function gradientsOf<A extends readonly unknown[]>(loss: Scalar<A>, inputs: A): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const gradients = scope(() => {
    const { value, pull } = vjp(loss, ...inputs);
    return pull(on(value.backend, () => tensor(1, { dtype: value.dtype })) as never);
  });
  const leaves = leavesOf(gradients);
  try {
    return new Map(await Promise.all(leaves.map(async ({ path, tensor }) => [path, await tensor.data()] as const)));
  } finally {
    for (const { tensor } of leaves) tensor.dispose();
  }
}

async function checkRepeatable<A extends readonly unknown[]>(loss: Scalar<A>, inputs: A): Promise<void> {
  const [once, again] = [await valueOf(() => loss(...inputs)), await valueOf(() => loss(...inputs))];
  check(Object.is(once, again), 'argument', () => `checkGradients: the function gives ${once} and then ${again} for the same inputs; seed its random numbers inside of it.`);
}

async function entriesOf<A extends readonly unknown[]>(leaf: Leaf, analytic: ArrayLike<number> | undefined, loss: Scalar<A>, inputs: A, step: number): Promise<GradientEntry[]> {
  const { path, tensor: { shape, dtype, backend } } = leaf;
  if (dtype === 'int32') return [];
  const data = Float64Array.from(await leaf.tensor.data());
  const entries: GradientEntry[] = [];
  for (let place = 0; place < data.length; place++) {
    const x = data[place] as number;
    const h = step * Math.max(1, Math.abs(x));
    const at = (value: number): Promise<number> => valueOf(() => {
      const moved = on(backend, () => tensor(data.with(place, value), { shape, dtype }));
      return loss(...(mapTree(inputs, (other, at) => (at === path ? moved : other), (rest) => rest) as A));
    });
    const numeric = (await at(x + h) - await at(x - h)) / (2 * h);
    entries.push(entry(path, indexAt(place, shape), analytic?.[place] ?? NaN, numeric));
  }
  return entries;
}

function entry(path: string, index: readonly number[], analytic: number, numeric: number): GradientEntry {
  return { path, index, analytic, numeric, error: Math.abs(analytic - numeric) / Math.max(1, Math.abs(analytic), Math.abs(numeric)) };
}

async function valueOf(body: () => Tensor): Promise<number> {
  const value = scope(body);
  try {
    return await value.item();
  } finally {
    value.dispose();
  }
}

function indexAt(place: number, shape: readonly number[]): number[] {
  let rest = place;
  return [...shape].reverse().map((length) => { const index = rest % length; rest = (rest - index) / length; return index; }).reverse();
}
