import { cells, type CellName } from '@unroll/cells';
import { checked, equationsOf, mathml } from './equations.ts';

/**
 * The formulas of all cells of the library as MathML, by their LaTeX. Imported by the build alone, which takes the values and leaves: so they
 * are made here and not in a function.
 */
export const settled: Readonly<Record<string, string>> = Object.fromEntries(await Promise.all((Object.keys(cells) as CellName[]).map(async (cell): Promise<readonly [string, string]> => {
  const { latex = '' } = checked(equationsOf({ cell }));
  return [latex, await mathml(latex)];
})));
