import { readFileSync, writeFileSync } from 'node:fs';
import { gates, vocabulary, type Case } from './cases.ts';

/** Numbers with a shape, last axis fastest. */
export interface Values { readonly shape: readonly number[]; readonly values: Float32Array }

/** What every system of a case starts from: parameters by PyTorch's names and in its order, then `inputs` (T, N, I) and `targets` (T, N, H). */
export type Data = ReadonlyMap<string, Values>;

interface Range { readonly low: number; readonly high: number }
interface Slot { readonly name: string; readonly shape: readonly number[]; readonly range: Range }

/** Writes the data of a case to a file: float32 in the machine's byte order, one tensor behind the other. The same numbers each time. */
export function writeData(size: Case, path: string): void {
  const random = mulberry32(1);
  const numbers = slotsOf(size).flatMap(({ shape, range: { low, high } }) => Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random()));
  writeFileSync(path, Buffer.concat(numbers.map(({ buffer }) => Buffer.from(buffer))));
}

/** Reads what `writeData` wrote. */
export function readData(size: Case, path: string): Data {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const all = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  let from = 0;
  return new Map(slotsOf(size).map(({ name, shape }) => {
    const start = from;
    from += sizeOf(shape);
    return [name, { shape, values: all.slice(start, from) }];
  }));
}

/** One tensor of a case. */
export function valuesOf(data: Data, name: string): Values {
  const found = data.get(name);
  if (found === undefined) throw new Error(`bench: the data have no "${name}".`);
  return found;
}

/** What a stream reads, (N, I) a step, and the last step of what it is to give. */
export function streamOf({ time, batch, input, hidden }: Case, data: Data): { readonly steps: readonly Float32Array[]; readonly expected: Float32Array } {
  const { values } = valuesOf(data, 'inputs');
  return {
    steps: Array.from({ length: time }, (_, t) => values.slice(t * batch * input, (t + 1) * batch * input)),
    expected: valuesOf(data, 'targets').values.slice(-batch * hidden),
  };
}

/** Names, shapes and ranges. Targets lie where an untrained network's outputs do not, so that a few steps change the loss visibly. */
function slotsOf(size: Case): Slot[] {
  const { time, batch, input, hidden, mode } = size;
  const steps = [time, batch];
  const ids: Range = { low: 0, high: vocabulary };
  if (size.cell === 'product') return [{ name: 'weight', shape: [hidden, input], range: rangeOf(hidden) }, { name: 'inputs', shape: [...steps, input], range: { low: -1, high: 1 } }, { name: 'targets', shape: [...steps, hidden], range: { low: 0, high: 1 } }];
  if (mode === 'text') return [...around(size), { name: 'inputs', shape: steps, range: ids }, { name: 'targets', shape: steps, range: ids }];
  return [...stackOf(size), { name: 'inputs', shape: [...steps, input], range: { low: -1, high: 1 } }, { name: 'targets', shape: [...steps, hidden], range: { low: 0, high: 1 } }];
}

/** A language model's parameters, in the order in which PyTorch's module has them. */
function around(size: Case): Slot[] {
  const { input, hidden } = size;
  const range = rangeOf(hidden);
  const head = [{ name: 'head.weight', shape: [vocabulary, hidden], range }, { name: 'head.bias', shape: [vocabulary], range }];
  return [{ name: 'embedding.weight', shape: [vocabulary, input], range: { low: -1, high: 1 } }, ...stackOf(size), ...head];
}

function stackOf({ cell, layers, input, hidden }: Case): Slot[] {
  const rows = gates[cell] * hidden;
  const range = rangeOf(hidden);
  return Array.from({ length: layers }, (_, layer) => [
    { name: `weight_ih_l${layer}`, shape: [rows, layer === 0 ? input : hidden], range },
    { name: `weight_hh_l${layer}`, shape: [rows, hidden], range },
    { name: `bias_ih_l${layer}`, shape: [rows], range },
    { name: `bias_hh_l${layer}`, shape: [rows], range },
  ]).flat();
}

function rangeOf(hidden: number): Range {
  return { low: -1 / Math.sqrt(hidden), high: 1 / Math.sqrt(hidden) };
}

/** The ids of a language model's text, from numbers of [0, vocabulary). */
export function idsOf(data: Data, name: string): Int32Array {
  return Int32Array.from(valuesOf(data, name).values, Math.floor);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Uniform numbers from 0 to below 1 (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
