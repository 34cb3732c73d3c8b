/** Writes docs/cells from the definitions: `pnpm run docs`. A test fails where what is there is not what would be written. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cellPages } from './docs/cells.ts';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'cells');
const pages = cellPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
console.log(`docs: ${pages.size} pages in ${folder}`);
