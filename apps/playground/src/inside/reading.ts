import type { DataInfo, Trace } from '../training/protocol.ts';
import type { InsideKey } from '../words/inside.ts';
import { figure } from '../words/names.ts';

/** What the model reads and says at one step, as the key of a sentence and what is filled in. */
export interface Reading { readonly key: InsideKey; readonly values: Readonly<Record<string, string | number>> }

/** Symbols that cannot be seen. */
const shown: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵', '\t': '⇥' };
/** Marks a step at which nothing is asked. */
const notAsked = -100;

/** The sentence of step t. */
export function readingOf(trace: Trace, data: DataInfo, t: number): Reading {
  const input = data.inputs === 'ids' ? quoted(data.inputSymbols, trace.inputs[t] ?? 0) : Array.from({ length: trace.inputSize }, (_, k) => figure(trace.inputs[t * trace.inputSize + k], 2)).join(', ');
  const row = trace.outputs.subarray(t * trace.outputSize, (t + 1) * trace.outputSize);
  if (data.targets === 'regression') return { key: 'readingValues', values: { input, output: Array.from(row, (value) => figure(value, 2)).join(', ') } };
  const target = targetAt(trace, data, t);
  if (target === notAsked) return { key: 'reading', values: { input } };
  const best = row.indexOf(Math.max(...row));
  return { key: 'readingAsked', values: { input, target: quoted(data.targetSymbols, target), output: quoted(data.targetSymbols, best), sure: Math.round((row[best] ?? 0) * 100) } };
}

/** The first step at which what was read up to it ends so; undefined where none does. */
export function stepEnding(read: readonly string[], sought: string): number | undefined {
  let text = '';
  for (const [t, symbol] of read.entries()) {
    text += symbol;
    if (text.endsWith(sought)) return t;
  }
  return undefined;
}

/** The unit of a state (T, H) whose value before one step is furthest from that before another one. */
export function unitApart(state: Float32Array, hidden: number, one: number, other: number): number {
  let [best, largest] = [0, -1];
  for (let k = 0; k < hidden; k++) {
    const distance = Math.abs((state[(one - 1) * hidden + k] ?? 0) - (state[(other - 1) * hidden + k] ?? 0));
    if (distance > largest) [best, largest] = [k, distance];
  }
  return best;
}

// Private.

function targetAt({ targets, length }: Trace, { per }: DataInfo, t: number): number {
  if (per === 'sequence') return t === length - 1 ? (targets[0] ?? notAsked) : notAsked;
  return targets[t] ?? notAsked;
}

function quoted(symbols: readonly string[] | undefined, id: number): string {
  const symbol = symbols?.[id] ?? String(id);
  return `“${shown[symbol] ?? symbol}”`;
}
