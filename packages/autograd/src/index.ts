export { grad, stopGradient, valueAndGrad, type Differentiated, type NamedGradients, type Parametrised } from './gradients.ts';
export { vjp, type Cotangent, type Pullback } from './vjp.ts';
export { checkGradients, GradientCheckError, type GradientCheck, type GradientCheckOptions, type GradientEntry } from './check.ts';
export { AutogradError, type AutogradErrorCode } from './errors.ts';
export type { Gradients } from './tree.ts';
