import { sizeOf, type CopyKernel, type CopyPart } from '@unroll/tensor/backend';
import { linear, single, type Command, type Compile, type Dispatch, type Shader, type Slot, type Target } from '../program.ts';
import { ShaderBuilder } from '../wgsl.ts';

/** Strided blocks from one place to another, as bits: an invocation for each element; blocks of one kind go together. */
export const compileCopy: Compile<CopyKernel> = (kernel, target) => single(() => {
  const { shape, parts } = kernel;
  const tooLarge = [shape, ...kernel.inputs].some((own) => sizeOf(own) * 4 > target.limits.maxStorageBufferBindingSize);
  if (tooLarge) return { scratch: [], commands: cutCopy(kernel, target) };
  const covered = parts.reduce((sum, part) => sum + sizeOf(part.shape), 0);
  const clear: Command[] = covered < sizeOf(shape) ? [{ kind: 'clear', slot: { kind: 'output', index: 0 }, bytes: sizeOf(shape) * 4 }] : [];
  return { scratch: [], commands: [...clear, ...copyDispatches(parts, target)] };
});

/** Nothing but the blocks themselves. */
export function copyDispatches(parts: readonly CopyPart[], target: Target): Dispatch[] {
  return groupsOf(blocksOf(parts), target).map((group) => dispatchOf(group, target));
}

/** The same between tensors that are too large to bind: blocks are cut until both of their ends fit, and windows of the tensors are bound. */
function cutCopy({ shape, parts }: CopyKernel, target: Target): Command[] {
  const covered = parts.reduce((sum, part) => sum + sizeOf(part.shape), 0);
  const most = Math.floor(target.limits.maxStorageBufferBindingSize / 4) - 64;
  const clear: Command[] = covered < sizeOf(shape) ? [{ kind: 'clear', slot: { kind: 'output', index: 0 }, bytes: sizeOf(shape) * 4 }] : [];
  return [...clear, ...blocksOf(parts).flatMap((block) => cutBlock(block, most)).map((block) => windowed(block, target))];
}

// Private.

const workgroup = 128;
/** Words of a uniform block. */
const mostWords = 64;

/** One axis of a block: its length, and the elements between neighbours on either side. */
interface Axis { readonly length: number; readonly from: number; readonly to: number }
interface Block extends Pick<CopyPart, 'input' | 'from' | 'to'> { readonly count: number; readonly axes: readonly Axis[] }

function blocksOf(parts: readonly CopyPart[]): Block[] {
  return parts.filter((part) => sizeOf(part.shape) > 0).map((part): Block => ({ ...part, count: sizeOf(part.shape), axes: mergedAxes(part) }));
}

/** First and last element of a block in a tensor. */
function rangeOf({ axes }: Block, start: number, side: 'from' | 'to'): readonly [first: number, last: number] {
  const ends = axes.map((axis) => axis[side] * (axis.length - 1));
  return [start + ends.reduce((sum, end) => sum + Math.min(end, 0), 0), start + ends.reduce((sum, end) => sum + Math.max(end, 0), 0)];
}

/** Blocks that reach over no more than so many elements on either side. */
function cutBlock(block: Block, most: number): Block[] {
  const wide = (['from', 'to'] as const).find((side) => {
    const [first, last] = rangeOf(block, block[side], side);
    return last - first >= most;
  });
  if (wide === undefined) return [block];
  const reach = block.axes.map((axis) => Math.abs(axis[wide]) * (axis.length - 1));
  const longest = reach.indexOf(Math.max(...reach));
  const axis = block.axes[longest] as Axis;
  const half = Math.ceil(axis.length / 2);
  const part = (first: number, length: number): Block => ({
    ...block, count: block.count / axis.length * length, from: block.from + first * axis.from, to: block.to + first * axis.to,
    axes: block.axes.map((own, k) => (k === longest ? { ...own, length } : own)),
  });
  return [part(0, half), part(half, axis.length - half)].flatMap((piece) => cutBlock(piece, most));
}

/** A dispatch that binds no more than what its block reaches. */
function windowed(block: Block, target: Target): Dispatch {
  const window = (side: 'from' | 'to'): { readonly start: number; readonly bytes: number } => {
    const [first, last] = rangeOf(block, block[side], side);
    const start = Math.floor(first / 64) * 64;
    return { start, bytes: (last + 1 - start) * 4 };
  };
  const [from, to] = [window('from'), window('to')];
  const dispatch = dispatchOf([{ ...block, input: 0, from: block.from - from.start, to: block.to - to.start }], target);
  return { ...dispatch, slots: [{ kind: 'input', index: block.input, offset: from.start * 4, bytes: from.bytes }, { kind: 'output', index: 0, offset: to.start * 4, bytes: to.bytes }] };
}

/** Outermost first by their distance in the target, so that neighbours write to neighbours; axes that continue each other on both sides are one. */
function mergedAxes({ shape, fromStrides, toStrides }: CopyPart): Axis[] {
  const all = shape.map((length, k): Axis => ({ length, from: fromStrides[k] ?? 0, to: toStrides[k] ?? 0 }));
  const result: Axis[] = [];
  for (const axis of all.filter(({ length }) => length > 1).sort((a, b) => Math.abs(b.to) - Math.abs(a.to))) {
    const outer = result.at(-1);
    if (outer !== undefined && outer.to === axis.to * axis.length && outer.from === axis.from * axis.length) result.splice(-1, 1, { ...axis, length: axis.length * outer.length });
    else result.push(axis);
  }
  return result;
}

/** Blocks that one shader copies: with as many axes, and no more inputs and words than it may have. */
function groupsOf(blocks: readonly Block[], { limits }: Target): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks.toSorted((a, b) => a.axes.length - b.axes.length)) {
    const last = groups.at(-1);
    const inputs = new Set([...(last ?? []).map(({ input }) => input), block.input]);
    const fits = last !== undefined && last[0]?.axes.length === block.axes.length && inputs.size < limits.maxStorageBuffersPerShaderStage && (last.length + 1) * wordsOf(block).length <= mostWords;
    if (fits) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

function wordsOf({ count, from, to, axes }: Block): number[] {
  return [count, from, to, ...axes.flatMap((axis) => [axis.length, axis.from >>> 0, axis.to >>> 0])];
}

function dispatchOf(group: readonly Block[], target: Target): Dispatch {
  const inputs = [...new Set(group.map(({ input }) => input))];
  const [x, y] = linear(Math.max(...group.map(({ count }) => count)), workgroup, target);
  return {
    kind: 'dispatch', shader: shaderOf(group[0]?.axes.length ?? 0, group.map(({ input }) => inputs.indexOf(input))), uniforms: group.flatMap(wordsOf), workgroups: [x, y, group.length],
    slots: [...inputs.map((index): Slot => ({ kind: 'input', index })), { kind: 'output', index: 0 }],
  };
}

/** `sources`: which of the buffers each block comes from. */
function shaderOf(rank: number, sources: readonly number[]): Shader {
  const shader = new ShaderBuilder('copy');
  const inputs = Array.from({ length: 1 + Math.max(...sources) }, () => shader.storage('input', 'u32', 'read'));
  const output = shader.storage('output', 'u32', 'write');
  const names = ['count', 'source', 'place', ...Array.from({ length: rank }, (_, axis) => [`length${axis}`, `from${axis}`, `to${axis}`]).flat()];
  const words = sources.map(() => names.map((name) => shader.uniform(name, name === 'count' || name.startsWith('length') ? 'u32' : 'i32')));
  const index = shader.flatIndex(workgroup);
  names.forEach((name, k) => shader.line(`var ${name} = ${words[0]?.[k]};`));
  eachBlock(shader, words.slice(1).map((own) => own.map((word, k) => `${names[k]} = ${word};`).join(' ')));
  shader.line(`if (${index} >= count) { return; }`).line(`var rest = ${index};`);
  for (let axis = rank - 1; axis >= 0; axis--) {
    const along = shader.let('along', `i32(rest % length${axis})`);
    shader.line(`source += ${along} * from${axis};`).line(`place += ${along} * to${axis};`).line(`rest /= length${axis};`);
  }
  shader.line(`var word = ${inputs[sources[0] ?? 0]}[source];`);
  if (inputs.length > 1) eachBlock(shader, sources.slice(1).map((own) => `word = ${inputs[own]}[source];`));
  shader.line(`${output}[place] = word;`);
  return shader.build([workgroup]);
}

/** A line for each block but the first. */
function eachBlock(shader: ShaderBuilder, lines: readonly string[]): void {
  if (lines.length === 0) return;
  shader.block('switch (group.z)', () => {
    lines.forEach((line, k) => shader.line(`case ${1 + k}u: { ${line} }`));
    shader.line('default: { }');
  });
}
