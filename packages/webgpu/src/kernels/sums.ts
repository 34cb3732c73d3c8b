import type { DType } from '@unroll/tensor/backend';
import type { Dispatch, Program, Shader, Slot } from '../program.ts';
import { ShaderBuilder } from '../wgsl.ts';
import { elementType } from './map.ts';

/** Elements of a buffer that are added up: so many, from there on. */
export interface Segment { readonly start: number; readonly count: number }

/**
 * Sums of all elements of several tensors that lie in one buffer: input 0 → output 0, the sums `apart` elements from each other. How a
 * sum adds up depends on its own length alone, so that it is the same to the bit whoever is summed beside it.
 */
export function sumsProgram(segments: readonly Segment[], dtype: DType, apart: number): Program {
  const slices = segments.reduce((sum, { count }) => sum + slicesOf(count), 0);
  const [from, to]: readonly [Slot, Slot] = [{ kind: 'input', index: 0 }, { kind: 'output', index: 0 }];
  if (slices === segments.length) return { scratch: [], commands: inGroups(segments).map(([first, own]) => dispatchOf(own, dtype, from, to, apart, first)) };
  const scratch: Slot = { kind: 'scratch', index: 0 };
  let next = 0;
  const partial = segments.map(({ count }): Segment => {
    const start = next;
    next += slicesOf(count);
    return { start, count: slicesOf(count) };
  });
  return {
    scratch: [slices * 4],
    commands: [
      ...inGroups(segments).map(([first, own]) => dispatchOf(own, dtype, from, scratch, 1, partial[first]?.start ?? 0)),
      ...inGroups(partial).map(([first, own]) => dispatchOf(own, dtype, scratch, to, apart, first, Infinity)),
    ],
  };
}

// Private.

/** Invocations of a workgroup. */
const workgroup = 64;
/** Elements that a workgroup adds up. */
const slice = 4096;
/** As many as a uniform block has words for. */
const together = 20;

function slicesOf(count: number): number {
  return Math.max(1, Math.ceil(count / slice));
}

/** So many at a time, with the number of the first. */
function inGroups(segments: readonly Segment[]): (readonly [first: number, segments: readonly Segment[]])[] {
  return Array.from({ length: Math.ceil(segments.length / together) }, (_, k) => [k * together, segments.slice(k * together, (k + 1) * together)]);
}

/** A workgroup for each slice of each segment; its sum goes to the place of its number, counted from `first`. */
function dispatchOf(segments: readonly Segment[], dtype: DType, from: Slot, to: Slot, apart: number, first: number, length: number = slice): Dispatch {
  const groups = segments.map(({ count }) => Math.max(1, Math.ceil(count / length)));
  const total = groups.reduce((sum, count) => sum + count, 0);
  let before = 0;
  const words = segments.flatMap(({ start, count }, k) => {
    const own = [before, start, count];
    before += groups[k] ?? 0;
    return own;
  });
  return {
    kind: 'dispatch', shader: shaderOf(segments.length, dtype), slots: [from, to], workgroups: [Math.min(total, widest), Math.ceil(total / widest), 1],
    uniforms: [total, apart, first, Math.min(length, 0xffff_ffff), ...words],
  };
}

/** Workgroups along one dimension. */
const widest = 32768;
const shaders = new Map<string, Shader>();

function shaderOf(segments: number, dtype: DType): Shader {
  const key = `${segments} ${dtype}`;
  const known = shaders.get(key) ?? codeOf(segments, dtype);
  shaders.set(key, known);
  return known;
}

function codeOf(segments: number, dtype: DType): Shader {
  const shader = new ShaderBuilder('sums');
  const type = elementType[dtype];
  const [x, y] = [shader.storage('x', type, 'read'), shader.storage('y', type, 'write')];
  const [total, apart, first, length] = [shader.uniform('total'), shader.uniform('apart'), shader.uniform('first'), shader.uniform('length')];
  const words = Array.from({ length: segments }, () => [shader.uniform('before'), shader.uniform('start'), shader.uniform('count')] as const);
  const values = shader.workgroup('values', type, workgroup);
  const index = shader.let('index', 'group.y * groups.x + group.x');
  words.slice(0, 1).forEach(([before, start, count]) => shader.line(`var before = ${before};`).line(`var start = ${start};`).line(`var count = ${count};`));
  for (const [before, start, count] of words.slice(1)) shader.line(`if (${index} >= ${before}) { before = ${before}; start = ${start}; count = ${count}; }`);
  const from = shader.let('from', `(${index} - before) * ${length}`);
  // The last slice may be the whole of it, and length the largest number.
  const end = shader.let('end', `${from} + min(${length}, count - min(${from}, count))`);
  shader.line(`var sum = ${type}();`);
  shader.loop('at', `${from} + local.x`, end, `${workgroup}u`, (at) => shader.line(`sum += ${x}[start + ${at}];`));
  shader.line(`${values}[local.x] = sum;`);
  shader.block(`for (var span = ${workgroup / 2}u; span > 0u; span >>= 1u)`, () => {
    shader.line('workgroupBarrier();');
    shader.line(`if (local.x < span) { sum += ${values}[local.x + span]; ${values}[local.x] = sum; }`);
  });
  shader.line(`if (local.x == 0u && ${index} < ${total}) { ${y}[(${index} + ${first}) * ${apart}] = sum; }`);
  return shader.build([workgroup]);
}
