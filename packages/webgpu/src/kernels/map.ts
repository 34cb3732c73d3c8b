import { freeNames, type Expr } from '@unroll/expr';
import { inputName, sizeOf, type DType, type MapKernel } from '@unroll/tensor/backend';
import { emitExpressions } from '../emit.ts';
import { WebGpuError } from '../errors.ts';
import { mathFunction } from '../math.ts';
import { linear, single, type Compile, type Dispatch, type Shader, type Slot, type Target } from '../program.ts';
import { ShaderBuilder } from '../wgsl.ts';

/** Elementwise: an invocation for each element. The code depends on which axes inputs stretch along, not on sizes. */
export const compileMap: Compile<MapKernel> = (kernel, target) => single(() => ({
  scratch: [],
  commands: sizeOf(kernel.shape) === 0 ? [] : groupsOf(kernel, target).map((bodies) => dispatchOf(kernel, bodies, target)),
}));

/** Elements of a float tensor or of one of integers, in a shader. */
export const elementType: Readonly<Record<DType, 'f32' | 'i32'>> = { float32: 'f32', int32: 'i32', float64: 'f32' };

// Private.

const workgroup = 128;

/** One axis of the output: its length, and which of the inputs in use have it (the others stretch along it). */
interface Axis { readonly length: number; readonly present: readonly boolean[] }
/** An input of the kernel that some of the bodies read. */
interface Used { readonly index: number; readonly name: string; readonly dtype: DType }

/** Bodies that one shader computes: as many as it may have buffers for. */
function groupsOf({ bodies }: MapKernel, { limits }: Target): number[][] {
  const most = limits.maxStorageBuffersPerShaderStage;
  const groups: { bodies: number[]; names: Set<string> }[] = [];
  bodies.forEach((body, index) => {
    const last = groups.at(-1);
    const own = freeNames([body]);
    const names = new Set([...(last?.names ?? []), ...own]);
    if (own.size + 1 > most) throw new WebGpuError('limit', `webgpu: a fused elementwise operation reads ${own.size} tensors, this device binds ${most} buffers, one of them for the result; split it in two.`);
    if (last !== undefined && names.size + last.bodies.length + 1 <= most) groups.splice(-1, 1, { bodies: [...last.bodies, index], names });
    else groups.push({ bodies: [index], names: own });
  });
  return groups.map((group) => group.bodies);
}

function dispatchOf(kernel: MapKernel, outputs: readonly number[], target: Target): Dispatch {
  const bodies = outputs.map((index) => kernel.bodies[index] as Expr);
  const names = freeNames(bodies);
  const used = kernel.inputs.map(({ dtype }, index): Used => ({ index, name: inputName(index), dtype })).filter(({ name }) => names.has(name));
  const axes = mergedAxes(kernel, used);
  const count = sizeOf(kernel.shape);
  return {
    kind: 'dispatch', shader: shaderOf(kernel, bodies, used, axes), uniforms: [count, ...axes.slice(1).map(({ length }) => length)], workgroups: linear(count, workgroup, target),
    slots: [...used.map(({ index }): Slot => ({ kind: 'input', index })), ...outputs.map((index): Slot => ({ kind: 'output', index }))],
  };
}

/** At least one axis; neighbours that the same inputs have are one. */
function mergedAxes({ shape, inputs }: MapKernel, used: readonly Used[]): Axis[] {
  const merged: Axis[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const present = used.map(({ index }) => {
      const own = inputs[index]?.shape ?? [];
      return own[axis - shape.length + own.length] === length;
    });
    const last = merged.at(-1);
    if (last?.present.every((flag, k) => flag === present[k]) === true) merged.splice(-1, 1, { length: last.length * length, present });
    else merged.push({ length, present });
  });
  return merged.length > 0 ? merged : [{ length: 1, present: used.map(() => true) }];
}

function shaderOf(kernel: MapKernel, bodies: readonly Expr[], used: readonly Used[], axes: readonly Axis[]): Shader {
  const shader = new ShaderBuilder('map');
  const inputs = used.map(({ name, dtype }) => shader.storage(`${name}s`, elementType[dtype], 'read'));
  const outputs = bodies.map((_, k) => shader.storage(`y${k}s`, elementType[kernel.dtype], 'write'));
  const count = shader.uniform('count');
  const lengths = axes.slice(1).map(() => shader.uniform('length'));
  const index = shader.flatIndex(workgroup);
  shader.line(`if (${index} >= ${count}) { return; }`);
  const places = used.map((_, k) => axes.map((axis) => axis.present[k] === true));
  const coordinates = places.every((place) => isWhole(place) || isSingle(place)) ? [] : coordinatesOf(shader, index, lengths);
  const offsets = places.map((place) => (isWhole(place) ? index : isSingle(place) ? '0u' : offsetOf(place, coordinates, lengths)));
  const compute = kernel.compute === 'int32' ? 'int32' : 'float32';
  const values = emitExpressions(shader, bodies, {
    compute,
    load: (name) => {
      const k = used.findIndex((input) => input.name === name);
      const element = `${inputs[k]}[${offsets[k]}]`;
      return used[k]?.dtype === 'int32' && compute === 'float32' ? `f32(${element})` : element;
    },
  });
  values.forEach((value, k) => shader.line(`${outputs[k]}[${index}] = ${stored(shader, value, compute, kernel.dtype)};`));
  return shader.build([workgroup]);
}

function isWhole(place: readonly boolean[]): boolean {
  return place.every((isPresent) => isPresent);
}

function isSingle(place: readonly boolean[]): boolean {
  return !place.includes(true);
}

/** The index along each axis. */
function coordinatesOf(shader: ShaderBuilder, index: string, lengths: readonly string[]): string[] {
  let rest = index;
  const coordinates = lengths.toReversed().map((length) => {
    const coordinate = shader.let('i', `${rest} % ${length}`);
    rest = shader.let('rest', `${rest} / ${length}`);
    return coordinate;
  });
  return [...coordinates, rest].reverse();
}

/** Where the element lies in an input that has only some of the axes. */
function offsetOf(place: readonly boolean[], coordinates: readonly string[], lengths: readonly string[]): string {
  return place.reduce((offset, isPresent, axis) => {
    if (!isPresent) return offset;
    const own = coordinates[axis] ?? '0u';
    return offset === '' ? own : `(${offset}) * ${lengths[axis - 1] ?? '1u'} + ${own}`;
  }, '');
}

/** A result in the type in which it is stored: integers cut off fractions. */
function stored(shader: ShaderBuilder, value: string, compute: DType, dtype: DType): string {
  if (compute === dtype) return value;
  return dtype === 'int32' ? `${mathFunction(shader, 'truncated', 1)}(${value})` : `f32(${value})`;
}
