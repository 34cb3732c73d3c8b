import { afterEach, expect, test, vi } from 'vitest';
import { DataError } from '../errors.ts';
import { parseParquet } from './parquet.ts';

// Three rows of "when" (timestamp), "load" (double, the second one null), "count" (int64) and "kind" (string), written by hyparquet-writer.
const file = Uint8Array.from(atob('UEFSMRUGFTQVOFwVBhUAFQYVABUEFQAAAAMHGFwA6GZebwEAAIDWnV5vAQAAAMXUXm8BAAAVBhUkFSRcFQYVAhUGFQAVBBUAAAADBRAAAAUBJPg/AAAAAAAACkAVBhU0FSxcFQYVABUGFQAVBBUAAAADBxgEAQAJAQACCQcgAAMAAAAAAAAAFQYVIhUmXBUGFQAVBhUAFQQVAAAAAwcPOAEAAABhAQAAAGIBAAAAYRUEGVxIBHJvb3QVCAAVBCUCGAR3aGVuJRIAFQolAhgEbG9hZAAVBCUCGAVjb3VudAAVDCUCGARraW5kJQAAFgYZHBlMJggcFQQZFQAZGAR3aGVuFQIWBhZeFmImCDw2ACgIAMXUXm8BAAAYCADoZl5vAQAAABkcFQYVABUCAAAAJmocFQoZFQAZGARsb2FkFQIWBhZOFk4majw2AigIAAAAAAAACkAYCAAAAAAAAPg/NgAAGRwVBhUAFQIAAAAmuAEcFQQZFQAZGAVjb3VudBUCFgYWXhZWJrgBPDYAKAgDAAAAAAAAABgIAQAAAAAAAAAAGRwVBhUAFQIAAAAmjgIcFQwZFQAZGARraW5kFQIWBhZMFlAmjgI8NgAoAWIYAWEAGRwVBhUAFQIAAAAW1gIWBjbWAgAoCWh5cGFycXVldBlMHAAAHAAAHAAAHAAAAFABAABQQVIx'), (character) => character.charCodeAt(0));

afterEach(() => {
  vi.doUnmock('hyparquet');
  vi.resetModules();
});

test('reads the columns of a Parquet file with their types', async () => {
  const table = await parseParquet(file, 'a.parquet', { missing: 'forward-fill' });
  expect(table).toEqual({
    file: 'a.parquet', rows: 3,
    columns: [
      { name: 'when', type: 'date', values: Float64Array.of(...[0, 1, 2].map((hour) => Date.UTC(2020, 0, 1, hour))) },
      { name: 'load', type: 'number', values: Float64Array.of(1.5, 1.5, 3.25) },
      { name: 'count', type: 'number', values: Float64Array.of(1, 2, 3) },
      { name: 'kind', type: 'category', values: Int32Array.of(0, 1, 0), categories: ['a', 'b'] },
    ],
  });
  // A view into a larger buffer is the same file.
  const larger = new Uint8Array(file.length + 10);
  larger.set(file, 7);
  expect(await parseParquet(larger.subarray(7, 7 + file.length), 'a.parquet', { missing: 'forward-fill' })).toEqual(table);
});

test('names the row and column of a value that is missing', async () => {
  await expect(parseParquet(file, 'a.parquet')).rejects.toThrow('a.parquet, row 2: "load" has no value');
});

test('refuses what is not Parquet', async () => {
  await expect(parseParquet(Uint8Array.of(1, 2, 3), 'a.parquet')).rejects.toThrow('a.parquet: not a Parquet file that can be read');
});

test('names the package that is missing', async () => {
  vi.doMock('hyparquet', () => {
    throw new Error('Cannot find package');
  });
  const error: unknown = await parseParquet(file, 'a.parquet').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject({ code: 'missing-package', message: 'a.parquet: reading Parquet needs the package hyparquet, which is not installed; install it, or save the table as CSV' });
});
