import { ops, type OpMeaning, type ScalarOp } from './ops.ts';
import type { Expr } from './node.ts';
import { topological } from './walk.ts';

type Scalar = (values: Float64Array) => void;

/** A graph without products, made ready to run: `run` reads slot k for input k and writes the results behind the slots of all nodes. */
export interface Evaluator {
  /** Values of the inputs, in the order of the names given. */
  readonly inputs: Float64Array;
  /** Computes every output from `inputs`; read the result before the next call. */
  run(): Float64Array;
}

/** What operations mean: on numbers, unless told otherwise (32-bit integers, say). */
type Meaning = (op: ScalarOp) => OpMeaning['apply'];

/** Compiles expressions over the named inputs to a list of steps on one array, so that each node is computed once a call. */
export function evaluator(outputs: readonly Expr[], names: readonly string[], meaning: Meaning = (op) => ops[op].apply): Evaluator {
  const order = topological(outputs);
  const slots = new Map<Expr, number>();
  const values = new Float64Array(names.length + order.length);
  const steps: Scalar[] = [];
  order.forEach((node, k) => {
    const slot = node.kind === 'input' ? names.indexOf(node.name) : names.length + k;
    if (slot < 0) throw new RangeError(`evaluate: nothing is named "${text(node)}"; known are ${names.join(', ') || 'no names'}.`);
    slots.set(node, slot);
    if (node.kind === 'constant') values[slot] = node.value;
    else if (node.kind !== 'input') steps.push(instruction(node, slot, slots, meaning));
  });
  const results = new Float64Array(outputs.length);
  const places = outputs.map((output) => slots.get(output) ?? 0);
  return {
    inputs: values.subarray(0, names.length),
    run() {
      for (const step of steps) step(values);
      places.forEach((place, k) => { results[k] = values[place] as number; });
      return results;
    },
  };
}

function text(node: Expr): string {
  return node.kind === 'input' ? node.name : node.kind;
}

function instruction(node: Expr, slot: number, slots: ReadonlyMap<Expr, number>, meaning: Meaning): Scalar {
  if (node.kind !== 'apply') throw new RangeError(`evaluate: a ${node.kind} is not elementwise; cut the graph into stages first.`);
  const apply = meaning(node.op);
  const [a = 0, b = a, c = a] = node.args.map((arg) => slots.get(arg) ?? 0);
  return (values) => { values[slot] = apply(values[a] as number, values[b] as number, values[c] as number); };
}
