import { abs, add, div, exp, less, log, max, min, mul, neg, relu, select, sigmoid, sub, tanh, type Expr } from '@unroll/expr';
import { CellError } from './errors.ts';

/** The activation functions of ONNX's recurrent operators, and Keras' hard sigmoid. */
export type ActivationName =
  | 'sigmoid' | 'tanh' | 'relu' | 'affine' | 'leakyRelu' | 'thresholdedRelu' | 'scaledTanh'
  | 'hardSigmoid' | 'kerasHardSigmoid' | 'elu' | 'softsign' | 'softplus';

/** An activation function by its name, with its numbers where they are not the default. */
export type Activation = ActivationName | { readonly name: ActivationName; readonly alpha?: number; readonly beta?: number };

/** What an activation function computes from its argument and its numbers α and β, and what these are by default. */
export interface ActivationMeaning {
  readonly alpha?: number;
  readonly beta?: number;
  readonly apply: (a: Expr, alpha: number, beta: number) => Expr;
}

/** Every activation function; defaults are those of the ONNX operator of that name, and α = β = 1 where it has none. */
export const activations: Readonly<Record<ActivationName, ActivationMeaning>> = {
  sigmoid: { apply: sigmoid },
  tanh: { apply: tanh },
  // max(a, 0)
  relu: { apply: relu },
  // α a + β
  affine: { alpha: 1, beta: 0, apply: (a, alpha, beta) => add(mul(alpha, a), beta) },
  // a, but α a below 0
  leakyRelu: { alpha: 0.01, apply: (a, alpha) => select(less(a, 0), mul(alpha, a), a) },
  // a above α, else 0
  thresholdedRelu: { alpha: 1, apply: (a, alpha) => select(less(alpha, a), a, 0) },
  // α tanh(β a)
  scaledTanh: { alpha: 1, beta: 1, apply: (a, alpha, beta) => mul(alpha, tanh(mul(beta, a))) },
  // max(0, min(1, α a + β))
  hardSigmoid: { alpha: 0.2, beta: 0.5, apply: clampedLine },
  // The same; Keras 3 and PyTorch have another slope.
  kerasHardSigmoid: { alpha: 1 / 6, beta: 0.5, apply: clampedLine },
  // a, but α (eᵃ − 1) below 0; the exponent is kept from overflow where it does not matter.
  elu: { alpha: 1, apply: (a, alpha) => select(less(a, 0), mul(alpha, sub(exp(min(a, 0)), 1)), a) },
  // a / (1 + |a|)
  softsign: { apply: (a) => div(a, add(1, abs(a))) },
  // log(1 + eᵃ), written so that nothing overflows
  softplus: { apply: (a) => add(max(a, 0), log(add(1, exp(neg(abs(a)))))) },
};

/** The function of an activation. */
export function activation(wanted: Activation): (a: Expr) => Expr {
  const { name, alpha, beta } = typeof wanted === 'string' ? { name: wanted } : { ...wanted };
  if (!Object.hasOwn(activations, name)) throw new CellError(`there is no activation function "${name}"; there are ${Object.keys(activations).join(', ')}.`);
  const meaning = activations[name];
  return (a) => meaning.apply(a, alpha ?? meaning.alpha ?? 1, beta ?? meaning.beta ?? 1);
}

function clampedLine(a: Expr, alpha: number, beta: number): Expr {
  return max(0, min(1, add(mul(alpha, a), beta)));
}
