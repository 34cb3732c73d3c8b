import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { ko } from './ko.ts';

const folder = fileURLToPath(new URL('../', import.meta.url));
const components = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte')).map((file) => readFileSync(join(folder, file), 'utf8'));

describe('words', () => {
  it('are there for everything that a component says: the compiler does not read those files', () => {
    const said = components.flatMap((text) => [...text.matchAll(/speaker\.say\('([^']+)'|'((?:key|notice|remark|data|export|share)[.A-Z][\w.-]*)'/gu)].map(([, a, b]) => a ?? b ?? ''));
    expect(said.length).toBeGreaterThan(50);
    expect([...new Set(said)].filter((key) => !Object.hasOwn(en, key))).toEqual([]);
  });

  it('fill in the same names in both languages', () => {
    const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/gu))].sort();
    for (const [key, text] of Object.entries(en)) expect([key, names(ko[key as keyof typeof ko])]).toEqual([key, names(text)]);
  });
});
