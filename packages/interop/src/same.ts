import { cells, type Cell, type CellName } from '@unroll/cells';
import { sharing, type Expr } from '@unroll/expr';

/** The name under which the registry has a cell with the same equations, states, gates and vectors, whatever this one is called. */
export function registeredName(cell: Cell): CellName | undefined {
  return (Object.keys(cells) as CellName[]).find((name) => computeTheSame(cells[name], cell));
}

function computeTheSame(a: Cell, b: Cell): boolean {
  const lists = ({ state, inputGates, recurrentGates, vectors, bias }: Cell): string => JSON.stringify([state, inputGates, recurrentGates, vectors, bias]);
  if (lists(a) !== lists(b)) return false;
  const share = sharing();
  return a.state.every((state) => share(valueOf(a, state)) === share(valueOf(b, state)));
}

function valueOf({ values }: Cell, state: string): Expr {
  return (values.find(({ name }) => name === state) as Cell['values'][number]).value;
}
