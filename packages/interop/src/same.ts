import { cells, type Cell, type CellName } from '@unroll/cells';
import { sharing, type Expr } from '@unroll/expr';
import { gateOrders, type ExchangedCell } from './layouts.ts';

/** The name under which the registry has a cell with the same equations, states, gates and vectors, whatever this one is called. */
export function registeredName(cell: Cell): CellName | undefined {
  return (Object.keys(cells) as CellName[]).find((name) => computeTheSame(cells[name], cell));
}

/** The cell that foreign formats may know too, by its equations; undefined where there is none, and for a projection, which none of them has but PyTorch. */
export function exchangedName(cell: Cell, projSize: number): ExchangedCell | undefined {
  const name = projSize > 0 ? undefined : registeredName(cell);
  return name !== undefined && isExchanged(name) ? name : undefined;
}

function isExchanged(name: string): name is ExchangedCell {
  return name in gateOrders.pytorch;
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
