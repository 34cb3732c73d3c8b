import { CellError, cellFromText, cells, EquationError, latexOf, textOf, type Cell } from '@unroll/cells';
import type { CellChoice } from '../config/config.ts';

/** What a text is: a cell with its formulas, or a fault with the place of it. */
export type Checked =
  | { readonly cell: Cell; readonly latex: string; readonly fault?: undefined }
  | { readonly fault: Fault; readonly cell?: undefined; readonly latex?: undefined };

/** Where a text is wrong, in characters from its beginning, and how. */
export interface Fault { readonly start: number; readonly end: number; readonly line: number; readonly message: string }

/** Reads equations. Nothing is evaluated: the text is parsed. */
export function checked(text: string): Checked {
  try {
    const cell = cellFromText(text, { defaultName: 'custom' });
    return { cell, latex: latexOf(cell) };
  } catch (error) {
    if (error instanceof EquationError) return { fault: faultOf(text, error) };
    if (error instanceof CellError) return { fault: { start: 0, end: text.length, line: 1, message: error.message } };
    throw error;
  }
}

/** The equations of a choice as text, without the lines that only name things. */
export function equationsOf({ cell, equations }: CellChoice): string {
  if (cell === 'custom') return equations ?? '';
  return textOf({ ...cells[cell], source: '' }).trim().split('\n').filter((line) => !/^(name|source) /u.test(line) && !/^state h(, c)?$/u.test(line)).join('\n');
}

/** Whether two texts are the same equations, whatever the spaces. */
export function same(a: string, b: string): boolean {
  const plain = (text: string): string => text.split('\n').map((line) => line.replace(/#.*$/u, '').replaceAll(/\s+/gu, '')).filter((line) => line !== '').join('\n');
  return plain(a) === plain(b);
}

/** The formulas as MathML, by KaTeX, which is loaded for it. */
export async function mathml(latex: string): Promise<string> {
  const { default: katex } = await import('katex');
  return katex.renderToString(latex, { output: 'mathml', displayMode: true, throwOnError: false, strict: false });
}

// Private.

function faultOf(text: string, error: EquationError): Fault {
  const before = text.split('\n').slice(0, error.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  const start = Math.min(text.length, before + error.column - 1);
  const [first = ''] = error.message.split('\n');
  return { start, end: Math.max(start + 1, Math.min(text.length, start + Math.max(1, error.length))), line: error.line, message: first.replace(/^line \d+, column \d+: /u, '') };
}
