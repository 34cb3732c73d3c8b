import { add, equal, input, less, select } from '@unroll/expr';
import { div, gather, logSumExp, map, mean, mul, reshape, scope, softplus, square, sub, sum, unsqueeze, type Tensor } from '@unroll/tensor';
import { check, shapeText } from './errors.ts';

/** How the losses of the elements become the result: their mean, their sum, or all of them as they are. */
export type Reduction = 'mean' | 'sum' | 'none';

/** A number that training makes small, from what the model says and what it should say. */
export type Loss = (prediction: Tensor, target: Tensor) => Tensor;

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** Default 'mean', over the targets that are not ignored. */
  readonly reduction?: Reduction;
  /** Targets of this value count nothing. Default −100, as in PyTorch. */
  readonly ignoreIndex?: number;
}

/**
 * Cross-entropy of class scores, as nn.CrossEntropyLoss with the classes on the last axis: −log softmax(logits)[target], in nats.
 * logits (…, V), targets int32 (…) from 0 to V − 1. A target outside of that makes the loss NaN.
 *
 * @throws TrainError where the shapes do not belong together or the targets are not int32
 */
export function crossEntropy(logits: Tensor, targets: Tensor, { reduction = 'mean', ignoreIndex = -100 }: CrossEntropyOptions = {}): Tensor {
  checkClasses(logits, targets);
  return scope(() => {
    const scores = reshape(logits, [targets.size, logits.shape.at(-1) as number]);
    const flat = reshape(targets, [targets.size]);
    const weights = weightsOf(flat, ignoreIndex, scores);
    // log Σ exp(z) − z[target]
    const picked = reshape(gather(scores, 1, unsqueeze(flat, 1)), [targets.size]);
    const losses = mul(sub(logSumExp(scores, { axis: -1 }), picked), weights);
    if (reduction === 'none') return reshape(losses, targets.shape);
    return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(weights));
  });
}

/** Options of `mse`. */
export interface MseOptions {
  /** Default 'mean'. */
  readonly reduction?: Reduction;
}

/** Squared error, as nn.MSELoss: (prediction − target)², of any shape. Throws TrainError where the shapes differ. */
export function mse(prediction: Tensor, target: Tensor, { reduction = 'mean' }: MseOptions = {}): Tensor {
  check(shapeText(prediction.shape) === shapeText(target.shape), 'shape',
    () => `mse: prediction ${shapeText(prediction.shape)} and target ${shapeText(target.shape)} must have the same shape; reshape one of them.`);
  return scope(() => {
    const errors = square(sub(prediction, target));
    if (reduction === 'none') return errors;
    return reduction === 'sum' ? sum(errors) : mean(errors);
  });
}

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions {
  /** Default 'mean'. */
  readonly reduction?: Reduction;
}

/**
 * Binary cross-entropy of scores, as nn.BCEWithLogitsLoss: −y log σ(z) − (1 − y) log(1 − σ(z)) = softplus(z) − z y, in nats, of any
 * shape; targets of its type, from 0 to 1. Throws TrainError where the shapes differ.
 */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor, { reduction = 'mean' }: BinaryCrossEntropyOptions = {}): Tensor {
  check(shapeText(logits.shape) === shapeText(targets.shape), 'shape',
    () => `binaryCrossEntropy: logits ${shapeText(logits.shape)} and targets ${shapeText(targets.shape)} must have the same shape; reshape one of them.`);
  return scope(() => {
    const losses = sub(softplus(logits), mul(logits, targets));
    if (reduction === 'none') return losses;
    return reduction === 'sum' ? sum(losses) : mean(losses);
  });
}

// 0 for targets to ignore, 1 for classes, NaN for what is neither: a backend cannot throw at values, but it can be heard.
function weightsOf(targets: Tensor, ignoreIndex: number, { dtype, shape: [, classes = 0] }: Tensor): Tensor {
  const t = input('x0');
  const outside = add(less(t, 0), less(classes - 1, t));
  const [weights] = map([select(equal(t, ignoreIndex), 0, select(outside, NaN, 1))], [targets], { dtype });
  return weights as Tensor;
}

function checkClasses(logits: Tensor, targets: Tensor): void {
  check(logits.rank === targets.rank + 1 && shapeText(logits.shape.slice(0, -1)) === shapeText(targets.shape), 'shape',
    () => `crossEntropy: logits (…, V) need targets (…), got logits ${shapeText(logits.shape)} and targets ${shapeText(targets.shape)}; the classes are on the last axis.`);
  check(targets.dtype === 'int32', 'argument', () => `crossEntropy: targets must be int32 class numbers, got ${targets.dtype}; convert them with cast(targets, 'int32').`);
}
