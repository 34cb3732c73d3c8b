import { children, type Expr } from './node.ts';
import { mapStep, roots, type Step } from './step.ts';
import { dependents, sharing, topological } from './walk.ts';

/** When a part of a step runs: over all time before the loop, in the loop, over all time after it. */
export type Phase = 'before' | 'loop' | 'after';

/** What of a step can leave the loop, and in which order its products (and means) have to come. */
export class Schedule {
  /** The step with equal expressions made one. */
  readonly step: Step;
  /** Every node, operands first. */
  readonly nodes: readonly Expr[];
  readonly #recurrent: ReadonlySet<Expr>;
  readonly #feeding: ReadonlySet<Expr>;
  readonly #phases = new Map<Expr, Phase>();
  readonly #levels = new Map<Expr, Readonly<Record<Phase, number>>>();

  constructor(step: Step) {
    this.step = mapStep(step, sharing());
    const all = roots(this.step);
    const states = new Set(step.states.map(({ name }) => name));
    this.nodes = topological(all);
    this.#recurrent = dependents(all, (node) => node.kind === 'input' && states.has(node.name));
    this.#feeding = new Set(topological(this.step.next));
    for (const node of this.nodes) this.#visit(node);
  }

  /** Products and means are where a step is cut; everything else is elementwise. */
  isCut(node: Expr): boolean {
    return node.kind === 'dot' || node.kind === 'mean';
  }

  phaseOf(node: Expr): Phase {
    return this.#phases.get(node) ?? 'loop';
  }

  /** How many cuts of the phase lie one behind the other up to this node. */
  levelOf(node: Expr, phase: Phase): number {
    return this.#levels.get(node)?.[phase] ?? 0;
  }

  /** The largest level of a phase. */
  depth(phase: Phase): number {
    return Math.max(0, ...[...this.cutsOf(phase).keys()]);
  }

  /** The cuts of a phase by level, in ascending order. */
  cutsOf(phase: Phase): Map<number, Expr[]> {
    const levels = new Map<number, Expr[]>();
    for (const node of this.nodes) {
      if (!this.isCut(node) || this.phaseOf(node) !== phase) continue;
      const level = this.levelOf(node, phase);
      levels.set(level, [...(levels.get(level) ?? []), node]);
    }
    return new Map([...levels].sort(([a], [b]) => a - b));
  }

  #visit(node: Expr): void {
    const below = children(node);
    const phase = this.#phase(node, below);
    const level = (of: Phase): number => Math.max(0, ...below.map((child) => this.levelOf(child, of))) + (this.isCut(node) && phase === of ? 1 : 0);
    this.#phases.set(node, phase);
    this.#levels.set(node, { before: level('before'), loop: level('loop'), after: level('after') });
  }

  #phase(node: Expr, below: readonly Expr[]): Phase {
    if (below.some((child) => this.phaseOf(child) === 'after')) return 'after';
    if (!this.isCut(node)) return 'loop';
    if (!this.#recurrent.has(node)) return 'before';
    return this.#feeding.has(node) ? 'loop' : 'after';
  }
}
