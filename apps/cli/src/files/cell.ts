import { basename, extname } from 'node:path';
import { CellError, cellFromText, EquationError, textOf, type Cell } from '@unroll/cells';
import { decodeUtf8 } from '@unroll/datasets';
import { CliError } from '../errors.ts';
import { readBytes } from './read.ts';

/**
 * The cell whose equations are in a file; it is called like the file where no line says its name. Throws a `CliError` of outcome `data`
 * that names the file, and the place in it.
 */
export async function readCell(path: string): Promise<Cell> {
  const text = decodeUtf8(await readBytes(path, 'data'), path);
  try {
    const cell = cellFromText(text, { defaultName: basename(path, extname(path)) });
    // A model file has to carry it: what cannot be written down again is refused now, not after the training.
    textOf(cell);
    return cell;
  } catch (error) {
    if (error instanceof EquationError) throw misread(path, error);
    throw error instanceof CellError ? new CliError('data', `${path}: ${error.message}`) : error;
  }
}

// As compilers write it, so that editors find the place.
function misread(path: string, { message, line, column }: EquationError): CliError {
  const [first = '', ...excerpt] = message.split('\n');
  return new CliError('data', `${path}:${line}:${column}: ${first.replace(/^line \d+, column \d+: /, '')}`, excerpt);
}
