import { cellFromText, cells, type Cell } from '@unroll/cells';
import { graphOf, valuesAt, type DiagramGraph, type DiagramLayout, type PlacedNode } from '@unroll/diagram';
import type { CellChoice } from '../config/config.ts';
import type { Trace } from '../training/protocol.ts';
import type { Range } from './colour.ts';

/** A cell as the views of the inside need it: its graph, its picture, and what its values are. */
export interface Anatomy {
  readonly cell: Cell;
  readonly graph: DiagramGraph;
  readonly layout: DiagramLayout;
  /** States whose value passes from step to step without a product, and what is done to it on the way. */
  readonly conveyors: readonly Conveyor[];
}

/** What happens to a state on its way through one step. Nodes are named by their ids. */
export interface Conveyor {
  readonly state: string;
  /** What the old value is multiplied with, in order: f of an LSTM, z of a GRU. */
  readonly kept: readonly string[];
  /** What is added to it: i ⊙ g. */
  readonly added: readonly string[];
}

const known = new Map<string, Anatomy>();

/** The anatomy of a chosen cell, where it was taken before. */
export function knownAnatomy(choice: CellChoice): Anatomy | undefined {
  return known.get(keyOf(choice));
}

/**
 * Takes the anatomy of a chosen cell. Its picture is laid out by somebody else: for the largest cells that takes longer than a page may be busy.
 * Rejects with an `EquationError` where the equations are none.
 */
export async function anatomyOf(choice: CellChoice, lay: (choice: CellChoice) => Promise<DiagramLayout>): Promise<Anatomy> {
  const before = knownAnatomy(choice);
  if (before !== undefined) return before;
  const made = dissected(choice.cell === 'custom' ? cellFromText(choice.equations ?? '', { defaultName: 'custom' }) : cells[choice.cell], await lay(choice));
  if (known.size > 20) known.clear();
  known.set(keyOf(choice), made);
  return made;
}

/** A value of the cell over time and units, and how it is coloured. */
export interface Lane { readonly name: string; readonly role: 'gate' | 'state' | 'value'; readonly range: Range; readonly values: Float32Array }

/** The values of a trace, gates first, states last, each with the range that its equation allows. */
export function lanesOf({ graph, cell }: Anatomy, trace: Trace): Lane[] {
  const lanes = Object.entries(trace.values).map(([name, values]): Lane => {
    const node = graph.nodes.find((one) => one.name === name && one.kind !== 'state' && one.kind !== 'next');
    const share = node?.kind === 'gate' && node.label.includes('σ') && !node.label.includes('log');
    const role = cell.state.includes(name) ? 'state' : node?.kind === 'gate' ? 'gate' : 'value';
    return { name, role, values, range: share ? { kind: 'share', size: 1 } : { kind: 'signed', size: sizeOf(values) } };
  });
  const rank: Readonly<Record<Lane['role'], number>> = { gate: 0, value: 1, state: 2 };
  return lanes.toSorted((a, b) => rank[a.role] - rank[b.role]);
}

/** The numbers in each node at step t of a trace. States are zero before the first step. */
export function numbersAt({ graph, cell }: Anatomy, trace: Trace, t: number): ReadonlyMap<string, ArrayLike<number>> {
  const row = (values: Float32Array, at: number): Float32Array => values.subarray(at * trace.hidden, (at + 1) * trace.hidden);
  const zero = new Float32Array(trace.hidden);
  return valuesAt(graph, {
    input: inputAt(trace, t),
    before: Object.fromEntries(cell.state.map((name) => [name, t === 0 || trace.values[name] === undefined ? zero : row(trace.values[name], t - 1)])),
    values: Object.fromEntries(Object.entries(trace.values).map(([name, values]) => [name, row(values, t)])),
  });
}

/** One channel of what nodes hold over all steps; NaN where they hold nothing known. */
export function courseOf(anatomy: Anatomy, trace: Trace, unit: number, nodes: readonly string[]): Map<string, Float32Array> {
  const made = new Map(nodes.map((id) => [id, new Float32Array(trace.length).fill(Number.NaN)]));
  for (let t = 0; t < trace.length; t++) {
    const numbers = numbersAt(anatomy, trace, t);
    for (const [id, course] of made) course[t] = channel(numbers.get(id), unit) ?? Number.NaN;
  }
  return made;
}

/** One channel of a row; a row of one channel is the same for all units. */
export function channel(row: ArrayLike<number> | undefined, unit: number): number | undefined {
  return row?.[row.length === 1 ? 0 : unit];
}

// Private.

function inputAt({ inputs, inputSize }: Trace, t: number): ArrayLike<number> {
  if (inputs instanceof Int32Array) return Float32Array.from({ length: inputSize }, (_, k) => Number(k === inputs[t]));
  return inputs.subarray(t * inputSize, (t + 1) * inputSize);
}

function keyOf({ cell, equations = '' }: CellChoice): string {
  return cell === 'custom' ? equations : cell;
}

function dissected(cell: Cell, layout: DiagramLayout): Anatomy {
  return { cell, graph: graphOf(cell), layout, conveyors: cell.state.flatMap((state) => conveyorOf(layout, state)) };
}

function conveyorOf({ wires, nodes }: DiagramLayout, state: string): Conveyor[] {
  const belt = wires.filter(({ conveyor }) => conveyor === state);
  const stations = belt.map(({ to }) => nodes.find(({ id }) => id === to)).filter((node): node is PlacedNode => node !== undefined);
  if (belt.length === 0 || stations.some(({ kind }) => kind === 'gate')) return [];
  const beside = (label: string): string[] => stations.filter((node) => node.label === label).flatMap(({ id }) => wires.filter(({ to, conveyor }) => to === id && conveyor !== state).map(({ from }) => from));
  return [{ state, kept: beside('×'), added: beside('+') }];
}

// The next of 1, 2, 5, 10, … that holds all values, so that colours do not flicker while a model learns.
function sizeOf(values: Float32Array): number {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  if (largest <= 1) return 1;
  const ten = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((step) => step * ten).find((size) => size >= largest) ?? largest;
}
