import type * as Hyparquet from 'hyparquet';
import { DataError } from '../errors.ts';
import type { Cell } from './cells.ts';
import { typedTable, type Table, type TableOptions } from './table.ts';

/**
 * Reads a Parquet file, uncompressed or with Snappy, by means of the package hyparquet where it is installed.
 *
 * @param file what to call the bytes in an error, usually the file's name
 * @throws DataError `missing-package` where hyparquet is not installed, `invalid-file` for what it cannot read, and what `typedTable` throws
 */
export async function parseParquet(bytes: Uint8Array, file: string, options: TableOptions = {}): Promise<Table> {
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await hyparquet(file);
  const buffer = bytes.slice().buffer;
  try {
    const metadata = parquetMetadata(buffer);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const objects = await parquetReadObjects({ file: buffer, metadata });
    const rows = objects.map((row) => names.map((name) => (row as Readonly<Record<string, Cell>>)[name]));
    return typedTable({ file, names, rows, line: () => undefined }, options);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError('invalid-file', `${file}: not a Parquet file that can be read (${(error as Error).message})`);
  }
}

async function hyparquet(file: string): Promise<typeof Hyparquet> {
  try {
    return await import('hyparquet');
  } catch {
    throw new DataError('missing-package', `${file}: reading Parquet needs the package hyparquet, which is not installed; install it, or save the table as CSV`);
  }
}
