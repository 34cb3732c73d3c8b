import { adjointName, biasName, differentiate, drawsRandom, roots, topological, type Backward, type Step } from '@unroll/expr';
import type { Tensor } from '@unroll/tensor';
import { run, type ScanKernel } from '@unroll/tensor/backend';
import { check } from '../errors.ts';
import { zerosOn } from '../place.ts';
import { narrow } from './narrow.ts';
import { pullPieces, savesOfPieces } from './pieces.ts';
import type { Pull, Rule, Saves } from './rule.ts';

/**
 * A recurrence. Its backward is a recurrence, too: the derivative of the step, run over the same time in the other direction, with
 * the adjoints of the states as its states. One kernel forward, one backward, whatever T is.
 */
export const scan: Rule<ScanKernel> = { saves, pull };

/** A step that writes out what its backward step reads. */
interface Extension {
  readonly step: Step;
  /** As it was. */
  readonly original: Step;
  /** For cotangents of all outputs and gradients by everything. */
  readonly backward: Backward;
  /** The same for less, by what is given and wanted. */
  readonly narrowed: Map<string, Backward>;
}

const extensions = new WeakMap<Step, Extension | 'none'>();

/** The kernel over the extended step. Which cotangents will come is not known yet: it keeps what is enough for all of them. */
export function extendScan(kernel: ScanKernel): ScanKernel {
  const extension = extensionOf(kernel.step);
  return extension === undefined || extension.step === kernel.step ? kernel : { ...kernel, step: extension.step };
}

function extensionOf(step: Step): Extension | undefined {
  const known = extensions.get(step) ?? extended(step);
  extensions.set(step, known);
  if (known === 'none') return undefined;
  extensions.set(known.step, known);
  return known;
}

function extended(original: Step): Extension | 'none' {
  // A backward step itself: its rule throws, if anybody asks.
  if (original.accumulations.length > 0 || topological(roots(original)).some((node) => node.kind === 'dot' && node.transposed)) return 'none';
  const backward = differentiate(original, namesOf(original.outputs), namesOf(original.sequences, original.vectors, original.weights));
  return { step: { ...original, outputs: [...original.outputs, ...backward.kept] }, original, backward, narrowed: new Map() };
}

function namesOf(...lists: readonly (readonly { readonly name: string }[])[]): Set<string> {
  return new Set(lists.flat().map(({ name }) => name));
}

/** Where the inputs and outputs of the kernel are: the order of `Step`. */
function placesOf({ step, masked }: ScanKernel, kept: number): {
  readonly inputs: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
  readonly firstKept: number;
  readonly seed: number | undefined;
  readonly mask: number | undefined;
} {
  const fields = [step.states, step.sequences, step.vectors].flat().map(({ name }) => name);
  const names = [...fields, ...step.weights.flatMap(({ name, bias }) => (bias ? [name, biasName(name)] : [name]))];
  const firstKept = step.states.length + step.outputs.length - kept;
  const drawn = drawsRandom(step);
  return {
    inputs: new Map(names.map((name, k) => [name, k])),
    outputs: new Map(step.outputs.slice(0, step.outputs.length - kept).map(({ name }, k) => [name, step.states.length + k])),
    firstKept,
    seed: drawn ? names.length : undefined,
    mask: masked ? names.length + (drawn ? 1 : 0) : undefined,
  };
}

function saves(kernel: ScanKernel): Saves {
  const extension = extensionOf(kernel.step);
  if (extension === undefined) return { inputs: [], outputs: [] };
  if (kernel.checkpointEvery !== undefined) return savesOfPieces(kernel);
  const { backward } = extension;
  const { inputs, outputs, firstKept, seed, mask } = placesOf(kernel, backward.kept.length);
  const read = [...backward.sources.filter(({ kind }) => kind === 'sequence'), ...backward.step.vectors, ...backward.step.weights];
  return {
    inputs: [...read.flatMap(({ name }) => inputs.get(name) ?? []), ...[seed, mask].filter((place) => place !== undefined)],
    outputs: [...backward.sources.flatMap(({ kind, name }) => (kind === 'output' ? (outputs.get(name) ?? []) : [])), ...backward.kept.map((_, k) => firstKept + k)],
  };
}

function pull(kernel: ScanKernel, values: Pull): readonly (Tensor | undefined)[] {
  const extension = extensionOf(kernel.step);
  check(extension !== undefined, 'second-derivative',
    () => 'grad: the gradient of a recurrence has no gradient of its own; second derivatives through scan() are not supported, write the steps as operations where they are needed.');
  const { checkpointEvery: every, ...plain } = kernel;
  if (every !== undefined) return pullPieces({ ...plain, step: extension.step }, { every, own: kernel.step.outputs.length }, values, pull);
  const { step, sources } = narrowed(extension, kernel, values);
  const { inputs, outputs, firstKept, seed, mask } = placesOf(kernel, extension.backward.kept.length);
  const input = (name: string): Tensor => values.input(inputs.get(name) as number);
  const read: Readonly<Record<typeof sources[number]['kind'], (name: string) => Tensor>> = {
    kept: (name) => values.output(firstKept + extension.backward.kept.findIndex((field) => field.name === name)),
    output: (name) => values.output(outputs.get(name) as number),
    sequence: input,
    cotangent: (name) => values.cotangents[outputs.get(name) as number] as Tensor,
  };
  const results = run({ kind: 'scan', step, dtype: kernel.dtype, steps: kernel.steps, batch: kernel.batch, reverse: !kernel.reverse, masked: kernel.masked }, [
    ...stateCotangents(kernel, values),
    ...sources.map(({ kind, name }) => read[kind](name)),
    ...[...step.vectors, ...step.weights].map(({ name }) => input(name)),
    // The same seed draws the same numbers again: nothing random is kept.
    ...(seed === undefined || !drawsRandom(step) ? [] : [values.input(seed)]),
    ...(mask === undefined ? [] : [values.input(mask)]),
  ]);
  const named = new Map([...step.states, ...step.outputs, ...step.accumulations].map(({ name }, k) => [name, results[k]]));
  return [...inputs.keys()].map((name) => named.get(adjointName(name)));
}

function narrowed({ original, backward, narrowed: known }: Extension, kernel: ScanKernel, { cotangents, wanted }: Pull): Backward {
  const { inputs, outputs } = placesOf(kernel, backward.kept.length);
  const given = original.outputs.filter(({ name }) => cotangents[outputs.get(name) as number] !== undefined).map(({ name }) => name);
  const isWanted = (name: string): boolean => wanted[inputs.get(name) ?? -1] === true;
  const asked = [...original.sequences, ...original.vectors, ...original.weights].map(({ name }) => name).filter((name) => isWanted(name) || isWanted(biasName(name)));
  const key = JSON.stringify([given, asked]);
  const result = known.get(key) ?? narrow(backward, new Set(given), new Set(asked));
  known.set(key, result);
  return result;
}

// A final state that nothing depends on has an adjoint of zero.
function stateCotangents({ step, batch, dtype }: ScanKernel, { cotangents }: Pull): Tensor[] {
  const backend = cotangents.find((cotangent) => cotangent !== undefined)?.backend;
  return step.states.flatMap(({ width }, k) => cotangents[k] ?? (backend === undefined ? [] : zerosOn(backend, [batch, width], dtype)));
}
