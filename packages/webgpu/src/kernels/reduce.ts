import type { DType, ReduceKernel, ReduceOp } from '@unroll/tensor/backend';
import { mathFunction } from '../math.ts';
import { linear, single, type Compile, type Dispatch, type Program, type Shader, type Slot, type Target } from '../program.ts';
import { literal, ShaderBuilder } from '../wgsl.ts';
import { elementType } from './map.ts';
import { sumsProgram } from './sums.ts';

/** Sums and extremes over the middle one of three axes, in an order that depends on sizes alone. Long axes are cut into slices first. */
export const compileReduce: Compile<ReduceKernel> = (kernel, target) => single(() => {
  if (kernel.op === 'sum' && kernel.outer * kernel.inner === 1) return sumsProgram([{ start: 0, count: kernel.length }], kernel.dtype, 1);
  const slices = slicesOf(kernel);
  if (slices === 1) return { scratch: [], commands: [dispatchOf(kernel, 1, input, output, target)] };
  const scratch: Slot = { kind: 'scratch', index: 0 };
  const second = { ...kernel, length: slices };
  const program: Program = { scratch: [kernel.outer * slices * kernel.inner * 4], commands: [dispatchOf(kernel, slices, input, scratch, target), dispatchOf(second, 1, scratch, output, target)] };
  return program;
});

// Private.

const input: Slot = { kind: 'input', index: 0 };
const output: Slot = { kind: 'output', index: 0 };
/** Invocations side by side. */
const workgroup = 64;
/** Up to so many elements one invocation takes by itself. */
const short = 16;
/** Results, or slices of results, that keep a GPU busy; and elements that are worth a slice of their own. */
const busy = 16384;
const worthwhile = 256;

/** Into how many parts the axis is cut. The place of the largest element is looked for in one piece. */
function slicesOf({ op, outer, length, inner }: ReduceKernel): number {
  if (op === 'argmax') return 1;
  const workers = outer * inner * (isAlong({ length, inner }) ? workgroup : 1);
  return Math.max(1, Math.min(Math.floor(length / worthwhile), Math.floor(busy / workers)));
}

/** Whether a workgroup takes a row together, rather than each invocation a column of its own. */
function isAlong({ length, inner }: Pick<ReduceKernel, 'length' | 'inner'>): boolean {
  return inner < 8 && length > short;
}

/** Reduces each of `slices` slices of the axis: (outer, length, inner) → (outer, slices, inner). */
function dispatchOf(kernel: ReduceKernel, slices: number, from: Slot, to: Slot, target: Target): Dispatch {
  const { op, dtype, outer, length, inner } = kernel;
  const along = isAlong({ length: Math.ceil(length / slices), inner });
  const count = outer * slices * inner;
  return {
    kind: 'dispatch', shader: shaderOf(op, dtype, along), uniforms: [count, length, inner, slices, Math.ceil(length / slices)], slots: [from, to],
    workgroups: linear(count, along ? 1 : workgroup, target),
  };
}

/** What a running result starts from, and how an element at place `at` comes to it. The names are `best` and `place`. */
interface Fold { readonly start: string; step(value: string, at: string): string }

function foldOf(op: ReduceOp, dtype: DType, shader: ShaderBuilder): Fold {
  const isInteger = dtype === 'int32';
  const infinity = (sign: '' | '-'): string => (isInteger ? literal(sign === '' ? 2 ** 31 - 1 : -(2 ** 31), 'i32') : `${sign}${mathFunction(shader, 'infinity', 1)}()`);
  const extreme = (name: 'smaller' | 'larger'): string => (isInteger ? { smaller: 'min', larger: 'max' }[name] : mathFunction(shader, name, 1));
  switch (op) {
    case 'sum': return { start: isInteger ? '0i' : '0.0f', step: (value) => `best += ${value};` };
    case 'max': return { start: infinity('-'), step: (value) => `best = ${extreme('larger')}(best, ${value});` };
    case 'min': return { start: infinity(''), step: (value) => `best = ${extreme('smaller')}(best, ${value});` };
    case 'argmax': return { start: infinity('-'), step: (value, at) => `if (${declareBefore(shader, isInteger)}(${value}, ${at}, best, place)) { best = ${value}; place = ${at}; }` };
  }
}

/** NaN before all, then the larger one, then the first. A place that is not there yet comes last. */
function declareBefore(shader: ShaderBuilder, isInteger: boolean): string {
  const type = isInteger ? 'i32' : 'f32';
  const isNan = (name: string): string => (isInteger ? 'false' : `${mathFunction(shader, 'isNan', 1)}(${name})`);
  shader.declare(`fn isBefore(a: ${type}, placeA: u32, b: ${type}, placeB: u32) -> bool {
  let first = placeA < placeB;
  if (${isNan('a')} || ${isNan('b')}) { return ${isNan('a')} && (!${isNan('b')} || first); }
  return a > b || (a == b && first);
}`);
  return 'isBefore';
}

function shaderOf(op: ReduceOp, dtype: DType, along: boolean): Shader {
  const shader = new ShaderBuilder(`reduce ${op}`);
  const type = elementType[dtype];
  const [x, y] = [shader.storage('x', type, 'read'), shader.storage('y', op === 'argmax' ? 'i32' : type, 'write')];
  const [count, length, inner, slices, slice] = [shader.uniform('count'), shader.uniform('length'), shader.uniform('inner'), shader.uniform('slices'), shader.uniform('slice')];
  const fold = foldOf(op, dtype, shader);
  const index = along ? shader.let('index', 'group.y * groups.x + group.x') : shader.flatIndex(workgroup);
  if (!along) shader.line(`if (${index} >= ${count}) { return; }`);
  // index = (o slices + s) inner + i
  const start = shader.let('start', `${index} / ${inner} % ${slices} * ${slice}`);
  const first = shader.let('first', `${index} / ${inner} / ${slices} * ${length} * ${inner} + ${index} % ${inner}`);
  const end = shader.let('end', `min(${start} + ${slice}, ${length})`);
  shader.line(`var best = ${fold.start};`);
  if (op === 'argmax') shader.line('var place = 0xffffffffu;');
  shader.loop('at', along ? `${start} + local.x` : start, end, along ? `${workgroup}u` : '1u', (at) => {
    const value = shader.let('value', `${x}[${first} + ${at} * ${inner}]`);
    shader.line(fold.step(value, at));
  });
  if (along) together(shader, op, type, fold);
  const result = op === 'argmax' ? 'i32(place)' : 'best';
  shader.line(along ? `if (local.x == 0u && ${index} < ${count}) { ${y}[${index}] = ${result}; }` : `${y}[${index}] = ${result};`);
  return shader.build([workgroup]);
}

/** The results of a workgroup's invocations become one, in the first of them. */
function together(shader: ShaderBuilder, op: ReduceOp, type: string, fold: Fold): void {
  const values = shader.workgroup('values', type, workgroup);
  const places = op === 'argmax' ? shader.workgroup('places', 'u32', workgroup) : undefined;
  const share = (): void => void shader.line(`${values}[local.x] = best;${places === undefined ? '' : ` ${places}[local.x] = place;`}`);
  share();
  shader.block(`for (var span = ${workgroup / 2}u; span > 0u; span >>= 1u)`, () => {
    shader.line('workgroupBarrier();');
    shader.block('if (local.x < span)', () => {
      const other = shader.let('other', `${values}[local.x + span]`);
      const place = places === undefined ? '' : shader.let('otherPlace', `${places}[local.x + span]`);
      shader.line(fold.step(other, place));
      share();
    });
  });
}
