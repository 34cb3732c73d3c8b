import { add, concat, narrow, scope, type Tensor } from '@unroll/tensor';
import { inputsOf, run, type ScanKernel } from '@unroll/tensor/backend';
import type { Pull, Saves } from './rule.ts';

/** How a recurrence ran: in pieces of `every` steps, with `own` outputs; what its backward step reads is behind them. */
interface Pieces { readonly every: number; readonly own: number }

/** The rule of a recurrence that ran whole. */
type PullWhole = (kernel: ScanKernel, values: Pull) => readonly (Tensor | undefined)[];

/** What is added up on the way back through time, by input; `states` are for the piece before. */
interface Gathered { readonly states: readonly Tensor[]; readonly sums: readonly (Tensor | undefined)[]; readonly sequences: readonly (Tensor | undefined)[] }

/** The inputs themselves, which are the caller's, and the states before each piece but the first. */
export function savesOfPieces(kernel: ScanKernel): Saves {
  const { step, steps, checkpointEvery = steps } = kernel;
  const firstBefore = step.states.length + step.outputs.length;
  const before = (Math.ceil(steps / checkpointEvery) - 1) * step.states.length;
  return { inputs: inputsOf(kernel).map((_, k) => k), outputs: Array.from({ length: before }, (_, k) => firstBefore + k) };
}

/**
 * The rule of `kernel`, whose step here writes out what its backward step reads. From the last piece to the first: forward once more with all that is to be kept, and back. So nothing that is kept grows with time but
 * what is passed on: gradients by the sequences.
 */
export function pullPieces(kernel: ScanKernel, { every, own }: Pieces, values: Pull, pull: PullWhole): readonly (Tensor | undefined)[] {
  const { step, steps, reverse } = kernel;
  const [stateCount, sequenceCount] = [step.states.length, step.sequences.length];
  const starts = Array.from({ length: Math.ceil(steps / every) }, (_, k) => k * every);
  const gradients = new Map<number, readonly (Tensor | undefined)[]>();
  let states: readonly (Tensor | undefined)[] = values.cotangents.slice(0, stateCount);
  let sums: readonly (Tensor | undefined)[] = [];
  for (const start of reverse ? starts : starts.toReversed()) {
    const before = (reverse ? starts.length - 1 : 0) + (reverse ? -1 : 1) * (start / every);
    const gathered = scope(() => pullPiece({ ...kernel, steps: Math.min(every, steps - start) }, { start, before, own, states, sums, values }, pull));
    // What came from the piece behind is used up; the first ones are the caller's.
    for (const used of sums) used?.dispose();
    if (gradients.size > 0) for (const used of states) used?.dispose();
    ({ states, sums } = gathered);
    gradients.set(start, gathered.sequences);
  }
  const sequences = Array.from({ length: sequenceCount }, (_, k) => joined(starts.map((start) => gradients.get(start)?.[k])));
  return [...states, ...sequences, ...sums];
}

// Private.

interface Place {
  readonly start: number;
  /** How many pieces were computed before this one. */
  readonly before: number;
  readonly own: number;
  /** Gradients by the states behind it, and by vectors and weights as far as they are added up. */
  readonly states: readonly (Tensor | undefined)[];
  readonly sums: readonly (Tensor | undefined)[];
  readonly values: Pull;
}

function pullPiece(kernel: ScanKernel, { start, before, own, states, sums, values }: Place, pull: PullWhole): Gathered {
  const { step, steps } = kernel;
  const [stateCount, sequenceEnd] = [step.states.length, step.states.length + step.sequences.length];
  const cut = (tensor: Tensor): Tensor => narrow(tensor, 0, start, steps);
  const count = inputsOf(kernel).length;
  const firstBefore = stateCount + own;
  const inputs = Array.from({ length: count }, (_, k) => {
    if (k < stateCount) return before === 0 ? values.input(k) : values.output(firstBefore + (before - 1) * stateCount + k);
    const overTime = k < sequenceEnd || (kernel.masked && k === count - 1);
    return overTime ? cut(values.input(k)) : values.input(k);
  });
  const outputs = run(kernel, inputs);
  const cotangents = [...states, ...values.cotangents.slice(stateCount, firstBefore).map((cotangent) => cotangent && cut(cotangent))];
  const gradients = pull(kernel, { input: (place) => inputs[place] as Tensor, output: (place) => outputs[place] as Tensor, cotangents, wanted: values.wanted });
  const rest = gradients.slice(sequenceEnd);
  return {
    states: gradients.slice(0, stateCount) as Tensor[],
    sequences: gradients.slice(stateCount, sequenceEnd),
    sums: rest.map((gradient, k) => { const sum = sums[k]; return gradient && sum ? add(sum, gradient) : gradient; }),
  };
}

/** All of time out of its pieces, which are freed; undefined where there is no gradient. */
function joined(pieces: readonly (Tensor | undefined)[]): Tensor | undefined {
  const tensors = pieces.filter((piece) => piece !== undefined);
  if (tensors.length === 0) return undefined;
  const whole = concat(tensors, 0);
  for (const piece of tensors) piece.dispose();
  return whole;
}
