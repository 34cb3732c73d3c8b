import { reshape, scope, type Tensor } from '@unroll/tensor';
import { check, shapeText, size } from './errors.ts';
import { Module } from './module.ts';

/** Options of `TimeDistributed`. */
export interface TimeDistributedOptions {
  /** How many axes in front are steps and rows. Default 2: (T, B, …). */
  readonly leadingAxes?: number;
}

/**
 * A layer applied to every step of every row, as Keras' layer of that name: the leading axes are folded into one for it, and unfolded
 * again. For layers that take a batch and nothing in front of it; `Linear`, `Embedding` and `Dropout` take any axes by themselves.
 *
 * @throws LayerError `argument` where leadingAxes is not a whole number from 1
 */
export class TimeDistributed<Layer extends Module & { forward(input: Tensor): Tensor }> extends Module {
  readonly layer: Layer;
  readonly leadingAxes: number;

  constructor(layer: Layer, { leadingAxes = 2 }: TimeDistributedOptions = {}) {
    super();
    this.layer = layer;
    this.leadingAxes = size('TimeDistributed', 'leadingAxes', leadingAxes);
  }

  /** (T, B, …) → (T, B, …), where the layer makes (N, …) of (N, …). */
  forward(input: Tensor): Tensor {
    const [leading, rest] = [input.shape.slice(0, this.leadingAxes), input.shape.slice(this.leadingAxes)];
    check(leading.length === this.leadingAxes, 'shape', () => `TimeDistributed: input must have at least ${this.leadingAxes} axes, got ${shapeText(input.shape)}; set leadingAxes to the number of axes in front that are steps and rows.`);
    const count = leading.reduce((product, length) => product * length, 1);
    return scope(() => {
      const output = this.layer.forward(reshape(input, [count, ...rest]));
      check(output.shape[0] === count, 'shape', () => `TimeDistributed: the layer must keep the first axis, ${count} long, got ${shapeText(output.shape)}.`);
      return reshape(output, [...leading, ...output.shape.slice(1)]);
    });
  }
}
