import { add, input, mul, sub } from '@unroll/expr';
import { map, scope, tensor, type Tensor } from '@unroll/tensor';
import { releaseState, retainState } from './carry.ts';
import type { NamedTensors } from './optimizer.ts';

/** A mean loss and its gradients. */
export interface LossAndGradients {
  readonly loss: Tensor;
  readonly gradients: NamedTensors;
}

/** The mean of what several windows gave, each with the weight of its targets, as if they had been one batch. Of a single window, that itself. */
export class Accumulation {
  #mean: LossAndGradients | undefined;
  #windows = 0;
  #tokens = 0;

  /** Windows so far. */
  get windows(): number { return this.#windows; }

  /** Targets so far. */
  get tokens(): number { return this.#tokens; }

  /** Belongs to this object; undefined before the first window. */
  get mean(): LossAndGradients | undefined { return this.#mean; }

  /** Takes a window in; what is given stays the caller's. */
  add(window: LossAndGradients, tokens: number): void {
    const before = this.#mean;
    this.#mean = scope(() => retainState(before === undefined ? window : blended(before, window, tokens / (this.#tokens + tokens))));
    releaseState(before);
    this.#windows += 1;
    this.#tokens += tokens;
  }

  /** Frees everything, and starts afresh. */
  clear(): void {
    releaseState(this.#mean);
    [this.#mean, this.#windows, this.#tokens] = [undefined, 0, 0];
  }
}

/** m' = m + (x − m) s, where s is the share of the last window in all targets so far. */
function blended(mean: LossAndGradients, window: LossAndGradients, share: number): LossAndGradients {
  const [m, x, s] = [input('x0'), input('x1'), input('x2')];
  const blend = (a: Tensor, b: Tensor): Tensor => map([add(m, mul(sub(x, m), s))], [a, b, tensor(share, { dtype: b.dtype })])[0] as Tensor;
  const gradients = Object.entries(window.gradients).map(([name, gradient]) => [name, blend(mean.gradients[name] ?? gradient, gradient)] as const);
  return { loss: blend(mean.loss, window.loss), gradients: Object.fromEntries(gradients) };
}
