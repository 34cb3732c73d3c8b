import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';

// The examples run as they stand, and have learnt what they say. Seeded, on a deterministic backend: the same numbers everywhere.

const examples = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});

test('one to one: the parity of four bits', async () => {
  expect((await import('./one-to-one.ts')).accuracy).toBe(1);
});

test('one to many: the digits, spelled', async () => {
  expect((await import('./one-to-many.ts')).spelled).toEqual(['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']);
});

test('many to one: the parity of sequences of any length', async () => {
  expect((await import('./many-to-one.ts')).accuracy).toBeGreaterThan(0.99);
});

test('many to many, aligned: digits larger than all on one side', async () => {
  expect((await import('./many-to-many-aligned.ts')).accuracy).toBeGreaterThan(0.98);
});

test('many to many, unaligned: words reversed, better with attention', async () => {
  const { right: { none, dot, additive } } = await import('./many-to-many-unaligned.ts');
  for (const search of ['greedy', 'beam'] as const) {
    expect(none?.[search]).toBeGreaterThan(0.75);
    for (const attentive of [dot, additive]) expect(attentive?.[search]).toBeGreaterThan(0.9);
  }
});

test('a label per sequence: the language of words that were held out', async () => {
  const { accuracy, found } = await import('./classify-names.ts');
  expect(accuracy).toBeGreaterThan(0.85);
  expect(found).toEqual(['Italian', 'German']);
});

test('a label per step: the slope of walks that were held out', async () => {
  expect((await import('./tag-steps.ts')).accuracy).toBeGreaterThan(0.93);
});

test('a series: the last years are told better than by both baselines', async () => {
  const { errors: { model, persistence, seasonal }, passengers } = await import('./forecast-passengers.ts');
  expect(model).toBeLessThan(0.8 * Math.min(persistence, seasonal));
  expect(passengers).toHaveLength(12);
});

test('pairs of sequences: new dates come out right', async () => {
  const { exact, found } = await import('./translate-dates.ts');
  expect(exact).toBeGreaterThan(0.97);
  expect(found).toEqual(['2026-11-03']);
});

test.each(examples)('%s is short, and the list of examples has it', (name) => {
  const code = readFileSync(join(import.meta.dirname, name), 'utf8').split('\n').filter((line) => !/^\s*(\/\/|\/\*\*|$)/.test(line));
  expect(code.length).toBeLessThanOrEqual(40);
  expect(readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')).toContain(`(${name})`);
  expect(readFileSync(join(import.meta.dirname, 'examples.test.ts'), 'utf8')).toContain(`import('./${name}')`);
});
