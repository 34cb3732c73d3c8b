import { equal, input, select, type Step } from '@unroll/expr';
import { add, arange, cast, concat, embedding, mul, reshape, scan, scope, unsqueeze, zeros, type Tensor } from '@unroll/tensor';

/** A sequence of which some steps did not count. */
export interface Gaps {
  /** (B, P): what there is before the first step. */
  readonly initial: Tensor;
  /** (T, B), 1 where a step counts. */
  readonly mask: Tensor;
  /** In which order the steps come. */
  readonly reverse: boolean;
}

/** Outputs (T, B, P) in which each step that does not count repeats the last one that does, or `initial`, where none came before it. */
export function heldOutput(output: Tensor, { initial, mask, reverse }: Gaps): Tensor {
  return scope(() => {
    const [steps = 0, batch = 0, width = 0] = output.shape;
    const table = reshape(concat([unsqueeze(initial, 0), output], 0), [(steps + 1) * batch, width]);
    const rows = add(mul(lastCounting(mask, reverse), batch), arange(batch, { dtype: 'int32' }));
    return embedding(table, rows);
  });
}

// Private.

const here = /* @__PURE__ */ input('here');
const before = /* @__PURE__ */ input('before');
// The number of the last step that counts: this one, unless it is 0.
const last = /* @__PURE__ */ select(equal(here, 0), before, here);
const lastStep: Step = {
  states: [{ name: 'before', width: 1 }], sequences: [{ name: 'here', width: 1 }], vectors: [], weights: [],
  next: [last], outputs: [{ name: 'last', width: 1, value: last }], accumulations: [], names: [],
};

// (T, B), int32: the last step that counts at each time, from 1; 0 for none.
function lastCounting(mask: Tensor, reverse: boolean): Tensor {
  const { dtype, shape } = mask;
  const [steps = 0, batch = 0] = shape;
  const numbers = mul(mask, reshape(arange(1, steps + 1, 1, { dtype }), [steps, 1]));
  const { outputs } = scan(lastStep, { states: [zeros([batch, 1], { dtype })], sequences: [unsqueeze(numbers, -1)], vectors: [], weights: [], reverse });
  return cast(reshape(outputs[0] as Tensor, [steps, batch]), 'int32');
}
