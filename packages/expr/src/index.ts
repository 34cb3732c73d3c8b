export { ops, type OpMeaning, type ScalarOp } from './ops.ts';
export { apply, children, constant, dot, input, mean, random, transposedDot, type Apply, type Constant, type Dot, type DotTerm, type Expr, type Input, type Mean, type Random } from './node.ts';
export * from './build.ts';
export { dependents, freeNames, rewrite, sharing, substitute, topological } from './walk.ts';
export { text } from './text.ts';
export { adjoints, derivatives, gradient, type Adjoints, type Seed } from './grad.ts';
export { checkStep, drawsRandom, mapStep, roots, StepError, widths, type Accumulation, type AccumulationPart, type Field, type Step, type WeightField } from './step.ts';
export { adjointName, biasName, differentiate, type Backward, type SequenceSource } from './backward.ts';
export { latex, type Notation } from './latex.ts';
export { planOf } from './planner.ts';
export type { MeanOf, Place, Plan, PointwiseMap, Product, Scratch, Stage, Sum, Target } from './plan.ts';
export {
  EquationError, parseEquations, type CallSyntax, type Directive, type DirectiveKind, type Equation, type NameSyntax, type NegationSyntax, type NumberSyntax,
  type OperationSyntax, type Operator, type Span, type Syntax,
} from './parse.ts';
export { evaluator, type Evaluator } from './evaluate.ts';
