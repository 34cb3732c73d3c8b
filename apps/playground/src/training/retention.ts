import type { Cell } from '@unroll/cells';
import { constant, evaluator, freeNames, input, rewrite, type Expr } from '@unroll/expr';

/** A gate that decides how much of a state stays: with sign 1 an open one keeps it, with −1 a closed one. */
export interface Retention {
  readonly gate: string;
  readonly sign: 1 | -1;
}

/**
 * The gates that keep a cell's states, found in its equations: those whose input changes the derivative of a state's next value by that
 * state. For the LSTM it is f, for the GRU z; a cell without such a gate has none.
 */
export function retentionOf(cell: Cell): Retention[] {
  const gates = [...new Set([...cell.inputGates, ...cell.recurrentGates])];
  return gates.flatMap((gate): Retention[] => {
    const effects = cell.state.map((state) => slope(cell, state, gate, open) - slope(cell, state, gate, -open));
    if (effects.some((effect) => effect > noticeable)) return [{ gate, sign: 1 }];
    return effects.some((effect) => effect < -noticeable) ? [{ gate, sign: -1 }] : [];
  });
}

// What a sigmoid takes for open, and a change of the derivative that is one.
const open = 3;
const noticeable = 0.5;

/** How much of a state's value is in its next one, where one gate's products are `level` and everything else is 0. */
function slope(cell: Cell, state: string, gate: string, level: number): number {
  const next = cell.values.find(({ name }) => name === state);
  if (next === undefined) return 0;
  const flat = withoutProducts(cell, next.value);
  const names = [...new Set([state, gateInput(gate), ...freeNames([flat])])];
  const run = evaluator([flat], names);
  const at = (value: number): number => {
    run.inputs.fill(0);
    run.inputs[0] = value;
    run.inputs[1] = level;
    return run.run()[0] as number;
  };
  const difference = at(0.1) - at(0);
  return Number.isFinite(difference) ? difference / 0.1 : 0;
}

/** Products become inputs of the gate that they belong to, means over channels the value itself. */
function withoutProducts({ inputGates, recurrentGates }: Cell, value: Expr): Expr {
  return rewrite((node) => {
    if (node.kind === 'dot') {
      const gate = (node.weight === 'ih' ? inputGates : recurrentGates)[node.terms[0]?.block ?? 0];
      return gate === undefined ? constant(0) : input(gateInput(gate));
    }
    if (node.kind === 'mean') return constant(0);
    return node.kind === 'random' ? constant(1) : node;
  })(value);
}

function gateInput(gate: string): string {
  return `gate ${gate}`;
}
