import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cells, cellFromText } from '@unroll/cells';
import { expect, test } from 'vitest';
import { cellPages } from './cells.ts';
import { systems } from './systems.ts';

const folder = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'docs', 'cells');
const pages = cellPages();

test('there is a page and a picture for every cell and no other', () => {
  expect([...pages.keys()].toSorted()).toEqual([...Object.keys(cells).flatMap((name) => [`${name}.md`, `${name}.svg`]), 'README.md'].toSorted());
  expect(readdirSync(folder).toSorted()).toEqual([...pages.keys()].toSorted());
});

test.each([...pages])('docs/cells/%s is up to date; `pnpm run docs` writes it', (name, text) => {
  expect(readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')).toBe(text);
});

test.each(Object.keys(cells))('the text on the page of %s is a cell', (name) => {
  const text = /```text\n([^`]*)```/.exec(pages.get(`${name}.md`) ?? '')?.[1] ?? '';
  expect(cellFromText(text).state).toEqual(cells[name as keyof typeof cells].state);
});

test('every table has as many columns in all rows, and every cell is somewhere else too', () => {
  for (const text of pages.values()) {
    for (const block of text.split('\n\n').filter((part) => part.startsWith('|'))) expect(new Set(block.split('\n').map((row) => row.split('|').length)).size).toBe(1);
  }
  expect(Object.values(systems).every((rows) => rows.length > 0)).toBe(true);
});
