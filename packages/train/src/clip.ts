import { add, div, input, min, sqrt as root, type Expr } from '@unroll/expr';
import { clip, map, mul, scope, sqrt, square, stack, sum, tensor, type Tensor } from '@unroll/tensor';
import { check } from './errors.ts';
import type { NamedTensors } from './optimizer.ts';

/**
 * Scales all gradients together so that their norm, as of one long vector, is at most `maxNorm`; returns the norm before.
 * As torch.nn.utils.clip_grad_norm_: each is multiplied with min(1, maxNorm / (norm + 1e-6)). With Infinity it only measures.
 *
 * @throws TrainError `argument` where maxNorm is not a number from 0
 */
export function clipGradNorm(gradients: NamedTensors, maxNorm: number): Tensor {
  check(maxNorm >= 0, 'argument', () => `clipGradNorm: maxNorm must be a number from 0, got ${maxNorm}.`);
  const distinct = [...new Set(Object.values(gradients))];
  if (distinct.length === 0) return tensor(0);
  return scope(() => {
    const total = sum(stack(distinct.map((gradient) => sum(square(gradient)))));
    if (maxNorm === Infinity) return sqrt(total);
    const [norm, scale] = map([norm0, min(div(maxNorm, add(norm0, 1e-6)), 1)], [total]) as [Tensor, Tensor];
    for (const gradient of distinct) gradient.assign(mul(gradient, scale));
    return norm;
  });
}

/** Cuts every element of all gradients to [−limit, limit], as torch.nn.utils.clip_grad_value_. Throws TrainError `argument` where limit is not a number from 0. */
export function clipGradValue(gradients: NamedTensors, limit: number): void {
  check(limit >= 0, 'argument', () => `clipGradValue: limit must be a number from 0, got ${limit}.`);
  for (const gradient of new Set(Object.values(gradients))) {
    scope(() => gradient.assign(clip(gradient, { min: -limit, max: limit })));
  }
}

// Private.

const norm0: Expr = root(input('x0'));
