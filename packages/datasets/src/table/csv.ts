import { DataError } from '../errors.ts';
import { typedTable, type Table, type TableOptions } from './table.ts';

/** How a CSV text is read. */
export interface CsvOptions extends TableOptions {
  /** What separates the cells; a comma unless given. */
  readonly delimiter?: string;
  /** False where the first line is data already; columns are then named "column 1" and so on. */
  readonly header?: boolean;
}

/**
 * Reads CSV strictly: every row has as many cells as the first, quotes are closed. Empty lines do not count, white space around
 * cells neither; line ends inside of quotes become "\n". Loads csv-parse when it is first called.
 *
 * @param file what to call the text in an error, usually the file's name
 * @throws DataError `invalid-file` for what is not CSV, and what `typedTable` throws; each with file, line and column
 */
export async function parseCsv(text: string, file: string, options: CsvOptions = {}): Promise<Table> {
  const { delimiter = ',', header = true } = options;
  // The build for browsers runs everywhere and needs nothing of Node.
  const { parse } = await import('csv-parse/browser/esm/sync');
  const lines: number[] = [];
  let records: string[][];
  try {
    // With one kind of line end the parser counts lines inside of quotes right.
    records = parse(text.replace(/\r\n?/g, '\n'), {
      bom: true, delimiter, trim: true, skip_empty_lines: true,
      on_record: (record: string[], { lines: line }: { readonly lines: number }) => {
        lines.push(line);
        return record;
      },
    });
  } catch (error) {
    throw refusal(error, file);
  }
  const first = records[0];
  if (first === undefined) throw new DataError('invalid-file', `${file}: there is nothing in it`);
  const names = first.map((name, c) => (header && name !== '' ? name : `column ${c + 1}`));
  checkHeader(names, file, delimiter);
  const skipped = header ? 1 : 0;
  return typedTable({ file, names, rows: records.slice(skipped), line: (row) => lines[row + skipped] }, options);
}

function checkHeader(names: readonly string[], file: string, delimiter: string): void {
  const twice = names.find((name, c) => names.indexOf(name) !== c);
  if (twice !== undefined) throw new DataError('invalid-file', `${file}:1: two columns are called "${twice}"; rename one`, { position: 0, line: 1, file, field: twice });
  const other = [',', ';', '\t', '|'].find((mark) => mark !== delimiter && names.length === 1 && names[0]?.includes(mark));
  if (other !== undefined) throw new DataError('invalid-file', `${file}:1: there is one column, "${names[0]}"; is the delimiter ${JSON.stringify(other)}?`, { position: 0, line: 1, file });
}

function refusal(error: unknown, file: string): DataError {
  const { code, lines = 0, records = 0, message } = error as { code?: string; lines?: number; records?: number; message: string };
  return new DataError('invalid-file', `${file}:${lines}: ${(reasons[code ?? ''] ?? (() => message))(error as Wrong)}`, { position: records, line: lines, file });
}

interface Wrong {
  readonly record?: readonly string[];
  readonly message: string;
}

const reasons: Readonly<Record<string, (wrong: Wrong) => string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: ({ record, message }) => {
    const expected = /expect (\d+)/.exec(message)?.[1] ?? 'another number';
    return `the row has ${record?.length ?? 'other'} cells where the first row has ${expected}; correct it, or put cells with a comma into quotes`;
  },
  CSV_QUOTE_NOT_CLOSED: () => 'a quote that was opened is not closed before the end of the file; close it',
  CSV_INVALID_CLOSING_QUOTE: () => 'a quote is followed by something other than the delimiter; write quotes inside a cell twice',
  INVALID_OPENING_QUOTE: () => 'a quote stands inside a cell that did not begin with one; put the cell into quotes and write its quotes twice',
};
