import type { Expr, Random } from './node.ts';

/**
 * Where a row of channels lies while a step runs. `state`: before the step; `sequence`, `vector`, `output`: the step's own;
 * `scratch`: from channel `offset` on in one of the plan's buffers. A place one channel wide is read by wider maps as one number a row.
 */
export interface Place {
  readonly kind: 'state' | 'sequence' | 'vector' | 'output' | 'scratch';
  readonly index: number;
  readonly offset: number;
  readonly width: number;
}
/** Where a row goes: a place, or the `next` value of a state, which is not seen before the next step. */
export interface Target extends Omit<Place, 'kind'> {
  readonly kind: Place['kind'] | 'next';
}

/** Memory of the plan's own: `step` holds one step (B, width), `series` all of them (T, B, width). */
export interface Scratch { readonly span: 'step' | 'series'; readonly width: number }

/**
 * A matrix product. Plain: the operand times each block, results side by side in the target, each with the weight's bias.
 * Transposed: the operands, side by side in one place, times the stacked blocks.
 */
export interface Product {
  readonly weight: number;
  readonly transposed: boolean;
  readonly blocks: readonly number[];
  readonly operand: Place;
  readonly target: Place;
  /** True where only the maps of this stage read the target, so that it need never leave the cache. */
  readonly local: boolean;
}

/** The mean over the channels of a row, one number. */
export interface MeanOf { readonly operand: Place; readonly target: Place }

/** One fused elementwise function over rows of `width` channels. Inputs of the expressions are names of `leaves`. */
export interface PointwiseMap {
  readonly width: number;
  readonly leaves: ReadonlyMap<string, Place>;
  /** Inputs that are random numbers. */
  readonly draws: ReadonlyMap<string, Random>;
  readonly writes: readonly { readonly value: Expr; readonly target: Target }[];
}

/** Products and means first, all from what is there before the stage; then the maps. */
export interface Stage {
  readonly products: readonly Product[];
  readonly means: readonly MeanOf[];
  readonly maps: readonly PointwiseMap[];
}

/** A share of an accumulation, from row `offset` on: Σ left ⊗ right, or Σ left without right, added to what is there. */
export interface Sum {
  readonly accumulation: number;
  readonly offset: number;
  readonly left: Place;
  readonly right: Place | undefined;
}

/**
 * How to execute a step over time. `before`: over all time at once, what depends on no state (the projection of the inputs);
 * `loop`: for every step; `after`: over all time at once, what no next state needs; `sums` at the very end.
 */
export interface Plan {
  readonly buffers: readonly Scratch[];
  readonly before: readonly Stage[];
  readonly loop: readonly Stage[];
  readonly after: readonly Stage[];
  readonly sums: readonly Sum[];
}
