import { linear, type Tensor } from '@unroll/tensor';
import { size } from './errors.ts';
import { uniformParameter, type ParameterOptions } from './init.ts';
import { Module } from './module.ts';

/** Options of `Linear`. */
export interface LinearOptions extends ParameterOptions {
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * y = x Wᵀ + b, as nn.Linear: `weight` (out, in) and `bias` (out), both from U(−1/√in, 1/√in).
 *
 * @throws LayerError `argument` for sizes that are not whole numbers from 1
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true, ...options }: LinearOptions = {}) {
    super();
    this.inFeatures = size('Linear', 'inFeatures', inFeatures);
    this.outFeatures = size('Linear', 'outFeatures', outFeatures);
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = uniformParameter([outFeatures, inFeatures], bound, options);
    this.bias = bias ? uniformParameter([outFeatures], bound, options) : undefined;
  }

  /** (…, in) → (…, out). */
  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }
}
