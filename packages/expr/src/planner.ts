import { children, input, type Dot, type Expr, type Mean, type Random } from './node.ts';
import { ops } from './ops.ts';
import type { MeanOf, Place, Plan, PointwiseMap, Product, Scratch, Stage, Sum, Target } from './plan.ts';
import { Schedule, type Phase } from './schedule.ts';
import { widths, type Step } from './step.ts';
import { substitute } from './walk.ts';

/** A row that a map of this phase has to write, at the stage `due` or before; Infinity: whenever it comes cheapest. */
interface Write { readonly value: Expr; readonly target: Target; readonly phase: Phase; due: number }
/** A stage as it grows. */
interface Draft { products: Product[]; means: MeanOf[] }

const plans = { plain: new WeakMap<Step, Plan>(), masked: new WeakMap<Step, Plan>() } as const;

/**
 * Cuts a step at its products: the same for every executor, so that none has to know what the step is the step of. `masked`: rows may
 * be left out at some steps, where what comes from outside may hold anything, NaN included.
 */
export function planOf(step: Step, masked = false): Plan {
  const cache = masked ? plans.masked : plans.plain;
  const known = cache.get(step);
  if (known !== undefined) return known;
  const plan = new Planner(step, masked).plan();
  cache.set(step, plan);
  return plan;
}

/** Builds the plan of one step: gives every product its operand and target, then hands the elementwise rest to fused maps. */
class Planner {
  readonly #schedule: Schedule;
  readonly #step: Step;
  readonly #masked: boolean;
  readonly #widths: Map<Expr, number | undefined>;
  readonly #buffers: { span: Scratch['span']; width: number }[] = [];
  readonly #places = new Map<Expr, Place>();
  /** Values of the loop that maps after it read, written out for all time. */
  readonly #carried = new Map<Expr, Place>();
  readonly #joined = new Map<string, { readonly place: Place; readonly writes: readonly Write[] }>();
  readonly #identity = new Map<Expr, number>();
  readonly #writes: Write[] = [];
  readonly #drafts: Readonly<Record<Phase, Map<number, Draft>>> = { before: new Map(), loop: new Map(), after: new Map() };

  constructor(step: Step, masked: boolean) {
    this.#masked = masked;
    this.#schedule = new Schedule(step);
    this.#step = this.#schedule.step;
    this.#widths = widths(this.#step);
    this.#schedule.nodes.forEach((node, k) => this.#identity.set(node, k));
    this.#placeInputs();
  }

  plan(): Plan {
    const sums = this.#sums();
    for (const phase of ['after', 'loop', 'before'] as const) this.#cuts(phase);
    this.#results();
    const after = this.#stages('after');
    const loop = this.#stages('loop');
    const before = this.#stages('before');
    return { buffers: this.#buffers, before, loop, after, sums };
  }

  // Places.

  #placeInputs(): void {
    const { states, sequences, vectors } = this.#step;
    const kinds = [['state', states], ['sequence', sequences], ['vector', vectors]] as const;
    for (const node of this.#schedule.nodes) {
      if (node.kind !== 'input') continue;
      for (const [kind, fields] of kinds) {
        const index = fields.findIndex(({ name }) => name === node.name);
        if (index >= 0) this.#places.set(node, { kind, index, offset: 0, width: fields[index]?.width ?? 1 });
      }
    }
  }

  #scratch(span: Scratch['span'], width: number): Place {
    this.#buffers.push({ span, width });
    return { kind: 'scratch', index: this.#buffers.length - 1, offset: 0, width };
  }

  /**
   * One place that holds `values` side by side, for a consumer in `phase` at `level` (the sums come after all levels). Values that
   * are not there yet are written by a map: in the loop where they depend on a state, else before it.
   */
  #place(values: readonly { node: Expr; width: number }[], phase: Phase, level: number): Place {
    const [first] = values;
    const direct = first === undefined || values.length > 1 ? undefined : this.#places.get(first.node);
    // Behind the loop a state is gone, and what comes from outside may hold anything in masked rows, where a map writes zeros.
    if (direct !== undefined && phase !== 'after') return direct;
    const key = `${phase === 'before' ? 'before ' : ''}${values.map(({ node }) => this.#identity.get(node)).join(' ')}`;
    const known = this.#joined.get(key);
    if (known !== undefined) return this.#rejoin(known, phase, level);
    const place = this.#scratch(phase === 'loop' ? 'step' : 'series', values.reduce((sum, { width }) => sum + width, 0));
    let offset = 0;
    const writes = values.map(({ node, width }) => {
      offset += width;
      return this.#write(node, { ...place, offset: offset - width, width }, phase, level - 1);
    });
    this.#joined.set(key, { place, writes });
    return place;
  }

  // Consumers are placed from the end of time to its beginning: one in the loop may need sooner what another one needs for all time.
  #rejoin({ place, writes }: { readonly place: Place; readonly writes: readonly Write[] }, phase: Phase, level: number): Place {
    for (const write of writes) if (write.phase === phase) write.due = Math.min(write.due, level - 1);
    return place;
  }

  #write(value: Expr, target: Target, consumer: Phase, due: number): Write {
    const phase: Phase = consumer === 'before' ? 'before' : this.#schedule.phaseOf(value) === 'after' ? 'after' : 'loop';
    const write = { value, target, phase, due: phase === consumer ? due : Infinity };
    this.#writes.push(write);
    if (phase === 'after') this.#carryIntoAfter(value);
    return write;
  }

  // What a map after the loop reads of the loop has to be there for all time.
  #carryIntoAfter(value: Expr): void {
    if (this.#schedule.phaseOf(value) === 'after') {
      if (!this.#schedule.isCut(value)) children(value).forEach((child) => this.#carryIntoAfter(child));
      return;
    }
    const place = this.#places.get(value);
    if (value.kind === 'constant' || value.kind === 'random' || place?.kind === 'sequence' || place?.kind === 'vector') return;
    this.#carried.set(value, this.#place([{ node: value, width: this.#width(value, 1) }], 'after', Infinity));
  }

  #width(node: Expr, fallback: number): number {
    return this.#widths.get(node) ?? fallback;
  }

  // Products and means.

  #cuts(phase: Phase): void {
    const levels = this.#schedule.cutsOf(phase);
    for (const [level, nodes] of levels) {
      const draft: Draft = { products: [], means: [] };
      this.#drafts[phase].set(level, draft);
      for (const node of nodes) if (node.kind === 'mean') draft.means.push(this.#meanOf(node, phase, level));
      const dots = nodes.filter((node): node is Dot => node.kind === 'dot');
      for (const node of dots.filter(({ transposed }) => transposed)) draft.products.push(this.#transposed(node, phase, level));
      for (const group of this.#sideBySide(dots)) draft.products.push(this.#plain(group, phase, level));
    }
  }

  #meanOf(node: Mean, phase: Phase, level: number): MeanOf {
    const target = this.#scratch(phase === 'loop' ? 'step' : 'series', 1);
    this.#places.set(node, target);
    return { operand: this.#place([{ node: node.operand, width: this.#width(node.operand, 1) }], phase, level), target };
  }

  #transposed(node: Dot, phase: Phase, level: number): Product {
    const weight = this.#weightOf(node);
    const { rows, columns } = this.#step.weights[weight] as Step['weights'][number];
    const output = phase === 'loop' ? -1 : this.#step.outputs.findIndex(({ value }) => value === node);
    const target: Place = output >= 0 ? { kind: 'output', index: output, offset: 0, width: columns } : this.#scratch(phase === 'loop' ? 'step' : 'series', columns);
    this.#places.set(node, target);
    const operand = this.#place(node.terms.map((term) => ({ node: term.operand, width: rows })), phase, level);
    return { weight, transposed: true, blocks: node.terms.map(({ block }) => block), operand, target, local: this.#isLocal(phase, level) };
  }

  // Plain products of one weight with one operand are one matrix product.
  #sideBySide(dots: readonly Dot[]): Dot[][] {
    const groups = new Map<string, Dot[]>();
    for (const node of dots.filter(({ transposed }) => !transposed)) {
      const key = `${node.weight} ${this.#identity.get(node.terms[0]?.operand as Expr)}`;
      groups.set(key, [...(groups.get(key) ?? []), node]);
    }
    return [...groups.values()].map((group) => group.sort((a, b) => blockOf(a) - blockOf(b)));
  }

  #plain(group: readonly Dot[], phase: Phase, level: number): Product {
    const [first] = group as readonly [Dot];
    const weight = this.#weightOf(first);
    const { rows, columns } = this.#step.weights[weight] as Step['weights'][number];
    const target = this.#scratch(phase === 'loop' ? 'step' : 'series', rows * group.length);
    group.forEach((node, k) => this.#places.set(node, { ...target, offset: k * rows, width: rows }));
    const operand = this.#place([{ node: first.terms[0]?.operand as Expr, width: columns }], phase, level);
    return { weight, transposed: false, blocks: group.map(blockOf), operand, target, local: this.#isLocal(phase, level) };
  }

  #weightOf(node: Dot): number {
    return this.#step.weights.findIndex(({ name }) => name === node.weight);
  }

  // Only maps read a product's result in the loop, and behind the last product there is only one stage of them.
  #isLocal(phase: Phase, level: number): boolean {
    return phase === 'loop' && level === this.#schedule.depth('loop');
  }

  // Next states, outputs and sums.

  #results(): void {
    this.#step.next.forEach((value, index) => this.#write(value, { kind: 'next', index, offset: 0, width: this.#step.states[index]?.width ?? 1 }, 'loop', Infinity));
    this.#step.outputs.forEach(({ value, width }, index) => {
      const place = this.#places.get(value);
      if (place?.kind === 'output' && place.index === index) return;
      const consumer = this.#schedule.phaseOf(value) === 'after' ? 'after' : 'loop';
      this.#write(value, { kind: 'output', index, offset: 0, width }, consumer, Infinity);
    });
  }

  #sums(): Sum[] {
    return this.#step.accumulations.flatMap(({ parts, rows, columns }, accumulation) => {
      const byRight = new Map<Expr | undefined, typeof parts[number][]>();
      for (const part of parts) byRight.set(part.right, [...(byRight.get(part.right) ?? []), part]);
      return [...byRight].flatMap(([right, group]) => chains(group, (part) => this.#width(part.left, rows)).map((chain) => ({
        accumulation,
        offset: chain[0]?.offset ?? 0,
        left: this.#place(chain.map((part) => ({ node: part.left, width: this.#width(part.left, rows) })), 'after', Infinity),
        right: right === undefined ? undefined : this.#right(right, columns),
      })));
    });
  }

  // Masked rows of the left side are zero, and have to be on the right side too: zero times NaN is not zero.
  #right(node: Expr, width: number): Place {
    const direct = this.#places.get(node);
    return direct?.kind === 'sequence' && !this.#masked ? direct : this.#place([{ node, width }], 'after', Infinity);
  }

  // Maps.

  #stages(phase: Phase): Stage[] {
    const byStage = this.#settle(phase);
    const available = new Map(phase === 'after' ? this.#carried : []);
    return byStage.map((writes, level) => {
      for (const later of byStage.slice(level + 1)) this.#shareWith(later, writes, phase, available);
      const maps = this.#mapsOf(writes, available);
      for (const { value, target } of writes) if (isPlace(target) && !available.has(value)) available.set(value, target);
      return { ...(this.#drafts[phase].get(level) ?? { products: [], means: [] }), maps };
    }).filter(({ products, means, maps }) => products.length + means.length + maps.length > 0);
  }

  // Writes without a deadline join the first map that comes once their products are done.
  #settle(phase: Phase): Write[][] {
    const depth = this.#schedule.depth(phase);
    const writes = this.#writes.filter((write) => write.phase === phase);
    const first = Math.min(depth > 0 ? 1 : 0, ...writes.map(({ due }) => due));
    const settled: Write[][] = Array.from({ length: depth + 1 }, () => []);
    for (const write of writes) settled[write.due === Infinity ? Math.max(first, this.#schedule.levelOf(write.value, phase)) : write.due]?.push(write);
    return settled;
  }

  /** An expensive value that this stage and a later one both need is written once, here. */
  #shareWith(later: readonly Write[], writes: Write[], phase: Phase, available: ReadonlyMap<Expr, Place>): void {
    const here = this.#computed(writes, available);
    const written = new Set(writes.filter(({ target }) => isPlace(target)).map(({ value }) => value));
    for (const node of this.#computed(later, available)) {
      if (!here.has(node) || written.has(node) || node.kind !== 'apply' || ops[node.op].cheap) continue;
      writes.push({ value: node, target: this.#scratch(phase === 'loop' ? 'step' : 'series', this.#width(node, 1)), phase, due: 0 });
      written.add(node);
    }
  }

  /** The nodes that a stage's maps have to compute. */
  #computed(writes: readonly Write[], available: ReadonlyMap<Expr, Place>): Set<Expr> {
    const found = new Set<Expr>();
    const visit = (node: Expr): void => {
      if (found.has(node) || this.#places.has(node) || available.has(node)) return;
      found.add(node);
      children(node).forEach(visit);
    };
    writes.forEach(({ value }) => visit(value));
    return found;
  }

  #mapsOf(writes: readonly Write[], available: ReadonlyMap<Expr, Place>): PointwiseMap[] {
    const byWidth = new Map<number, Write[]>();
    for (const write of writes) byWidth.set(write.target.width, [...(byWidth.get(write.target.width) ?? []), write]);
    return [...byWidth].map(([width, list]) => {
      const leaves = new Map<string, Place>();
      const draws = new Map<string, Random>();
      const read = substitute((node) => {
        if (node.kind === 'random') return drawnInput(node, draws);
        const place = available.get(node) ?? this.#places.get(node);
        if (place === undefined) return undefined;
        const name = `${place.kind}${place.index}${place.offset === 0 ? '' : `_${place.offset}`}`;
        leaves.set(name, place);
        return input(name);
      });
      return { width, leaves, draws, writes: list.map(({ value, target }) => ({ value: read(value), target })) };
    });
  }
}

function drawnInput(node: Random, draws: Map<string, Random>): Expr {
  const name = `random${node.stream}_${node.span}`;
  draws.set(name, node);
  return input(name);
}

function isPlace(target: Target): target is Place {
  return target.kind !== 'next';
}

function blockOf(node: Dot): number {
  return node.terms[0]?.block ?? 0;
}

/** Cuts parts into runs in which each begins where the one before it ends. */
function chains<P extends { readonly offset: number }>(parts: readonly P[], rows: (part: P) => number): P[][] {
  const runs: { end: number; parts: P[] }[] = [];
  for (const part of [...parts].sort((a, b) => a.offset - b.offset)) {
    const run = runs.find(({ end }) => end === part.offset);
    if (run === undefined) runs.push({ end: part.offset + rows(part), parts: [part] });
    else {
      run.end += rows(part);
      run.parts.push(part);
    }
  }
  return runs.map((run) => run.parts);
}
