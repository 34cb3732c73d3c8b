import { checkStep, dot, StepError, type Expr, type Step, type WeightField } from '@unroll/expr';
import { inputName, inputWeight, recurrentWeight, type Cell } from './define.ts';
import { CellError } from './errors.ts';

/** Sizes of a layer made from a cell. */
export interface CellSizes {
  /** I, channels of the input. */
  readonly inputSize: number;
  /** H, channels of every state. */
  readonly hiddenSize: number;
  /** Whether both stacked weights have a bias. */
  readonly bias: boolean;
  /**
   * P, channels of the first state where they are fewer than H (LSTMP, Sak, Senior & Beaufays 2014; `proj_size` of nn.LSTM): what the
   * equations give for it is multiplied with `hr` (P, H), without bias. 0 and undefined: no projection.
   */
  readonly projSize?: number | undefined;
}

/** Name of the weight of the projection. */
export const projectionWeight = 'hr';

/**
 * The cell's step with sizes. One sequence, `x` (T, B, I); states and vectors (H), the first state (P) with a projection; weights `ih`
 * (G·H, I) and, where the cell has recurrent products, `hh` (G·H, H or P); with a projection `hr` (P, H).
 * `outputs` names the values to write out for every step; by default the first state alone.
 *
 * @throws CellError for a value that the cell does not have, and where a projection does not fit the cell
 */
export function stepOf(cell: Cell, sizes: CellSizes, outputs: readonly string[] = cell.state.slice(0, 1)): Step {
  const { inputSize, hiddenSize, projSize = 0 } = sizes;
  const values = projectedValues(cell, sizes);
  const field = (name: string): { name: string; width: number } => ({ name, width: projSize > 0 && name === cell.state[0] ? projSize : hiddenSize });
  const valueOf = (name: string): Expr => valueNamed(cell, values, name);
  const step: Step = {
    states: cell.state.map(field),
    sequences: [{ name: inputName, width: inputSize }],
    vectors: cell.vectors.map(field),
    weights: weightsOf(cell, sizes),
    next: cell.state.map(valueOf),
    outputs: outputs.map((name) => ({ ...field(name), value: valueOf(name) })),
    accumulations: [],
    names: values,
  };
  if (projSize !== 0) checkProjection(cell, sizes, step);
  return step;
}

/** The stacked weights of a cell: gates, rows and columns. */
export function weightsOf(cell: Cell, { inputSize, hiddenSize, bias, projSize = 0 }: CellSizes): WeightField[] {
  const stacked = (name: string, gates: readonly string[], columns: number): WeightField[] =>
    (gates.length === 0 ? [] : [{ name, blocks: gates.length, rows: hiddenSize, columns, bias: bias && cell.bias }]);
  return [
    ...stacked(inputWeight, cell.inputGates, inputSize),
    ...stacked(recurrentWeight, cell.recurrentGates, projSize > 0 ? projSize : hiddenSize),
    ...(projSize > 0 ? [{ name: projectionWeight, blocks: 1, rows: projSize, columns: hiddenSize, bias: false }] : []),
  ];
}

// h_t = W_hr h̃_t, where h̃ is what the cell's equations give.
function projectedValues(cell: Cell, { projSize = 0 }: CellSizes): Cell['values'] {
  if (projSize <= 0) return cell.values;
  return cell.values.map(({ name, value }) => ({ name, value: name === cell.state[0] ? dot(projectionWeight, 0, value) : value }));
}

function checkProjection({ name, state }: Cell, { hiddenSize, projSize }: CellSizes, step: Step): void {
  const size = projSize ?? 0;
  if (!Number.isInteger(size) || size < 1 || size >= hiddenSize) {
    throw new CellError(`${name}: projSize must be a whole number from 1 to hiddenSize - 1 = ${hiddenSize - 1}, or 0 for none, got ${size}.`);
  }
  try {
    checkStep(step);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    throw new CellError(`${name}: projSize does not fit, since the equations combine state ${state[0]} (${size} channels) with values of ${hiddenSize} channels other than by a product.`, { cause: error });
  }
}

function valueNamed(cell: Cell, values: Cell['values'], name: string): Expr {
  const found = values.find((named) => named.name === name);
  if (found === undefined) throw new CellError(`${cell.name}: there is no value "${name}"; there are ${values.map((named) => named.name).join(', ')}.`);
  return found.value;
}
