import { add as plus, input, mul as times } from '@unroll/expr';
import { add, concat, map, mul, stack, type Tensor } from '@unroll/tensor';

/**
 * How the outputs of two directions, each (…, P), become one: side by side, (…, 2·P); by element, (…, P); or not at all, on an axis of
 * their own in front, (2, …, P).
 */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'average' | 'none';

const merges: Readonly<Record<MergeMode, (a: Tensor, b: Tensor) => Tensor>> = {
  concat: (a, b) => concat([a, b], -1),
  sum: add,
  mul,
  // (a + b) / 2
  average: (a, b) => map([times(plus(input('x0'), input('x1')), 0.5)], [a, b])[0] as Tensor,
  none: (a, b) => stack([a, b], 0),
};

/** All merge modes. */
export const mergeModes: readonly MergeMode[] = Object.keys(merges) as MergeMode[];

/** The outputs of one or two directions as one tensor. */
export function merged([first, second]: readonly Tensor[], mode: MergeMode): Tensor {
  return second === undefined ? (first as Tensor) : merges[mode](first as Tensor, second);
}

/** What the layer above sees: directions that are not merged lie side by side for it. */
export function innerMode(mode: MergeMode): MergeMode {
  return mode === 'none' ? 'concat' : mode;
}

/** Channels after merging. */
export function mergedSize(mode: MergeMode, directions: number, width: number): number {
  return mode === 'concat' ? directions * width : width;
}
