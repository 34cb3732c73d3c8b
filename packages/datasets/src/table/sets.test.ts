import { expect, test } from 'vitest';
import { parseCsv, type CsvOptions } from './csv.ts';
import { tableSequences, tableSeries } from './sets.ts';
import type { Table } from './table.ts';

const read = (text: string, options?: CsvOptions): Promise<Table> => parseCsv(text, 'a.csv', options);

test('a table of numbers is a series, in the order of its dates', async () => {
  const table = await read('date,a,kind,b\n2020-01-01,1,x,10\n2020-01-02,2,y,20\n');
  expect(tableSeries(table)).toEqual({ names: ['a', 'b'], values: Float64Array.of(1, 10, 2, 20), length: 2, times: Float64Array.of(Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2)) });
  expect(tableSeries(table, { columns: ['b'] }).values).toEqual(Float64Array.of(10, 20));
  expect(() => tableSeries(table, { columns: ['kind'] })).toThrow('where number is needed');
  const mixed = await read('date,a\n2020-01-01,1\n2020-01-03,1\n2020-01-02,2\n');
  expect(() => tableSeries(mixed)).toThrow('a.csv: "date" does not go forward at data row 3');
  const words = await read('kind\nx\n');
  expect(() => tableSeries(words)).toThrow('no column of numbers');
});

const walks = 'id,x,y,gait\n1,1,10,run\n1,2,20,run\n2,3,30,walk\n1,4,40,run\n';

test('rows that belong together are a sequence with its class', async () => {
  const set = tableSequences(await read(walks), { by: 'id', label: 'gait', per: 'sequence' });
  expect([set.size, set.shape]).toEqual([3, { inputs: 'values', inputSize: 2, targets: 'classification', per: 'sequence', targetSize: 2, targetSymbols: ['run', 'walk'] }]);
  expect(set.batch([1, 0])).toEqual({ inputs: Float32Array.of(3, 30, 1, 10, 0, 0, 2, 20), inputShape: [2, 2, 2], lengths: Int32Array.of(1, 2), targets: Int32Array.of(1, 0), targetShape: [2] });
});

test('or with a class at each step', async () => {
  const text = walks.replace('2,20,run', '2,20,walk');
  const set = tableSequences(await read(text), { by: 'id', inputs: ['y'], label: 'gait', per: 'step' });
  expect(set.batch([0, 2])).toMatchObject({ inputs: Float32Array.of(10, 40, 20, 0), targets: Int32Array.of(0, 0, 1, -100) });
  const table = await read(text);
  expect(() => tableSequences(table, { by: 'id', label: 'gait', per: 'sequence' })).toThrow('the sequence that begins at data row 1 has the labels "run" and "walk"');
  expect(() => tableSequences(table, { by: 'nr', label: 'gait', per: 'step' })).toThrow('there is no column "nr"; did you mean "id"?');
});
