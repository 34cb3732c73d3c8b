import type { Tensor } from '@unroll/tensor';

/** Places of the inputs and outputs of a kernel whose numbers the backward pass reads. */
export interface Saves { readonly inputs: readonly number[]; readonly outputs: readonly number[] }

/** What a rule works with in the backward pass. */
export interface Pull {
  /** Saved inputs and outputs of the kernel; only what `saves` names. */
  readonly input: (place: number) => Tensor;
  readonly output: (place: number) => Tensor;
  /** The gradient of the loss by each output, undefined where there is none. At least one is there. Sizes are those of the outputs. */
  readonly cotangents: readonly (Tensor | undefined)[];
  /** Whether anybody asks for the gradient by each input. */
  readonly wanted: readonly boolean[];
}

/** How gradients go back through one kind of kernel. */
export interface Rule<K> {
  saves(kernel: K, wanted: readonly boolean[]): Saves;
  /** The gradient by each input, of the input's size and type; undefined where it is zero or not wanted. */
  pull(kernel: K, pull: Pull): readonly (Tensor | undefined)[];
}

/** Saves nothing. */
export const nothing: Saves = { inputs: [], outputs: [] };
