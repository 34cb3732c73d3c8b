import { cells, latexOf, textOf, type Cell, type CellName } from '@unroll/cells';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { painter } from '../print/style.ts';
import { aligned } from '../print/table.ts';

/** What the command line may say about cells. */
export interface CellsFlags {
  readonly latex?: true;
}

/** `unroll cells`: the list, or the equations of one of them, on stdout. */
export function showCells(name: string | undefined, { latex }: CellsFlags, { io }: Session): void {
  if (name !== undefined) {
    const cell = cells[name as CellName];
    io.stdout.write(latex ? `${latexOf(cell)}\n` : textOf(cell));
    return;
  }
  if (latex) throw new CliError('usage', '--latex prints the equations of one cell; name it: unroll cells lstm --latex');
  const [head = '', ...rows] = aligned([['name', 'states', 'gates', 'paper'], ...Object.entries(cells).map(rowOf)]);
  io.stdout.write([painter(io, io.stdout)('strong', head), ...rows, ''].join('\n'));
  io.stderr.write('unroll cells NAME prints the equations, unroll train FILE --cell NAME trains with them\n');
}

function rowOf([name, { state, inputGates, recurrentGates, source }]: readonly [string, Cell]): string[] {
  return [name, state.join(' '), [...new Set([...inputGates, ...recurrentGates])].join(' '), source];
}
