import type { SequenceBatch } from '@unroll/datasets';

/** Rows [N, C] that follow one another. */
export interface Rows {
  readonly values: ArrayLike<number>;
  /** C. */
  readonly width: number;
}

/** Windows of some rows, side by side: at each step the next row is asked for. */
export function rowWindows({ values, width }: Rows, starts: readonly number[], length: number): SequenceBatch {
  const count = starts.length;
  const pick = (ahead: number): Float32Array => Float32Array.from({ length: length * count * width }, (_, k) => {
    const [step, row, column] = [Math.floor(k / (count * width)), Math.floor(k / width) % count, k % width];
    return values[((starts[row] as number) + step + ahead) * width + column] as number;
  });
  return { inputs: pick(0), inputShape: [length, count, width], targets: pick(1), targetShape: [length, count, width] };
}
