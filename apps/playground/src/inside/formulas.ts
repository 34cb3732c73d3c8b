import { mathml } from './equations.ts';

/** Formulas as MathML: of the library's own cells as they were set when the page was built; of others by KaTeX, which is loaded for it. */
export async function formulasOf(latex: string): Promise<string> {
  const { default: settled } = await import('virtual:formulas');
  return settled[latex] ?? mathml(latex);
}
