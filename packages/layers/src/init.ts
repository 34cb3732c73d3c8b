import { full, keep, normal, scope, uniform, type DType, type Generator, type Shape, type Tensor } from '@unroll/tensor';

/** Options that every layer with parameters has. */
export interface ParameterOptions {
  /** Element type of the parameters. Default float32; float64 lives on the reference backend. */
  readonly dtype?: DType;
  /** Where the initial values (and dropout masks) are drawn from. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** A parameter drawn from U(−bound, bound). */
export function uniformParameter(shape: Shape, bound: number, options: ParameterOptions): Tensor {
  return parameter(() => uniform(shape, { low: -bound, high: bound, ...options }));
}

/** A parameter that starts from one number everywhere. */
export function constantParameter(shape: Shape, value: number, { dtype = 'float32' }: ParameterOptions): Tensor {
  return parameter(() => full(shape, value, { dtype }));
}

/** A parameter drawn from N(0, 1). */
export function normalParameter(shape: Shape, options: ParameterOptions): Tensor {
  return parameter(() => normal(shape, options));
}

// Draws are made of more than one kernel; what lies between is freed, the parameter outlives every scope.
function parameter(make: () => Tensor): Tensor {
  return scope(() => keep(make()));
}
