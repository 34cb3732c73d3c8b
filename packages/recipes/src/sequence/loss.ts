import type { TargetKind } from '@unroll/datasets';
import { div, mul, reshape, scope, sum, tensor, type Tensor } from '@unroll/tensor';
import { binaryCrossEntropy, crossEntropy, mse } from '@unroll/train';
import type { SequenceItem } from './batches.ts';

/**
 * Mean loss of a batch, over the targets that count. Classes: cross-entropy in nats. Bits: the sum of the binary cross-entropies of
 * all bits of a step, in nats. Values: the squared error, mean over the values of a step.
 */
export function sequenceLoss(kind: TargetKind, output: Tensor, targets: Tensor, item: SequenceItem): Tensor {
  return scope(() => losses[kind](output, targets, item));
}

type Loss = (output: Tensor, targets: Tensor, item: SequenceItem) => Tensor;

const losses: Readonly<Record<TargetKind, Loss>> = {
  classification: (output, targets) => crossEntropy(output, targets),
  binary: (output, targets, item) => div(sum(counted(binaryCrossEntropy(output, targets, { reduction: 'none' }), item)), item.count),
  regression: (output, targets, item) => div(sum(counted(mse(output, targets, { reduction: 'none' }), item)), item.count * (output.shape.at(-1) as number)),
};

/** (T, B, O) with zeros where nothing is asked. */
function counted(values: Tensor, { mask }: SequenceItem): Tensor {
  if (mask === undefined) return values;
  const { shape, dtype } = values;
  return mul(values, reshape(tensor(mask, { dtype }), [...shape.slice(0, -1), 1]));
}
