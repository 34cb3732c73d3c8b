import { expander, wrap } from './harbour/expand.ts';
import { harbourGrammar } from './harbour/grammar.ts';
import { passages } from './harbour/passages.ts';
import { Rng } from './rng.ts';

const width = 64;
// Of the first sixty seeds the one whose last tenth, usually held out, is most like the whole in its mixture of kinds.
const seed = 45;

/** How many sections of each kind the text has, besides the handwritten passages. */
const sections: Readonly<Record<string, number>> = {
  log: 112,
  talk: 78,
  sayings: 20,
  ledger: 22,
  letter: 20,
  notice: 20,
  verse: 24,
  fable: 16,
};

/**
 * The built-in text to learn from: about 96 KB of English in the life of a small harbour, written for this project (MIT).
 *
 * Log entries, talk, sayings, ledgers, letters, notices, verses and fables are composed from a grammar with a fixed seed;
 * 34 handwritten passages are spread among them. Lines have at most 64 characters of 49 kinds, sections are separated by
 * an empty line. The same string on every machine, made in some 20 ms; nothing is kept, so call it once.
 */
export function defaultText(): string {
  const rng = new Rng(seed);
  const expand = expander(harbourGrammar(), rng);
  const composed = Object.entries(sections).flatMap(([rule, count]) => Array.from({ length: count }, () => endWithStop(expand(rule))));
  const all = rng.shuffle([...composed, ...passages()]);
  return `${all.map(wrapLines).join('\n\n')}\n`;
}

// A verse of the grammar may end in any of its lines, so their commas become full stops there.
function endWithStop(section: string): string {
  return section.replace(/,$/, '.');
}

function wrapLines(section: string): string {
  return section.split('\n').map((line) => wrap(line, width)).join('\n');
}
