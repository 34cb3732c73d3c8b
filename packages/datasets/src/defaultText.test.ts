import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { defaultText } from './defaultText.ts';
import { expander, wrap, type Grammar } from './harbour/expand.ts';
import { harbourGrammar } from './harbour/grammar.ts';
import { passages } from './harbour/passages.ts';
import { Rng } from './rng.ts';

const text = defaultText();

describe('defaultText', () => {
  test('is the same text on every machine and at every call', () => {
    expect(text.length).toBe(95_643);
    expect(createHash('sha256').update(text).digest('hex')).toBe('3289ae2e46fd14c7bc669d6469a36919a221ca18f0ffb5b341b44cf6ad105958');
    expect(defaultText()).toBe(text);
  });

  test('uses few characters, all of them ASCII', () => {
    expect([...new Set(text)].sort().join('')).toBe('\n !,-.:?ABCDEFHILMNOSTWabcdefghijklmnopqrstuvwxyz');
  });

  test('has short lines, sections apart by one empty line, and ends with a line break', () => {
    const lines = text.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(64);
    expect(lines.filter((line) => line !== line.trim())).toEqual([]);
    expect(text).not.toMatch(/\n\n\n/);
    expect(text.endsWith('.\n')).toBe(true);
    expect(text.split('\n\n').length).toBeGreaterThan(350);
  });

  test('contains every handwritten passage', () => {
    const flat = text.replace(/\s+/g, ' ');
    expect(passages()).toHaveLength(34);
    for (const passage of passages()) expect(flat).toContain(passage.replace(/\s+/g, ' '));
  });

  test('is varied: few of its longer lines come twice', () => {
    const lines = text.split('\n').filter((line) => line.length >= 40);
    expect(new Set(lines).size / lines.length).toBeGreaterThan(0.95);
  });

  test('holds the same mixture in the last tenth as before it', () => {
    const heldOut = text.slice(Math.floor(text.length * 0.9));
    for (const kind of [/^\w+day, the /m, /^Log of /m, /^\w+: .*\?$/m, /^Dear /m, /^(Lost from|Landed|Bought|Stores)/m, /^(The tale|On the|How)/m]) {
      expect(heldOut).toMatch(kind);
    }
  });
});

describe('the harbour grammar', () => {
  const grammar = harbourGrammar();
  const references = (rule: string): string[] => [...(grammar[rule] ?? '').matchAll(/\{(?:\w+:)?(\w+)\}/g)].map((match) => match[1] ?? '');
  const bound = new Set(Object.values(grammar).flatMap((rule) => [...rule.matchAll(/\{(\w+):\w+\}/g)].map((match) => match[1] ?? '')));

  test('defines every rule that it mentions, and mentions every rule that is not a section', () => {
    const mentioned = new Set(Object.keys(grammar).flatMap(references).filter((name) => !bound.has(name) || name in grammar));
    for (const name of mentioned) expect(Object.keys(grammar)).toContain(name);
    const sections = ['log', 'talk', 'sayings', 'ledger', 'letter', 'notice', 'verse', 'fable'];
    expect(Object.keys(grammar).filter((name) => !mentioned.has(name)).sort()).toEqual(sections.sort());
  });

  test('remembers under names that are not rules', () => {
    expect([...bound].filter((name) => name in grammar)).toEqual([]);
  });
});

describe('expander', () => {
  const draws = (grammar: Grammar, count: number): string[] => {
    const expand = expander(grammar, new Rng(4));
    return Array.from({ length: count }, () => expand('top'));
  };

  test('uses every alternative once before any returns, and none twice in a row', () => {
    const drawn = draws({ top: 'a | b | c' }, 60);
    for (let i = 0; i < drawn.length; i += 3) expect(drawn.slice(i, i + 3).sort()).toEqual(['a', 'b', 'c']);
    drawn.slice(1).forEach((text, i) => expect(text).not.toBe(drawn[i]));
  });

  test('repeats what it remembered, within one text only', () => {
    const drawn = draws({ top: '{x:letter} {letter} {x}', letter: 'p|q|r' }, 9);
    for (const text of drawn) expect(text).toMatch(/^(\w) (?!\1)\w \1$/);
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });

  test('takes white space for one space and \\\\n for a line break', () => {
    expect(draws({ top: 'one\n    two\\nthree {end}', end: '\\n four' }, 1)).toEqual(['one two\nthree\nfour']);
  });

  test('agrees articles by sound', () => {
    expect(draws({ top: 'A old boat, a honest man, a useful one, a one, a boat' }, 1)).toEqual(['An old boat, an honest man, a useful one, a one, a boat']);
  });

  test('names a rule that is missing', () => {
    expect(() => draws({ top: '{gone}' }, 1)).toThrow('the grammar has no rule {gone}');
  });
});

describe('wrap', () => {
  test('breaks before a line would be too long, and never inside a word', () => {
    expect(wrap('one two three', 7)).toBe('one two\nthree');
    expect(wrap('one two three', 6)).toBe('one\ntwo\nthree');
    expect(wrap('unbreakable yes', 5)).toBe('unbreakable\nyes');
  });
});
