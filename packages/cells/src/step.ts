import type { Expr, Step, WeightField } from '@unroll/expr';
import { inputName, inputWeight, recurrentWeight, type Cell } from './define.ts';

/** Sizes of a layer made from a cell. */
export interface CellSizes {
  /** I, channels of the input. */
  readonly inputSize: number;
  /** H, channels of every state. */
  readonly hiddenSize: number;
  /** Whether both stacked weights have a bias. */
  readonly bias: boolean;
}

/**
 * The cell's step with sizes. One sequence, `x` (T, B, I); states and vectors (H); weights `ih` (G·H, I) and, where the cell has recurrent products, `hh` (G·H, H).
 * `outputs` names the values to write out for every step; by default the first state alone.
 */
export function stepOf(cell: Cell, sizes: CellSizes, outputs: readonly string[] = cell.state.slice(0, 1)): Step {
  const { inputSize, hiddenSize } = sizes;
  const field = (name: string): { name: string; width: number } => ({ name, width: hiddenSize });
  return {
    states: cell.state.map(field),
    sequences: [{ name: inputName, width: inputSize }],
    vectors: cell.vectors.map(field),
    weights: weightsOf(cell, sizes),
    next: cell.state.map((name) => valueOf(cell, name)),
    outputs: outputs.map((name) => ({ ...field(name), value: valueOf(cell, name) })),
    accumulations: [],
    names: cell.values,
  };
}

/** The stacked weights of a cell: gates, rows and columns. */
export function weightsOf(cell: Cell, { inputSize, hiddenSize, bias }: CellSizes): WeightField[] {
  const stacked = (name: string, gates: readonly string[], columns: number): WeightField[] =>
    (gates.length === 0 ? [] : [{ name, blocks: gates.length, rows: hiddenSize, columns, bias }]);
  return [...stacked(inputWeight, cell.inputGates, inputSize), ...stacked(recurrentWeight, cell.recurrentGates, hiddenSize)];
}

function valueOf(cell: Cell, name: string): Expr {
  const found = cell.values.find((named) => named.name === name);
  if (found === undefined) throw new RangeError(`cell ${cell.name}: has no value named "${name}"; it has ${cell.values.map((named) => named.name).join(', ')}.`);
  return found.value;
}
