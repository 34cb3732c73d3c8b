import { ops, type Expr } from '@unroll/expr';
import type { DiagramGraph } from './graph.ts';

/** One step of time of one sequence, as a scan kept it: rows of channels by name. */
export interface StepRows {
  /** The input of the step. */
  readonly input?: ArrayLike<number>;
  /** States before the step. */
  readonly before: Readonly<Record<string, ArrayLike<number>>>;
  /** Values of the step by the author's names: gates, and states after it. */
  readonly values: Readonly<Record<string, ArrayLike<number>>>;
}

/**
 * The numbers in each node at one step: H channels, for the input I. Values that the author named are taken from the step; what is made
 * of them channel by channel is computed; a node that needs a weight or a vector of parameters has no entry.
 */
export function valuesAt(graph: DiagramGraph, { input, before, values }: StepRows): ReadonlyMap<string, ArrayLike<number>> {
  const known = new Map<Expr, ArrayLike<number> | undefined>();
  const found = new Map<string, ArrayLike<number>>();
  const keep = (id: string, value: Expr, row: ArrayLike<number> | undefined): void => {
    known.set(value, row);
    if (row !== undefined) found.set(id, row);
  };
  for (const { id, kind, name, value } of graph.nodes) {
    if (kind === 'input') keep(id, value, input);
    else if (kind === 'state') keep(id, value, before[name]);
    else if (values[name] !== undefined) keep(id, value, values[name]);
  }
  for (const { id, value } of graph.nodes) if (!found.has(id)) keep(id, value, rowOf(value, known));
  return found;
}

function rowOf(value: Expr, known: Map<Expr, ArrayLike<number> | undefined>): ArrayLike<number> | undefined {
  if (known.has(value)) return known.get(value);
  known.set(value, undefined);
  const row = computed(value, known);
  known.set(value, row);
  return row;
}

function computed(value: Expr, known: Map<Expr, ArrayLike<number> | undefined>): ArrayLike<number> | undefined {
  switch (value.kind) {
    case 'constant': return [value.value];
    case 'input':
    case 'random':
    case 'dot': return undefined;
    case 'mean': {
      const row = rowOf(value.operand, known);
      return row === undefined ? undefined : [Array.from(row).reduce((sum, one) => sum + one, 0) / row.length];
    }
    case 'apply': {
      const rows = value.args.map((arg) => rowOf(arg, known));
      const whole = rows.filter((row) => row !== undefined);
      if (whole.length < rows.length) return undefined;
      // A row of one channel, such as a number or a mean, is the same for all.
      const at = (place: number, channel: number): number => (whole[place]?.[whole[place]?.length === 1 ? 0 : channel] ?? 0);
      const width = Math.max(...whole.map(({ length }) => length));
      return Float64Array.from({ length: width }, (_, channel) => ops[value.op].apply(at(0, channel), at(1, channel), at(2, channel)));
    }
  }
}
