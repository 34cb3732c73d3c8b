import { text } from '@unroll/expr';
import { inputName, type MapKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local, ModuleBuilder } from '../assembler.ts';
import { emitExpressions } from '../emit.ts';
import type { Compile, Machine } from './compile.ts';
import { storeSome } from './store.ts';

/** Elementwise: one loop nest over the output, four elements a vector. Its code depends on which axes inputs stretch along, not on sizes. */
export const compileMap: Compile<MapKernel> = (kernel, machine) => {
  const axes = mergedAxes(kernel);
  const sizes = axes.map(({ length }) => length);
  if (sizes.includes(0)) return () => undefined;
  const plan = { ...kernel, axes };
  const key = JSON.stringify(['map', kernel.bodies.map(text), kernel.compute, kernel.dtype, kernel.inputs.map(({ dtype }) => dtype), axes.map(({ present }) => present)]);
  const run = machine.shared(key, () => machine.function((module, name) => emitMap(module, plan, machine, name)));
  return (inputs, outputs) => run(...inputs, ...outputs, ...sizes);
};

/** One axis of the output: its length, and which inputs have it (the others stretch along it). */
interface Axis { readonly length: number; readonly present: readonly boolean[] }
interface Plan extends Pick<MapKernel, 'bodies' | 'inputs' | 'compute' | 'dtype'> { readonly axes: readonly Axis[] }

/** At least one axis; neighbours that the same inputs have are one. */
function mergedAxes({ shape, inputs }: MapKernel): Axis[] {
  const merged: Axis[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const present = inputs.map(({ shape: own }) => own[axis - shape.length + own.length] === length);
    const last = merged.at(-1);
    if (last?.present.every((flag, k) => flag === present[k]) === true) merged.splice(-1, 1, { length: last.length * length, present });
    else merged.push({ length, present });
  });
  return merged.length > 0 ? merged : [{ length: 1, present: inputs.map(() => true) }];
}

/** `run(…inputs, …outputs, …lengths of axes)` */
function emitMap(module: ModuleBuilder, plan: Plan, machine: Machine, name: string): void {
  const count = plan.inputs.length + plan.bodies.length + plan.axes.length;
  module.function({ params: Array.from({ length: count }, () => 'i32' as const), results: [] }, (f) => new MapCode(f, plan, machine).emit(), name);
}

/** Vectors in lock step in the main loop. */
const vectors = 2;

class MapCode {
  readonly #f: FunctionBuilder;
  readonly #plan: Plan;
  readonly #machine: Machine;
  /** Where the next element of each input and output lies. Inputs are contiguous: a pointer only goes back where its input stretches. */
  readonly #inputs: readonly Local[];
  readonly #outputs: readonly Local[];
  readonly #lengths: readonly Local[];
  /** Of inputs that stretch along the innermost axis: their one element, four times. */
  readonly #splats = new Map<number, Local>();

  constructor(f: FunctionBuilder, plan: Plan, machine: Machine) {
    this.#f = f;
    this.#plan = plan;
    this.#machine = machine;
    const params = (from: number, count: number): Local[] => Array.from({ length: count }, (_, k) => f.param(from + k));
    this.#inputs = params(0, plan.inputs.length);
    this.#outputs = params(plan.inputs.length, plan.bodies.length);
    this.#lengths = params(plan.inputs.length + plan.bodies.length, plan.axes.length);
  }

  emit(): void {
    if (this.#plan.axes.length === 1) this.#flat();
    else this.#axis(0);
  }

  /** Everything in one run. Buffers have room up to a multiple of 64 bytes, so the end needs no care. */
  #flat(): void {
    const f = this.#f;
    const at = f.local('i32');
    this.#loadSplats();
    f.while(at, this.#lengths[0] as Local, 4 * vectors, () => {
      this.#compute(vectors, (pointer, value, vector) => f.get(pointer).get(value).memory('v128.store', vector * 16));
      this.#advance(() => f.i32(16 * vectors));
    });
  }

  #axis(axis: number): void {
    const f = this.#f;
    const { axes } = this.#plan;
    if (axis === axes.length - 1) {
      this.#row();
      return;
    }
    const again = this.#inputs.filter((_, k) => this.#varies(k) && axes[axis]?.present[k] === false);
    const starts = again.map((pointer) => {
      const start = f.local('i32');
      f.get(pointer).set(start);
      return start;
    });
    const at = f.local('i32');
    f.i32(0).set(at);
    f.while(at, this.#lengths[axis] as Local, 1, () => {
      again.forEach((pointer, k) => f.get(starts[k] as Local).set(pointer));
      this.#axis(axis + 1);
    });
  }

  /** The innermost axis, beyond which nothing may be written: pairs of vectors, then single ones, the last perhaps in part. */
  #row(): void {
    const f = this.#f;
    const [left, count] = [f.local('i32'), f.local('i32')];
    this.#loadSplats();
    f.get(this.#lengths.at(-1) as Local).set(left);
    f.block(() => f.loop(() => {
      f.get(left).i32(4 * vectors).op('i32.lt_u').brIf(1);
      this.#compute(vectors, (pointer, value, vector) => f.get(pointer).get(value).memory('v128.store', vector * 16));
      this.#advance(() => f.i32(16 * vectors));
      f.get(left).i32(4 * vectors).op('i32.sub').set(left).br(0);
    }));
    f.block(() => f.loop(() => {
      f.get(left).op('i32.eqz').brIf(1);
      f.get(left).i32(4).get(left).i32(4).op('i32.lt_u').op('select').set(count);
      this.#compute(1, (pointer, value) => storeSome(f, pointer, value, count));
      this.#advance(() => f.get(count).i32(2).op('i32.shl'));
      f.get(left).get(count).op('i32.sub').set(left).br(0);
    }));
    this.#inputs.forEach((pointer, k) => {
      if (this.#varies(k) && !this.#varies(k, true)) f.get(pointer).i32(4).op('i32.add').set(pointer);
    });
  }

  /** Whether an input has any axis, or the innermost one. */
  #varies(k: number, innermost = false): boolean {
    return (innermost ? this.#plan.axes.slice(-1) : this.#plan.axes).some(({ present }) => present[k]);
  }

  #loadSplats(): void {
    const f = this.#f;
    this.#inputs.forEach((pointer, k) => {
      if (this.#varies(k, true)) return;
      const splat = this.#splats.get(k) ?? f.local('v128');
      this.#splats.set(k, splat);
      f.get(pointer).memory('v128.load32_splat');
      this.#convertInput(k);
      f.set(splat);
    });
  }

  #compute(count: number, store: (pointer: Local, value: Local, vector: number) => void): void {
    const f = this.#f;
    const { bodies, compute } = this.#plan;
    const { heap, profile } = this.#machine;
    const byName = new Map(this.#inputs.map((_, k) => [inputName(k), k]));
    emitExpressions(f, bodies, {
      constants: heap.constants, profile, vectors: count, compute: compute === 'int32' ? 'int32' : 'float32',
      load: (name, vector) => this.#load(byName.get(name) ?? 0, vector),
      store: (index, value, vector) => store(this.#outputs[index] as Local, this.#converted(value), vector),
    });
  }

  #load(k: number, vector: number): void {
    const f = this.#f;
    const splat = this.#splats.get(k);
    if (splat !== undefined) f.get(splat);
    else {
      f.get(this.#inputs[k] as Local).memory('v128.load', vector * 16);
      this.#convertInput(k);
    }
  }

  #convertInput(k: number): void {
    if (this.#plan.inputs[k]?.dtype === 'int32' && this.#plan.compute !== 'int32') this.#f.op('f32x4.convert_i32x4_s');
  }

  /** A result in the type in which it is stored: integers cut off fractions. */
  #converted(value: Local): Local {
    const { compute, dtype } = this.#plan;
    if (compute === dtype) return value;
    const converted = this.#f.local('v128');
    this.#f.get(value).op(dtype === 'int32' ? 'i32x4.trunc_sat_f32x4_s' : 'f32x4.convert_i32x4_s').set(converted);
    return converted;
  }

  #advance(pushBytes: () => void): void {
    const f = this.#f;
    const moving = [...this.#inputs.filter((_, k) => this.#varies(k, true)), ...this.#outputs];
    for (const pointer of moving) {
      f.get(pointer);
      pushBytes();
      f.op('i32.add').set(pointer);
    }
  }
}
