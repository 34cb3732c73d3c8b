import type { Rng } from '../rng.ts';

/**
 * Rules by name; the alternatives of a rule are separated by `|`. Any white space
 * counts as one space, so a line break of the text is written with a backslash: `\n`.
 * `{rule}` stands for an expansion of that rule, `{name:rule}` also remembers it, so that `{name}` repeats it.
 */
export type Grammar = Readonly<Record<string, string>>;

/** Expands one rule into a text. What is remembered is forgotten when the text ends. */
type Expander = (rule: string) => string;

/**
 * An expander that draws the alternatives of each rule as from a bag: all of them once, in random order, before any returns.
 * That spreads the use of a grammar evenly, where independent draws would repeat a few and forget others.
 */
export function expander(grammar: Grammar, rng: Rng): Expander {
  const bags = new Map<string, Bag>();
  const bagOf = (rule: string): Bag => {
    const bag = bags.get(rule) ?? newBag(alternatives(grammar, rule));
    bags.set(rule, bag);
    return bag;
  };
  const expand = (rule: string, remembered: Map<string, string>): string =>
    draw(bagOf(rule), rng).replace(/\{(?:(\w+):)?(\w+)\}/g, (_match, name: string | undefined, inner: string) => {
      const text = remembered.get(inner) ?? expand(inner, remembered);
      if (name !== undefined) remembered.set(name, text);
      return text;
    });
  return (rule) => articles(expand(rule, new Map())).replaceAll(/ ?\\n ?/g, '\n');
}

/** `text` with line breaks instead of spaces wherever a line would be longer than `width`. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length > width && line !== '') {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n');
}

interface Bag {
  readonly all: readonly string[];
  left: string[];
  last: string | undefined;
}

function newBag(all: readonly string[]): Bag {
  return { all, left: [], last: undefined };
}

function draw(bag: Bag, rng: Rng): string {
  if (bag.left.length === 0) bag.left = refill(bag, rng);
  const drawn = bag.left.pop() as string;
  bag.last = drawn;
  return drawn;
}

// The end of `left` is drawn first: the last draw of the old bag must not also be the first of the new one.
function refill(bag: Bag, rng: Rng): string[] {
  const fresh = rng.shuffle([...bag.all]);
  if (fresh.length > 1 && fresh.at(-1) === bag.last) fresh.unshift(fresh.pop() as string);
  return fresh;
}

function alternatives(grammar: Grammar, rule: string): readonly string[] {
  const text = grammar[rule];
  if (text === undefined) throw new Error(`expander: the grammar has no rule {${rule}}`);
  return text.split('|').map((alternative) => alternative.replace(/\s+/g, ' ').trim());
}

// a old boat → an old boat, by sound: an honest man, a useful one.
function articles(text: string): string {
  return text.replace(/\b([Aa]) (?=[aeiou]|honest)(?!one\b|once\b|use|uni)/g, '$1n ');
}
