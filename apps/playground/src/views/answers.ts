import type { DataInfo, Trace } from '../training/protocol.ts';

/** One step of a row of symbols. */
export interface Mark {
  readonly text: string;
  /** What a model is sure of, from 0 to 1. */
  readonly sure?: number;
  /** Whether an answer is right; undefined where nothing is asked. */
  readonly right?: boolean;
}

/** A held-out sequence of symbols: what comes in, what is asked for, and what each model says. */
export interface SymbolAnswers {
  readonly kind: 'symbols';
  readonly reads: readonly string[];
  readonly asked: readonly string[];
  readonly says: readonly (readonly Mark[])[];
}

/** A held-out sequence of values: lines over time. */
export interface ValueAnswers {
  readonly kind: 'values';
  /** By channel of the input. */
  readonly inputs: readonly (readonly number[])[];
  /** At each step, or the one at the end. */
  readonly targets: readonly number[];
  readonly says: readonly (readonly number[])[];
  readonly atEnd: boolean;
}

const ignored = -100;
const shown: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵', '\t': '⇥' };

/** A symbol that can be seen. */
export function visible(symbol: string): string {
  return shown[symbol] ?? symbol;
}

/** What the models of some traces say of the same sequence; undefined while they look at different ones. */
export function answersOf(traces: readonly (Trace | undefined)[], data: DataInfo): SymbolAnswers | ValueAnswers | undefined {
  const [first] = traces.flatMap((trace) => trace ?? []);
  if (first === undefined || traces.some((trace) => trace !== undefined && !same(trace, first))) return undefined;
  return data.targets === 'classification' ? symbolAnswers(traces, first, data) : valueAnswers(traces, first, data);
}

// Private.

function same(a: Trace, b: Trace): boolean {
  return a.length === b.length && a.outputSize === b.outputSize && a.inputs.every((value, k) => value === b.inputs[k]) && a.targets.every((value, k) => value === b.targets[k]);
}

function symbolAnswers(traces: readonly (Trace | undefined)[], first: Trace, { inputSymbols, targetSymbols, per }: DataInfo): SymbolAnswers {
  const steps = Array.from({ length: first.length }, (_, t) => t);
  const target = (t: number): number => (per === 'step' ? (first.targets[t] as number) : t === first.length - 1 ? (first.targets[0] as number) : ignored);
  const name = (id: number): string => visible(targetSymbols?.[id] ?? String(id));
  return {
    kind: 'symbols',
    reads: steps.map((t) => visible(inputSymbols?.[first.inputs[t] as number] ?? String(first.inputs[t]))),
    asked: steps.map((t) => (target(t) === ignored ? '' : name(target(t)))),
    says: traces.map((trace) => (trace === undefined ? [] : steps.map((t): Mark => {
      if (target(t) === ignored) return { text: '' };
      const best = likeliest(trace, t);
      return { text: name(best), sure: trace.outputs[t * trace.outputSize + best] as number, right: best === target(t) };
    }))),
  };
}

function likeliest({ outputs, outputSize }: Trace, t: number): number {
  let best = 0;
  for (let k = 1; k < outputSize; k++) if ((outputs[t * outputSize + k] as number) > (outputs[t * outputSize + best] as number)) best = k;
  return best;
}

function valueAnswers(traces: readonly (Trace | undefined)[], first: Trace, { per }: DataInfo): ValueAnswers {
  const { length, inputSize, outputSize } = first;
  const channel = (values: ArrayLike<number>, width: number, k: number): number[] => Array.from({ length }, (_, t) => values[t * width + k] as number);
  return {
    kind: 'values', atEnd: per === 'sequence',
    inputs: Array.from({ length: inputSize }, (_, k) => channel(first.inputs, inputSize, k)),
    targets: per === 'sequence' ? [first.targets[0] as number] : channel(first.targets, outputSize, 0),
    says: traces.map((trace) => (trace === undefined ? [] : channel(trace.outputs, outputSize, 0))),
  };
}
