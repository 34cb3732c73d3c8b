import { latex, type Notation } from '@unroll/expr';
import { inputName, inputWeight, type Cell } from './define.ts';

/** The cell's equations in LaTeX, one line a named value, in PyTorch's notation: `W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi}`. */
export function latexOf(cell: Cell): string {
  const equations = cell.values.map(({ name, value }) => ({ name: `${name}_t`, value }));
  return latex(equations, notationOf(cell));
}

function notationOf(cell: Cell): Notation {
  return {
    input: (name) => (name === inputName ? 'x_t' : cell.state.includes(name) ? `${name}_{t-1}` : name),
    product(weight, block, operand) {
      const [from, gates] = weight === inputWeight ? (['i', cell.inputGates] as const) : (['h', cell.recurrentGates] as const);
      const index = `{${from}${gates[block] ?? block}}`;
      return { text: `W_${index} ${operand} + b_${index}`, sum: true };
    },
  };
}
