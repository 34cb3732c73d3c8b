import type { DiagramGraph, DiagramNode } from './graph.ts';

/** Where a node stands: columns from left to right, rows from top to bottom. */
export interface Place { readonly column: number; readonly row: number }

/** Places for all nodes, and for each state that has one its conveyor: the nodes that its value passes without a product, first to last. */
export interface Placement {
  readonly places: ReadonlyMap<string, Place>;
  readonly conveyors: ReadonlyMap<string, readonly string[]>;
  readonly columns: number;
  readonly rows: number;
}

/**
 * Places a cell as the classic pictures do: conveyors on top, gates in one row beneath, operations between them, each over the last of
 * its operands, the others to its left; old states on the left edge, new ones on the right, the input in the lowest row.
 */
export function placementOf(graph: DiagramGraph): Placement {
  return new Placer(graph).run();
}

class Placer {
  readonly #graph: DiagramGraph;
  readonly #nodes: ReadonlyMap<string, DiagramNode>;
  readonly #places = new Map<string, Place>();
  readonly #conveyors = new Map<string, readonly string[]>();
  readonly #onConveyor = new Map<string, number>();
  readonly #gateRow: number;
  #column = 0;

  constructor(graph: DiagramGraph) {
    this.#graph = graph;
    this.#nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    for (const state of graph.states) this.#findConveyor(state);
    this.#gateRow = this.#conveyors.size + Math.max(0, ...graph.nodes.map(({ id }) => this.#heightOver(id)));
  }

  run(): Placement {
    const { nodes, states } = this.#graph;
    for (const { id, kind } of nodes) {
      if (kind === 'next') continue;
      const row = this.#onConveyor.get(id);
      const isRoot = row !== undefined || this.#sinks(id).some((sink) => this.#nodes.get(sink)?.kind === 'next');
      if (isRoot && !this.#isLeaf(id)) this.#place(id, row ?? this.#rowOf(id));
    }
    for (const { id } of nodes) if (!this.#isLeaf(id) && this.#nodes.get(id)?.kind !== 'next') this.#place(id, this.#rowOf(id));
    let row = this.#closeRows();
    const columns = this.#column;
    for (const state of states) {
      const own = this.#conveyors.has(state) ? this.#onConveyor.get(`state ${state}`) ?? 0 : ++row;
      this.#places.set(`state ${state}`, { column: -1, row: own });
      this.#places.set(`next ${state}`, { column: columns, row: own });
    }
    for (const { id } of nodes) if (!this.#places.has(id)) this.#places.set(id, { column: -1, row: ++row });
    return { places: this.#places, conveyors: this.#conveyors, columns, rows: row + 1 };
  }

  // Rows without a node go; the last one that stays.
  #closeRows(): number {
    const rows = [...new Set([...this.#places.values()].map((place) => place.row))].toSorted((a, b) => a - b);
    for (const [id, { column, row }] of this.#places) this.#places.set(id, { column, row: rows.indexOf(row) });
    return rows.length - 1;
  }

  // The shortest way of a state's value to its next value that passes no weight; for a cell that is nothing but a gate, through it.
  #findConveyor(state: string): void {
    const end = this.#graph.wires.find(({ to }) => to === `next ${state}`)?.from ?? '';
    const start = `state ${state}`;
    const queue = [[end]];
    const seen = new Set(queue[0]);
    for (const path of queue) {
      const wires = this.#graph.wires.filter(({ to, from, weights }) => to === path[0] && (weights.length === 0 || (path.length === 1 && from === start)));
      for (const { from } of wires) {
        if (from === start) return this.#keepConveyor(state, [start, ...path]);
        if (seen.has(from) || this.#onConveyor.has(from)) continue;
        seen.add(from);
        queue.push([from, ...path]);
      }
    }
  }

  #keepConveyor(state: string, path: readonly string[]): void {
    if (path.some((id) => this.#onConveyor.has(id))) return;
    for (const id of path) this.#onConveyor.set(id, this.#conveyors.size);
    this.#conveyors.set(state, path);
  }

  // How many rows over the gates: one more than what is beneath, and room for what hangs between it and a conveyor.
  #heightOver(id: string): number {
    const kind = this.#nodes.get(id)?.kind;
    if (this.#onConveyor.has(id) || (kind !== 'operator' && kind !== 'function') || this.#hangs(id)) return 0;
    const sources = this.#sources(id);
    const below = sources.filter((source) => !this.#hangs(source)).map((source) => this.#heightOver(source));
    return Math.max(0, ...below) + 1 + this.#hangOver(id);
  }

  #hangOver(id: string): number {
    return Math.max(0, ...this.#sources(id).filter((source) => this.#hangs(source)).map((source) => 1 + this.#hangOver(source)));
  }

  #rowOf(id: string): number {
    const kind = this.#nodes.get(id)?.kind;
    if (kind !== 'operator' && kind !== 'function') return this.#gateRow;
    return Math.max(this.#conveyors.size + this.#hangOver(id), this.#gateRow - Math.max(1, this.#heightOver(id) - this.#hangOver(id)));
  }

  // A function of what a conveyor carries, used once, between that conveyor and an operation: the tanh of an LSTM.
  #hangs(id: string): boolean {
    const [source, ...more] = this.#sources(id);
    const [sink, ...others] = this.#sinks(id);
    if (this.#nodes.get(id)?.kind !== 'function' || source === undefined || more.length > 0 || sink === undefined || others.length > 0 || this.#onConveyor.has(id)) return false;
    return this.#nodes.get(sink)?.kind !== 'gate' && !source.startsWith('state ') && (this.#onConveyor.has(source) || this.#hangs(source));
  }

  #place(id: string, row: number): number {
    const known = this.#places.get(id);
    if (known !== undefined) return known.column;
    this.#places.set(id, { column: -1, row });
    const open = this.#sources(id).filter((source) => !this.#isLeaf(source) && !this.#places.has(source) && !this.#onConveyor.has(source));
    const hanging = open.filter((source) => this.#hangs(source));
    const beneath = open.filter((source) => !this.#hangs(source));
    const below = this.#nodes.get(id)?.kind === 'gate' ? undefined : this.#lastOf(beneath);
    for (const source of beneath) if (source !== below) this.#place(source, this.#beside(source, row));
    const over = below === undefined ? undefined : this.#place(below, this.#under(below, row));
    const column = this.#settle(id, over, row);
    hanging.forEach((source) => this.#hang(source, column, row - 1));
    return column;
  }

  // The last operand that no other of them is made from.
  #lastOf(sources: readonly string[]): string | undefined {
    return sources.findLast((source) => !sources.some((other) => other !== source && this.#isMadeFrom(other, source)));
  }

  #isMadeFrom(id: string, part: string): boolean {
    return this.#sources(id).some((source) => source === part || (!this.#isLeaf(source) && !this.#places.has(source) && this.#isMadeFrom(source, part)));
  }

  // In the column that is wished for, if it is free there, else in a new one.
  #settle(id: string, wished: number | undefined, row: number): number {
    const free = wished !== undefined && ![...this.#places.values()].some((place) => place.column === wished && place.row === row);
    const column = free ? wished : this.#column++;
    this.#places.set(id, { column, row });
    return column;
  }

  #hang(id: string, column: number, row: number): void {
    this.#settle(id, column, row);
    for (const source of this.#sources(id)) if (this.#hangs(source)) this.#hang(source, column, row - 1);
  }

  #beside(id: string, row: number): number {
    return this.#nodes.get(id)?.kind === 'gate' ? Math.max(row, this.#gateRow) : Math.max(row, this.#conveyors.size);
  }

  #under(id: string, row: number): number {
    return this.#nodes.get(id)?.kind === 'gate' ? Math.max(row + 1, this.#gateRow) : Math.max(row + 1, this.#rowOf(id));
  }

  #isLeaf(id: string): boolean {
    const kind = this.#nodes.get(id)?.kind;
    return kind === 'input' || kind === 'state' || kind === 'vector';
  }

  #sources(id: string): string[] {
    return [...new Set(this.#graph.wires.filter(({ to }) => to === id).map(({ from }) => from))];
  }

  #sinks(id: string): string[] {
    return this.#graph.wires.filter(({ from }) => from === id).map(({ to }) => to);
  }
}
