import { cellFromText } from '@unroll/cells';
import { expect, test } from 'vitest';
import { notationWords } from '../words/notation.ts';
import { callAt, functions, suggestionsAt, targetsOf, tokensOf } from './notation.ts';

const text = 'vector p_i\ni = sigmoid(W_i x + R_i h + p_i * c + b_i) # open\nc = 0.5 * c + i\nh = clip(c, -1, 1)';

test('every part of a line is what it is', () => {
  const second = tokensOf(text).filter(({ from }) => from > 10 && from < 61).map((token) => [token.text, token.kind]);
  expect(second).toEqual([['i', 'target'], ['sigmoid', 'function'], ['W_i', 'weight'], ['x', 'input'], ['R_i', 'weight'], ['h', 'value'], ['p_i', 'vector'], ['c', 'value'], ['b_i', 'bias'], ['# open', 'comment']]);
  for (const { from, to, text: part } of tokensOf(text)) expect(text.slice(from, to)).toBe(part);
  expect(targetsOf(text)).toEqual(['i', 'c', 'h']);
});

test('suggests the weights of the line first, and nothing where no equation is', () => {
  const labels = suggestionsAt('z = ', 4).map(({ label }) => label);
  expect(labels.slice(0, 3)).toEqual(['W_z', 'R_z', 'b_z']);
  expect(labels).toContain('sigmoid');
  expect(suggestionsAt('vector ', 7)).toEqual([]);
});

test('knows which number of which function is being written', () => {
  const place = text.length;
  expect(callAt(text, place - 1)).toMatchObject({ name: 'clip', argument: 2 });
  expect(callAt(text, place)).toBeUndefined();
  expect(callAt('h = clip(min(h, x), ', 20)).toMatchObject({ name: 'clip', argument: 1 });
});

test.each(Object.entries(functions))('%s(%s) is a function of the library, and explained in both languages', (name, parts) => {
  const operand = 'W_h x + R_h h';
  const call = `${name}(${parts.replace('condition', 'less(h, 0)').replace('low', '-1').replace('high', '1').replace(/\ba\b/u, operand).replace(/\bb\b/u, 'h')})`;
  expect(cellFromText(`h = ${call}`).state).toEqual(['h']);
  for (const language of ['en', 'ko'] as const) expect(notationWords(language).functions[name as keyof typeof functions]).toBeTruthy();
});
