import { cellFromText } from '@unroll/cells';
import { expect, test } from 'vitest';
import { configFrom } from '../config/schema.ts';
import { lessons } from './index.ts';
import type { LessonState } from './lesson.ts';
import { configOf, places } from './teach.ts';

test('six lessons, each with a few pages', () => {
  expect(lessons.map(({ id }) => id)).toEqual(['hidden-state', 'gradients', 'lstm-gates', 'gru-lstm', 'truncation', 'shapes']);
  for (const { pages } of lessons) expect(pages.length).toBeGreaterThanOrEqual(3);
});

test.each(lessons.map((lesson) => [lesson.id, lesson] as const))('%s begins with a state that an address could say', (_, { state }) => {
  const config = configOf(state);
  expect(configFrom(config)).toEqual({ config, remarks: [] });
});

test.each(lessons.map((lesson) => [lesson.id, lesson] as const))('%s is written in both languages, a few sentences a page', (_, { title, pages }) => {
  for (const spoken of [title, ...pages.flatMap(({ text, deeds = [] }) => [text, ...deeds.map(({ say }) => say)])]) {
    expect(spoken.en).toMatch(/^[\P{Script=Hangul}]+$/u);
    expect(spoken.ko).toMatch(/\p{Script=Hangul}/u);
  }
  for (const { text } of pages) {
    expect(text.en.length).toBeLessThan(420);
    expect(text.ko.length).toBeLessThan(300);
  }
});

test('what lessons change can be done: equations are cells, places exist, steps are few', () => {
  for (const { pages } of lessons) {
    for (const { look, deeds = [] } of pages) {
      expect(places[look]).toBeTruthy();
      for (const { deed } of deeds) {
        if (deed.kind === 'cell' && deed.choice.equations !== undefined) expect(cellFromText(deed.choice.equations).state[0]).toBe('h');
        if (deed.kind === 'keep') expect(configFrom({ ...configOf(lessons[0]?.state as LessonState), keep: deed.keep }).remarks).toEqual([]);
        if (deed.kind === 'train') expect(deed.steps).toBeLessThanOrEqual(500);
      }
    }
  }
});

test('the word of the first lesson is long enough to be learnt from, and holds what is sought', () => {
  const { state, pages } = lessons[0] as (typeof lessons)[number];
  const text = state.data?.text ?? '';
  expect(text.length * 0.1).toBeGreaterThan((state.config?.options?.['length'] ?? 0) + 1);
  for (const { deeds = [] } of pages) for (const { deed } of deeds) if (deed.kind === 'seek') expect(text).toContain(deed.read);
});
