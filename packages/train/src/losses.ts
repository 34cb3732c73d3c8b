import { abs, add, equal, exp, input, less, log, mul, select, sub, type Expr } from '@unroll/expr';
import { div as divided, gather, map, max, mean, mul as product, reshape, scope, softplus, square, sub as difference, sum, unsqueeze, type Tensor } from '@unroll/tensor';
import { recording } from '@unroll/tensor/backend';
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
    const peak = highest(scores);
    const powers = map([exp(sub(x0, finite(x1)))], [scores, peak])[0] as Tensor;
    const picked = gather(scores, 1, unsqueeze(flat, 1));
    const columns = [sum(powers, { axis: 1, keepdims: true }), peak, picked, unsqueeze(flat, 1)];
    const [losses, weights] = map(lossAndWeight(ignoreIndex, scores.shape[1] as number), columns, { dtype: scores.dtype }) as [Tensor, Tensor];
    if (reduction === 'none') return reshape(losses, targets.shape);
    return reduction === 'sum' ? sum(losses) : divided(sum(losses), sum(weights));
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
    const errors = square(difference(prediction, target));
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
    const losses = difference(softplus(logits), product(logits, targets));
    if (reduction === 'none') return losses;
    return reduction === 'sum' ? sum(losses) : mean(losses);
  });
}

const [x0, x1, x2, x3] = [input('x0'), input('x1'), input('x2'), input('x3')];

// A row's largest number. The loss does not depend on it, so neither does the gradient: nobody has to record where it came from.
function highest(scores: Tensor): Tensor {
  return recording(undefined, () => max(scores, { axis: 1, keepdims: true }));
}

// What is subtracted before exp.
function finite(peak: Expr): Expr {
  return select(less(abs(peak), Infinity), peak, 0);
}

// (log Σ exp(z − p) + p − z[target]) w, and w, from Σ exp(z − p), p, z[target] and the target: w is 0 for targets to ignore, 1 for classes,
// NaN for what is neither: a backend cannot throw at values, but it can be heard.
function lossAndWeight(ignoreIndex: number, classes: number): [Expr, Expr] {
  const outside = add(less(x3, 0), less(classes - 1, x3));
  const weight = select(equal(x3, ignoreIndex), 0, select(outside, NaN, 1));
  return [mul(sub(add(log(x0), finite(x1)), x2), weight), weight];
}

function checkClasses(logits: Tensor, targets: Tensor): void {
  check(logits.rank === targets.rank + 1 && shapeText(logits.shape.slice(0, -1)) === shapeText(targets.shape), 'shape',
    () => `crossEntropy: logits (…, V) need targets (…), got logits ${shapeText(logits.shape)} and targets ${shapeText(targets.shape)}; the classes are on the last axis.`);
  check(targets.dtype === 'int32', 'argument', () => `crossEntropy: targets must be int32 class numbers, got ${targets.dtype}; convert them with cast(targets, 'int32').`);
}
