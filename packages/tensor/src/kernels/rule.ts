import type { HostData } from '../backend.ts';
import type { Signature } from '../kernel.ts';

/** What the core knows of one kind of kernel: its shapes, and its meaning. */
export interface KernelRule<K> {
  /** What the inputs must be, in order. */
  inputs(kernel: K): readonly Signature[];
  /** What comes out, in order. */
  outputs(kernel: K): readonly Signature[];
  /** The definition of correct: fills the outputs from the inputs, in float64 arithmetic (int32 where `compute` says so). */
  reference(kernel: K, inputs: readonly HostData[], outputs: readonly HostData[]): void;
}
