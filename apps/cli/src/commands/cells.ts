import { Argument, type Command } from 'commander';
import { cellNames } from '../cell-names.ts';
import type { Session } from '../command.ts';
import type { CellsFlags } from '../registry/cells.ts';

export function define(command: Command, session: Session): void {
  command
    .description('List the cells that come with the library; with a name, print its equations in the form that `unroll train --cell-file` takes.')
    .addArgument(new Argument('[name]', 'a cell').choices(cellNames))
    .option('--latex', 'print the equations in LaTeX')
    .action(async (name: string | undefined, flags: CellsFlags) => (await import('../registry/cells.ts')).showCells(name, flags, session));
}
