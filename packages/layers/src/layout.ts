import { permute, squeeze, unsqueeze, type Shape, type Tensor } from '@unroll/tensor';

/** How a caller lays out sequences: (T, B, …), (B, T, …), or (T, …) of a single row. */
export type LayoutName = 'time' | 'batch' | 'single';

/** A layout, and the ways between it and that of the layers inside. */
export interface Layout {
  readonly name: LayoutName;
  /** In errors: (T, B. */
  readonly axes: readonly string[];
  /** A sequence to (T, B, …). */
  enter(sequence: Tensor): Tensor;
  /** And back. */
  leave(sequence: Tensor): Tensor;
  /** What has one value a row: a state (L·D, B, …), with `axis` 1, or a last output (B, …), with `axis` 0. */
  enterRows(rows: Tensor, axis: number): Tensor;
  leaveRows(rows: Tensor, axis: number): Tensor;
  /** The shape of rows as the caller sees it. */
  rowsShape(shape: Shape, axis: number): Shape;
}

const same = <T>(value: T): T => value;
const swapped = (sequence: Tensor): Tensor => permute(sequence, [1, 0, ...sequence.shape.slice(2).map((_, k) => k + 2)]);

/** Every layout. */
export const layouts: Readonly<Record<LayoutName, Layout>> = {
  time: { name: 'time', axes: ['T', 'B'], enter: same, leave: same, enterRows: same, leaveRows: same, rowsShape: same },
  batch: { name: 'batch', axes: ['B', 'T'], enter: swapped, leave: swapped, enterRows: same, leaveRows: same, rowsShape: same },
  single: {
    name: 'single',
    axes: ['T'],
    enter: (sequence) => unsqueeze(sequence, 1),
    leave: (sequence) => squeeze(sequence, 1),
    enterRows: unsqueeze,
    leaveRows: squeeze,
    rowsShape: (shape, axis) => shape.filter((_, k) => k !== axis),
  },
};
