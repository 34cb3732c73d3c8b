import { add, scope, type Tensor } from '@unroll/tensor';
import { alias } from '@unroll/tensor/backend';
import { pull } from './rules/index.ts';
import type { Tape, TapeNode, Variable } from './tape.ts';

/** The gradient of the loss by each variable, as far as it is known. */
export type Cotangents = Map<Variable, Tensor>;

/**
 * Walks a tape from its end to its start: each node takes the cotangents of its outputs away and adds to those of its inputs. What
 * no cotangent reaches is skipped. With `consume`, the tape forgets each node as soon as it is done.
 */
export function walkBack(tape: Tape, cotangents: Cotangents, { consume }: { readonly consume: boolean }): void {
  for (const node of [...tape.nodes].reverse()) {
    pullNode(node, cotangents);
    if (consume) tape.pop();
  }
}

/** Adds a gradient to what is there; takes the tensor over. */
export function accumulate(cotangents: Cotangents, variable: Variable, gradient: Tensor): void {
  const before = cotangents.get(variable);
  cotangents.set(variable, before === undefined ? gradient : add(before, gradient));
  if (before === undefined) return;
  before.dispose();
  gradient.dispose();
}

function pullNode(node: TapeNode, cotangents: Cotangents): void {
  const arrived = node.outputs.map((variable) => variable && cotangents.get(variable));
  if (arrived.every((cotangent) => cotangent === undefined)) return;
  node.outputs.forEach((variable) => variable && cotangents.delete(variable));
  const gradients = scope(() => gradientsOf(node, arrived));
  for (const cotangent of arrived) cotangent?.dispose();
  node.inputs.forEach((variable, k) => {
    const gradient = gradients[k];
    if (variable !== undefined && gradient !== undefined) accumulate(cotangents, variable, gradient);
  });
}

// Rules may pass a cotangent on as it is: each gradient becomes a tensor of its own, in the shape of what it belongs to.
function gradientsOf({ kernel, inputs, savedInputs, savedOutputs }: TapeNode, cotangents: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  const gradients = pull(kernel, {
    input: (place) => savedInputs[place]?.open() as Tensor,
    output: (place) => savedOutputs[place]?.open() as Tensor,
    cotangents,
    wanted: inputs.map((variable) => variable !== undefined),
  });
  return inputs.map((variable, k) => { const gradient = gradients[k]; return variable && gradient && alias(gradient, variable.shape); });
}
