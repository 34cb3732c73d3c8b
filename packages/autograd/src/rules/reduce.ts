import { div, equal, input, mul, type Expr } from '@unroll/expr';
import { broadcastTo, map, sum, type Tensor } from '@unroll/tensor';
import { alias, inputName, type ReduceKernel, type ReduceOp } from '@unroll/tensor/backend';
import { nothing, type Pull, type Rule, type Saves } from './rule.ts';

/** Over the middle axis of (outer, length, inner). */
export const reduce: Rule<ReduceKernel> = {
  saves: ({ op }) => saves[op],
  pull: (kernel, pull) => [pulls[kernel.op](kernel, pull)],
};

const both: Saves = { inputs: [0], outputs: [0] };
const saves: Readonly<Record<ReduceOp, Saves>> = { sum: nothing, max: both, min: both, argmax: nothing };

const pulls: Readonly<Record<ReduceOp, (kernel: ReduceKernel, pull: Pull) => Tensor | undefined>> = {
  // y = Σₖ xₖ: dxₖ = dy
  sum: ({ outer, length, inner }, { cotangents: [dy] }) => dy && broadcastTo(alias(dy, [outer, 1, inner]), [outer, length, inner]),
  max: extremum,
  min: extremum,
  // an index does not change with the numbers, but for jumps
  argmax: () => undefined,
};

// y = max x: dxₖ = dy / n where xₖ is one of the n equal largest ones, 0 elsewhere; so torch.amax divides. With NaN, NaN everywhere.
function extremum({ outer, length, inner }: ReduceKernel, { input: saved, output, cotangents: [dy] }: Pull): Tensor | undefined {
  if (dy === undefined) return undefined;
  const x = alias(saved(0), [outer, length, inner]);
  const [y, gradient] = [output(0), dy].map((tensor) => alias(tensor, [outer, 1, inner])) as [Tensor, Tensor];
  const [X, Y, DY, N] = [0, 1, 2, 3].map((k) => input(inputName(k))) as [Expr, Expr, Expr, Expr];
  const [isBest] = map([equal(X, Y)], [x, y]) as [Tensor];
  const count = sum(isBest, { axis: 1, keepdims: true });
  return map([div(mul(DY, equal(X, Y)), N)], [x, y, gradient, count])[0];
}
