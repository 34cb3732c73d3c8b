import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from '../errors.ts';
import { parseCsv, type CsvOptions } from './csv.ts';
import { column } from './table.ts';

const refusal = async (text: string, options?: CsvOptions): Promise<DataError> => {
  const error: unknown = await parseCsv(text, 'a.csv', options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
};

describe('parseCsv', () => {
  test('finds the types of columns', async () => {
    const table = await parseCsv('date,load,kind\n2016-07-01 13:00:00,-1.5e1,a\n2016-07-02,.5,"b ""c"""\n1949/01/03,7.,a\n', 'a.csv');
    expect(table).toEqual({
      file: 'a.csv', rows: 3,
      columns: [
        { name: 'date', type: 'date', values: Float64Array.of(Date.UTC(2016, 6, 1, 13), Date.UTC(2016, 6, 2), Date.UTC(1949, 0, 3)) },
        { name: 'load', type: 'number', values: Float64Array.of(-15, 0.5, 7) },
        { name: 'kind', type: 'category', values: Int32Array.of(0, 1, 0), categories: ['a', 'b "c"'] },
      ],
    });
    expect(column(table, 'load', 'number').values[0]).toBe(-15);
    expect(() => column(table, 'lod', 'number')).toThrow('did you mean "load"?');
    expect(() => column(table, 'kind', 'number')).toThrow('column "kind" holds values of the type category, where number is needed');
  });

  test('takes given types, chosen columns, other delimiters, and texts without a header', async () => {
    const table = await parseCsv('\ufeffx;label\r\n1;2\r\n\r\n3;2\r\n', 'a.csv', { delimiter: ';', types: { label: 'category' }, columns: ['label', 'x'] });
    expect(table.columns).toEqual([{ name: 'label', type: 'category', values: Int32Array.of(0, 0), categories: ['2'] }, { name: 'x', type: 'number', values: Float64Array.of(1, 3) }]);
    expect((await parseCsv('1,a\n2,b', 'a.csv', { header: false })).columns.map(({ name }) => name)).toEqual(['column 1', 'column 2']);
  });

  test('names file, line and column of a value that is not of its type', async () => {
    const error = await refusal('t,v\n2020-01-01,1\n\n2020-01-02,"1,5"\n', { types: { v: 'number' } });
    expect(error.message).toBe('a.csv:4: "v" is "1,5", not a number (1234.5); correct it');
    expect([error.code, error.place]).toEqual(['invalid-cell', { position: 1, line: 4, file: 'a.csv', field: 'v' }]);
    const many = `v\n${'1\n'.repeat(150)}oops\n`;
    expect((await refusal(many)).message).toBe('a.csv:152: "v" is "oops", not a number (1234.5); the first values of the column are of the type number: correct it, or give the column its type');
    for (const wrong of ['2020-02-30', '2020-13-01', '2020-1-1', '01.02.2020', '2020-01-01 24:00', '2020-01/01']) {
      expect((await refusal(`d\n${wrong}\n`, { types: { d: 'date' } })).message).toContain('not a date (2016-07-01');
    }
    for (const wrong of ['Infinity', '0x10', '1e999', '1_000', '1 000']) expect((await refusal(`v\n${wrong}\n`, { types: { v: 'number' } })).code).toBe('invalid-cell');
  });

  test('reads dates with times, fractions and offsets as UTC', async () => {
    const { columns: [dates] } = await parseCsv('d\n2020-03-01T12:00:00.250Z\n2020-03-01 12:00:00+02:00\n2020-03-01 12:30-0130\n2020-03\n', 'a.csv', { types: { d: 'date' } });
    expect([...(dates?.values ?? [])].map((moment) => new Date(moment).toISOString())).toEqual([
      '2020-03-01T12:00:00.250Z', '2020-03-01T10:00:00.000Z', '2020-03-01T14:00:00.000Z', '2020-03-01T00:00:00.000Z',
    ]);
  });

  test('refuses, fills or drops what is missing', async () => {
    const text = 'a,b\n1,x\nNA,y\n3,\n?,null\n';
    const error = await refusal(text);
    expect([error.message, error.code, error.place?.line]).toEqual(['a.csv:3: "a" has no value; fill it in, or read with missing values filled forward or dropped', 'missing-value', 3]);
    const filled = await parseCsv(text, 'a.csv', { missing: 'forward-fill' });
    expect(filled.columns.map(({ values }) => [...values])).toEqual([[1, 1, 3, 3], [0, 1, 1, 1]]);
    const dropped = await parseCsv(text, 'a.csv', { missing: 'drop' });
    expect(dropped.columns.map(({ values }) => [...values])).toEqual([[1], [0]]);
    expect((await parseCsv(text, 'a.csv', { missing: 'drop', columns: ['a'] })).columns[0]?.values).toEqual(Float64Array.of(1, 3));
    expect((await refusal('a\nNaN\n1\n', { missing: 'forward-fill' })).message).toContain('a.csv:2: "a" has no value and no row before it has one');
    expect((await refusal('a\n \n', { missing: 'drop' })).message).toContain('there are no rows of data');
    expect((await refusal('a,b\n,\n', { missing: 'drop' })).message).toContain('without missing values');
  });

  test.each([
    ['a row that is too short', 'a,b\n1,2\n3\n', 'a.csv:3: the row has 1 cells where the first row has 2'],
    ['a row that is too long', 'a,b\n1,2,3\n', 'a.csv:2: the row has 3 cells where the first row has 2'],
    ['a quote that is not closed', 'a,b\n1,"2\n', 'a quote that was opened is not closed'],
    ['text behind a quote', 'a,b\n"1"x,2\n', 'a.csv:2: a quote is followed by something other than the delimiter'],
    ['a quote inside of a cell', 'a,b\n1,2"\n', 'a.csv:2: a quote stands inside a cell'],
    ['two columns of one name', 'a,a\n1,2\n', 'a.csv:1: two columns are called "a"'],
    ['another delimiter', 'a;b\n1;2\n', 'a.csv:1: there is one column, "a;b"; is the delimiter ";"?'],
    ['no rows', 'a,b\n', 'a.csv: there are no rows of data in it'],
    ['nothing', '', 'a.csv: there is nothing in it'],
  ])('refuses %s', async (_, text, message) => {
    const error = await refusal(text);
    expect(error.message).toContain(message);
    expect(error.code).toBe('invalid-file');
  });

  test('keeps line breaks inside of quotes, and counts their lines', async () => {
    const error = await refusal('a,b\r\n"x\r\ny ""z"", w",1\r\n\r\nv,2 ,\r\n');
    expect(error.place?.line).toBe(5);
    const { columns: [words] } = await parseCsv('a,b\r\n"x\r\ny ""z"", w",1\r\n', 'a.csv');
    expect(words).toMatchObject({ categories: ['x\ny "z", w'] });
    expect((await refusal('a,b\n"x\ny",1\nz,oops\n', { types: { b: 'number' } })).message).toContain('a.csv:4: "b" is "oops"');
  });

  test('refuses columns that there are not', async () => {
    expect((await refusal('load\n1\n', { columns: ['laod'] })).message).toBe('a.csv: there is no column "laod"; did you mean "load"?');
    expect((await refusal('load\n1\n', { types: { x: 'number' } })).code).toBe('missing-column');
  });

  test('gives back every number and word that was written', async () => {
    const rows = fc.array(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0), fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => `w${text.replaceAll('\r', '\n')}w`)), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const text = `n,w\n${list.map(([number, word]) => `${number},"${word.replaceAll('"', '""')}"\n`).join('')}`;
        const table = await parseCsv(text, 'a.csv', { types: { n: 'number', w: 'category' } });
        const { values, categories } = column(table, 'w', 'category');
        expect([...column(table, 'n', 'number').values]).toEqual(list.map(([number]) => number));
        expect([...values].map((id) => categories[id])).toEqual(list.map(([, word]) => word));
      }),
    );
  });
});
