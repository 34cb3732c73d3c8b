import type { Rng } from '../rng.ts';
import { sequenceSet, type SequenceBatch, type SequenceKind, type SequenceShape } from '../sequences.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';

const kind: SequenceKind = { inputs: 'ids', targets: 'classification', per: 'step' };
const symbols = 'BTPSXVE';

/** Symbol and next state of each way out of a state; ways are equally probable. */
type Grammar = readonly (readonly (readonly [symbol: string, next: number])[])[];

const end = -1;

const reber: Grammar = [
  [['B', 1]],
  [['T', 2], ['P', 3]],
  [['S', 2], ['X', 4]],
  [['T', 3], ['V', 5]],
  [['X', 3], ['S', 6]],
  [['P', 4], ['V', 6]],
  [['E', end]],
];

/**
 * The Reber grammar: strings such as BTXSE and BPVVE over B T P S X V E; each next symbol is asked for.
 *
 * Reber 1967 ("Implicit learning of artificial grammars"); for recurrent networks Cleeremans, Servan-Schreiber and McClelland 1989.
 * Where the grammar has two ways out, chance decides: hence `floor`, and `legal`, by which the papers judge: right is who ranks
 * all legal symbols above all others.
 */
export const reberTask: TaskDefinition<never> = {
  name: 'reber',
  description: 'Predict the next symbol of a small grammar.',
  source: 'Reber 1967; Cleeremans, Servan-Schreiber and McClelland 1989',
  kind,
  options: {},
  shape,
  generate: (rng, batch, values) => {
    taskOptions(reberTask, values);
    return generate(reber, rng, batchOf('reber', batch));
  },
  baseline: () => losses(reber).memoryless,
  floor: () => losses(reber).perfect,
};

/**
 * The embedded Reber grammar: B, then T or P, then a string of the Reber grammar, then the same T or P again, then E. The second
 * symbol is to be remembered through the string inside.
 *
 * Fahlman 1991 ("The recurrent cascade-correlation architecture"); Hochreiter and Schmidhuber 1997 ("Long Short-Term Memory",
 * experiment 1). Judged as the Reber grammar is.
 */
export const embeddedReberTask: TaskDefinition<never> = {
  name: 'embedded-reber',
  description: 'Predict the next symbol of a grammar whose last choice was made at the start.',
  source: 'Fahlman 1991; Hochreiter and Schmidhuber 1997, experiment 1',
  kind,
  options: {},
  shape,
  generate: (rng, batch, values) => {
    taskOptions(embeddedReberTask, values);
    return generate(embedded(), rng, batchOf('embedded-reber', batch));
  },
  baseline: () => losses(embedded()).memoryless,
  floor: () => losses(embedded()).perfect,
};

function shape(): SequenceShape {
  return { ...kind, inputSize: symbols.length, targetSize: symbols.length, inputSymbols: [...symbols], targetSymbols: [...symbols] };
}

// Two copies of the inner grammar, one for each symbol that has to come again; they end in that symbol instead.
function embedded(): Grammar {
  const inner = (from: number, again: string): Grammar => {
    const copy = reber.map((ways) => ways.map(([symbol, next]) => [symbol, next === end ? from + reber.length : from + next] as const));
    return [...copy, [[again, last]]];
  };
  const second = 2 + reber.length + 1;
  const last = second + reber.length + 1;
  return [[['B', 1]], [['T', 2], ['P', second]], ...inner(2, 'T'), ...inner(second, 'P'), [['E', end]]];
}

function generate(grammar: Grammar, rng: Rng, batch: number): SequenceBatch {
  const strings = Array.from({ length: batch }, () => walk(grammar, rng));
  const set = sequenceSet({
    shape: shape(),
    size: batch,
    length: (index) => (strings[index] as Walk).ids.length - 1,
    input: (index) => (strings[index] as Walk).ids.slice(0, -1),
    target: (index) => (strings[index] as Walk).ids.slice(1),
  }, { multiple: 8 });
  const result = set.batch(strings.map((_, index) => index));
  return { ...result, legal: legalOf(grammar, strings, result.inputShape[0] as number) };
}

interface Walk {
  readonly ids: readonly number[];
  /** The state after each symbol but the last. */
  readonly states: readonly number[];
}

function walk(grammar: Grammar, rng: Rng): Walk {
  const [ids, states]: [number[], number[]] = [[], []];
  for (let state = 0; state !== end; ) {
    const ways = grammar[state] as Grammar[number];
    const [symbol, next] = ways[ways.length > 1 ? rng.integer(ways.length) : 0] as Grammar[number][number];
    ids.push(symbols.indexOf(symbol));
    if (next !== end) states.push(next);
    state = next;
  }
  return { ids, states };
}

function legalOf(grammar: Grammar, strings: readonly Walk[], steps: number): Uint8Array {
  const legal = new Uint8Array(steps * strings.length * symbols.length);
  strings.forEach(({ states }, b) => states.forEach((state, t) => {
    for (const [symbol] of grammar[state] as Grammar[number]) legal[(t * strings.length + b) * symbols.length + symbols.indexOf(symbol)] = 1;
  }));
  return legal;
}

// Follows the probability of each state from step to step until less than 1e-12 of all strings are left. With w(s) the probability
// that step t reads s, and w(s, n) that n follows: the memoryless loss sums w(s, n) ln(w(s) / w(s, n)), the perfect one does so per
// state; both are divided by the mean number of steps.
function losses(grammar: Grammar): { memoryless: number; perfect: number } {
  let states = new Map([[0, 1]]);
  let [memoryless, perfect, steps] = [0, 0, 0];
  for (let mass = 1; mass > 1e-12; ) {
    const next = new Map<number, number>();
    const follows = new Map<string, Map<string, number>>();
    for (const [state, chance] of states) {
      const ways = grammar[state] as Grammar[number];
      for (const [symbol, to] of ways) {
        if (to === end) continue;
        const part = chance / ways.length;
        add(next, to, part);
        const after = grammar[to] as Grammar[number];
        perfect += part * Math.log(after.length);
        const table = follows.get(symbol) ?? new Map<string, number>();
        follows.set(symbol, table);
        for (const [following] of after) add(table, following, part / after.length);
      }
    }
    for (const table of follows.values()) memoryless += spread([...table.values()]);
    states = next;
    mass = [...states.values()].reduce((sum, chance) => sum + chance, 0);
    steps += mass;
  }
  return { memoryless: memoryless / steps, perfect: perfect / steps };
}

function add<Key>(table: Map<Key, number>, key: Key, value: number): void {
  table.set(key, (table.get(key) ?? 0) + value);
}

function spread(weights: readonly number[]): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight) => sum + weight * Math.log(all / weight), 0);
}
