import { cellFromText, cells, EquationError, weightsOf, type Cell } from '@unroll/cells';
import type { SequenceShape } from '@unroll/datasets';
import type { CellChoice } from '../config/config.ts';
import type { RunSpec } from './protocol.ts';

/** The cell that was chosen. Throws EquationError for equations that cannot be read. */
export function cellOf({ cell, equations = '' }: CellChoice): Cell {
  return cell === 'custom' ? cellFromText(equations) : cells[cell];
}

/** Numbers that a recurrent layer of that cell and its head learn. */
function parametersOf(cell: Cell, { inputSize, outputSize, hidden }: { readonly inputSize: number; readonly outputSize: number; readonly hidden: number }): number {
  const weights = weightsOf(cell, { inputSize, hiddenSize: hidden, bias: true });
  const learnt = weights.reduce((sum, { blocks, rows, columns, bias }) => sum + blocks * rows * (columns + Number(bias)), 0);
  return learnt + cell.vectors.length * hidden + outputSize * (hidden + 1);
}

/** H of a cell: that of the run, or such that it learns about as many numbers as the one of its rivals that has the most. */
export function widthOf(own: Cell, spec: Pick<RunSpec, 'fairness' | 'hidden' | 'rivals'>, { inputSize, targetSize }: Pick<SequenceShape, 'inputSize' | 'targetSize'>): number {
  const { fairness, hidden, rivals } = spec;
  if (fairness === 'width') return hidden;
  const count = (cell: Cell, width: number): number => parametersOf(cell, { inputSize, outputSize: targetSize, hidden: width });
  const most = Math.max(...rivals.flatMap(readable).map((cell) => count(cell, hidden)), count(own, hidden));
  let width = hidden;
  while (width < widest && Math.abs(count(own, width + 1) - most) <= Math.abs(count(own, width) - most)) width += 1;
  return width;
}

const widest = 256;

// A rival with equations that cannot be read says so itself.
function readable(choice: CellChoice): Cell[] {
  try {
    return [cellOf(choice)];
  } catch (error) {
    if (error instanceof EquationError) return [];
    throw error;
  }
}
