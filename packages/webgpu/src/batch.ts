import { Cache, kernelKey, sizeOf, type CopyKernel, type Kernel, type MapKernel, type ReduceKernel } from '@unroll/tensor/backend';
import { text } from '@unroll/expr';
import type { Entry, RunEntry } from './log.ts';
import type { Target } from './program.ts';
import type { Value } from './value.ts';

/** What kernels that can run as one have in common. */
export type Likeness =
  /** Elementwise over as many elements as each of the inputs has, but for those of one element, which all of the kernels share. */
  | { readonly kind: 'map'; readonly key: string; readonly isWhole: readonly boolean[] }
  /** Sums of all elements. */
  | { readonly kind: 'sum'; readonly key: string }
  /** Copies that leave no gaps. */
  | { readonly kind: 'copy'; readonly key: string };

/** Kernels that run as one, in the order in which they were asked for, or a single one of any kind. */
export interface Batch { readonly kind: 'batch'; readonly likeness: Likeness | undefined; readonly runs: readonly RunEntry[] }
export type Unit = Batch | Exclude<Entry, RunEntry>;

/** Larger tensors are not worth it: what a dispatch costs is little beside them, and to bring them together costs more. */
const mostElements = 2 ** 20;
/** Bytes of all tensors of a batch that lie in one block, at most. */
const mostBytes = 2 ** 26;

/**
 * Puts kernels together that do the same to different tensors, and none of which needs what another one gives: a kernel goes to the
 * first of its kind if all that it reads is there by then. Nothing else changes its place.
 */
export function batched(log: readonly Entry[], { limits }: Target): Unit[] {
  const units: (Exclude<Unit, Batch> | (Batch & { readonly runs: RunEntry[] }))[] = [];
  const open = new Map<string, { readonly at: number; readonly runs: RunEntry[]; elements: number }>();
  const made = new Map<Value, number>();
  const most = Math.min(mostBytes, limits.maxStorageBufferBindingSize) / 4;
  const numberOf = numbering();
  for (const entry of log) {
    if (entry.kind !== 'run') {
      if (entry.kind === 'write') made.set(entry.value, units.length);
      units.push(entry);
      continue;
    }
    const [likeness, elements] = [likenessOf(entry.kernel), largest(entry)];
    const key = likeness === undefined || elements > mostElements ? undefined : [likeness.key, ...sharedOf(likeness, entry).map(numberOf)].join(' ');
    const known = key === undefined ? undefined : open.get(key);
    const needed = entry.inputs.reduce((last, value) => Math.max(last, made.get(value) ?? -1), -1);
    const fits = known !== undefined && needed < known.at && known.elements + elements <= most;
    const batch = fits ? known : { at: units.length, runs: [], elements: 0 };
    if (!fits) units.push({ kind: 'batch', likeness, runs: batch.runs });
    if (!fits && key !== undefined) open.set(key, batch);
    batch.runs.push(entry);
    batch.elements += elements;
    for (const value of entry.outputs) made.set(value, batch.at);
  }
  return units;
}

// Private.

// Those inputs that all kernels of a batch share.
function sharedOf(likeness: Likeness, { inputs }: RunEntry): Value[] {
  return likeness.kind === 'map' ? inputs.filter((_, k) => likeness.isWhole[k] === false) : [];
}

/** Numbers values in the order in which it first sees them. */
function numbering(): (value: Value) => number {
  const numbers = new Map<Value, number>();
  return (value) => {
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  };
}

// So much that a value of 64 elements is the least that can be bound.
function largest({ inputs, outputs }: RunEntry): number {
  return Math.max(...[...inputs, ...outputs].map(({ bytes }) => Math.ceil(bytes / 256) * 64));
}

type Likenesses = { readonly [K in Kernel['kind']]?: (kernel: Extract<Kernel, { kind: K }>) => Likeness | undefined };

const likenesses: Likenesses = { map: ofMap, reduce: ofReduce, copy: ofCopy };
const known = new Cache<{ readonly likeness: Likeness | undefined }>(4096);

function likenessOf(kernel: Kernel): Likeness | undefined {
  const find = likenesses[kernel.kind] as ((kernel: Kernel) => Likeness | undefined) | undefined;
  return find === undefined ? undefined : known.get(kernelKey(kernel), () => ({ likeness: find(kernel) })).likeness;
}

function ofMap({ bodies, shape, inputs, compute, dtype }: MapKernel): Likeness | undefined {
  const count = sizeOf(shape);
  const isWhole = inputs.map((input) => sizeOf(input.shape) === count);
  if (count === 0 || !inputs.every((input, k) => isWhole[k] === true || sizeOf(input.shape) === 1)) return undefined;
  if (!isWhole.includes(true)) return undefined;
  return { kind: 'map', isWhole, key: `map ${compute} ${dtype} ${bodies.map(text).join('; ')} of ${inputs.map((input, k) => `${input.dtype} ${isWhole[k]}`).join(', ')}` };
}

function ofReduce({ op, dtype, outer, length, inner }: ReduceKernel): Likeness | undefined {
  return op === 'sum' && outer === 1 && inner === 1 && length > 0 ? { kind: 'sum', key: `sum ${dtype}` } : undefined;
}

function ofCopy({ shape, parts }: CopyKernel): Likeness | undefined {
  const covered = parts.reduce((sum, part) => sum + sizeOf(part.shape), 0);
  return covered > 0 && covered === sizeOf(shape) ? { kind: 'copy', key: 'copy' } : undefined;
}
