import { DataError, suggestion } from '../errors.ts';
import { isMissing, readers, type Cell } from './cells.ts';

/** What the cells of a column are. */
export type ColumnType = 'number' | 'category' | 'date';

/** A column of numbers. */
export interface NumberColumn {
  readonly type: 'number';
  readonly name: string;
  /** [N]. */
  readonly values: Float64Array;
}

/** A column of words: each an index into `categories`, which are in the order of their first appearance. */
export interface CategoryColumn {
  readonly type: 'category';
  readonly name: string;
  /** [N]. */
  readonly values: Int32Array;
  readonly categories: readonly string[];
}

/** A column of moments: milliseconds since 1970-01-01 UTC. */
export interface DateColumn {
  readonly type: 'date';
  readonly name: string;
  /** [N]. */
  readonly values: Float64Array;
}

/** A column with the values of all rows. */
export type Column = NumberColumn | CategoryColumn | DateColumn;

/** Columns of equal length, read from a file. */
export interface Table {
  /** As its reader named it. */
  readonly file: string;
  /** N. */
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** What to do with a cell that is empty or says that it has no value: refuse it, take the value of the row before, or leave the row out. */
export type MissingPolicy = 'error' | 'forward-fill' | 'drop';

/** How a table is read. */
export interface TableOptions {
  /** Columns to read, in this order; all unless given. */
  readonly columns?: readonly string[];
  /** Types by column. A column that is not named here has the type that its first hundred values all fit: number, date or else category. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** 'error' unless given. */
  readonly missing?: MissingPolicy;
}

/** Rows as a format's reader gives them. */
export interface RawTable {
  readonly file: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Line of a row in the file, from 1, where it has lines. */
  readonly line: (row: number) => number | undefined;
}

/**
 * Gives the columns of some rows their types.
 *
 * @throws DataError `missing-column`, `missing-value`, or `invalid-cell` with file, line and column
 */
export function typedTable(raw: RawTable, { columns, types = {}, missing = 'error' }: TableOptions): Table {
  const wanted = columns ?? raw.names;
  for (const name of [...wanted, ...Object.keys(types)]) {
    if (!raw.names.includes(name)) throw new DataError('missing-column', `${raw.file}: there is no column "${name}"; ${suggestion(name, raw.names)}`, { position: 0, file: raw.file, field: name });
  }
  const places = wanted.map((name) => raw.names.indexOf(name));
  const kept = keptRows(raw, places, missing);
  if (kept.length === 0) throw new DataError('invalid-file', `${raw.file}: there are no rows of data in it${raw.rows.length > 0 ? ' without missing values; fill them instead' : ''}`);
  return { file: raw.file, rows: kept.length, columns: places.map((place, c) => columnOf(raw, place, kept, types[wanted[c] as string])) };
}

/** A column by its name. Throws DataError `missing-column`, or `invalid-cell` where it is of another type. */
export function column<Type extends ColumnType>(table: Table, name: string, type: Type): Extract<Column, { type: Type }> {
  const found = table.columns.find((column) => column.name === name);
  if (found === undefined) {
    const names = table.columns.map((column) => column.name);
    throw new DataError('missing-column', `${table.file}: there is no column "${name}"; ${suggestion(name, names)}`, { position: 0, file: table.file, field: name });
  }
  if (found.type === type) return found as Extract<Column, { type: Type }>;
  throw new DataError('invalid-cell', `${table.file}: column "${name}" holds values of the type ${found.type}, where ${type} is needed; choose another, or give its type`, { position: 0, file: table.file, field: name });
}

const examined = 100;

// What is to be filled stays: columnOf fills it.
function keptRows(raw: RawTable, places: readonly number[], missing: MissingPolicy): number[] {
  return raw.rows.flatMap((row, position) => {
    const hole = missing === 'forward-fill' ? undefined : places.find((place) => isMissing(row[place]));
    if (hole === undefined) return [position];
    if (missing === 'drop') return [];
    throw cellError('missing-value', raw, hole, position, 'has no value; fill it in, or read with missing values filled forward or dropped');
  });
}

function columnOf(raw: RawTable, place: number, kept: readonly number[], declared: ColumnType | undefined): Column {
  const name = raw.names[place] as string;
  const cells = filled(raw, place, kept);
  const type = declared ?? inferred(cells);
  const read = (reader: (cell: Cell) => number | undefined): Float64Array =>
    Float64Array.from(cells, (cell, i) => reader(cell) ?? invalidCell(raw, place, kept[i] as number, type, declared === undefined));
  if (type !== 'category') return { type, name, values: read(readers[type]) };
  const ids = new Map<string, number>();
  const values = Int32Array.from(cells, (cell) => {
    const word = String(cell);
    const id = ids.get(word) ?? ids.size;
    ids.set(word, id);
    return id;
  });
  return { type, name, values, categories: [...ids.keys()] };
}

function filled(raw: RawTable, place: number, kept: readonly number[]): Cell[] {
  let latest: Cell;
  return kept.map((position) => {
    const cell = raw.rows[position]?.[place];
    if (!isMissing(cell)) latest = cell;
    if (latest !== undefined) return latest;
    throw cellError('missing-value', raw, place, position, 'has no value and no row before it has one to fill it with; begin where there is one, or drop such rows');
  });
}

function inferred(cells: readonly Cell[]): ColumnType {
  const first = cells.slice(0, examined);
  const fits = (type: 'number' | 'date'): boolean => first.every((cell) => readers[type](cell) !== undefined);
  return fits('number') ? 'number' : fits('date') ? 'date' : 'category';
}

function invalidCell(raw: RawTable, place: number, position: number, type: ColumnType, guessed: boolean): never {
  const wanted = type === 'date' ? 'a date (2016-07-01 or 2016-07-01 13:00:00)' : 'a number (1234.5)';
  const remedy = guessed ? `the first values of the column are of the type ${type}: correct it, or give the column its type` : 'correct it';
  const cell = JSON.stringify(String(raw.rows[position]?.[place]));
  throw cellError('invalid-cell', raw, place, position, `is ${cell}, not ${wanted}; ${remedy}`);
}

function cellError(code: 'invalid-cell' | 'missing-value', { file, names, line }: RawTable, place: number, position: number, sentence: string): DataError {
  const at = line(position);
  const where = at === undefined ? `${file}, row ${position + 1}` : `${file}:${at}`;
  const field = names[place] as string;
  return new DataError(code, `${where}: "${field}" ${sentence}`, { position, file, field, ...(at === undefined ? {} : { line: at }) });
}
