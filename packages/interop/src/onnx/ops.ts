import type { ScalarOp } from '@unroll/expr';
import { elementTypes, type GraphWriter } from './graph.ts';

type Write = (graph: GraphWriter, args: readonly string[]) => string;

const same = (op: string): Write => (graph, args) => graph.node(op, args);
// Our comparisons give 1 and 0, ONNX's give truth values.
const comparison = (op: string): Write => (graph, args) => graph.node('Cast', [graph.node(op, args)], { to: elementTypes.float });

/** How each operation of the language is said in ONNX (opset 17). */
export const onnxOps: Readonly<Record<ScalarOp, Write>> = {
  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  min: same('Min'),
  max: same('Max'),
  less: comparison('Less'),
  lessEqual: comparison('LessOrEqual'),
  equal: comparison('Equal'),
  neg: same('Neg'),
  abs: same('Abs'),
  floor: same('Floor'),
  sqrt: same('Sqrt'),
  exp: same('Exp'),
  log: same('Log'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  relu: same('Relu'),
  select: (graph, [condition, yes, no]) => graph.node('Where', [graph.node('Cast', [condition], { to: elementTypes.bool }), yes, no]),
};
