import { add, input, mul, type Expr } from '@unroll/expr';
import type { DType } from '../dtype.ts';
import { check } from '../errors.ts';
import { defaultGenerator, type Generator } from '../generator.ts';
import type { Distribution, Shape } from '../kernel.ts';
import { inputName } from '../kernels/map.ts';
import { scope } from '../memory.ts';
import { checkSupported, run } from '../run.ts';
import { checkShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { currentBackend } from '../use.ts';
import { map } from './elementwise.ts';
import { only } from './operand.ts';

/** float32 from the default generator where nothing else is named. */
export interface RandomOptions { readonly generator?: Generator; readonly dtype?: DType }

/** Even between `low` (0) and below `high` (1), in steps of 2⁻²⁴ of the width. In float32, rounding may reach `high`. */
export function uniform(shape: Shape, { low = 0, high = 1, ...options }: RandomOptions & { readonly low?: number; readonly high?: number } = {}): Tensor {
  check(low <= high, 'argument', () => `uniform: low must not be above high, got ${low} and ${high}.`);
  return scaled('uniform', shape, high - low, low, options);
}

/** Normal with the given mean (0) and standard deviation (1), by the method of Box and Muller; never further than 5.8 deviations away. */
export function normal(shape: Shape, { mean = 0, std = 1, ...options }: RandomOptions & { readonly mean?: number; readonly std?: number } = {}): Tensor {
  check(std >= 0, 'argument', () => `normal: std must not be negative, got ${std}.`);
  return scaled('normal', shape, std, mean, options);
}

/** 1 with probability `p`, else 0. */
export function bernoulli(shape: Shape, p: number, options: RandomOptions = {}): Tensor {
  check(p >= 0 && p <= 1, 'argument', () => `bernoulli: p must lie between 0 and 1, got ${p}.`);
  return draw('bernoulli', shape, p, options);
}

const X: Expr = input(inputName(0));

function scaled(distribution: Distribution, shape: Shape, factor: number, offset: number, options: RandomOptions): Tensor {
  check(options.dtype !== 'int32', 'dtype', () => `${distribution}: gives float32 or float64, not int32; cast the result.`);
  if (factor === 1 && offset === 0) return draw(distribution, shape, 0, options);
  return scope(() => only(map([add(mul(X, factor), offset)], [draw(distribution, shape, 0, options)])));
}

// The generator moves on only after everything was checked.
function draw(distribution: Distribution, shape: Shape, probability: number, { generator = defaultGenerator(), dtype = 'float32' }: RandomOptions): Tensor {
  checkShape(distribution, shape);
  checkSupported(currentBackend(), dtype);
  return only(run({ kind: 'random', distribution, dtype, shape: [...shape], seed: generator.next(), probability }, []));
}
