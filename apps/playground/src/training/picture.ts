import { cellFromText, cells } from '@unroll/cells';
import { graphOf, layoutOf, type DiagramLayout } from '@unroll/diagram';
import type { CellChoice } from '../config/config.ts';

/** Where everything of a cell's picture lies. Throws an `EquationError` where the equations are none. */
export function pictureOf({ cell, equations = '' }: CellChoice): DiagramLayout {
  return layoutOf(graphOf(cell === 'custom' ? cellFromText(equations, { defaultName: 'custom' }) : cells[cell]));
}
