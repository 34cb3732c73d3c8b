import type { Plan, Product, Step } from '@unroll/expr';
import { linear, type Target, type WeightFormat } from '../program.ts';
import { sharedLanes } from '../subgroups.ts';
import type { ShaderBuilder } from '../wgsl.ts';
import { Bindings, type Memory, type Uses } from './memory.ts';
import type { Recorder } from './recorder.ts';
import { scratch, type Region, type Regions } from './regions.ts';
import { declareSizes, scanShader } from './shader.ts';

/** A product's weight, packed: for each four rows of the operand, block and column of the result, the four numbers in one vector. */
export interface Packed {
  readonly from: number;
  /** Channels of the operand, and vectors of four that hold them: as many as `lanes` takes at a time, filled up with zeros. */
  readonly depth: number;
  readonly vectors: number;
  /** Lanes that hand the operand's numbers to one another; 0: each reads its own. */
  readonly lanes: 0 | 4 | 8;
  /** Results side by side, and channels of each. */
  readonly regions: number;
  readonly width: number;
  /** Where a plain product's bias begins, a vector for each number. */
  readonly bias: number | undefined;
  readonly format: WeightFormat;
}

/** What is packed into a piece of the buffer: some of the tensor `source`, `count` vectors from `from` on. `isExact`: of one number, which is not rounded. */
interface Segment { readonly source: Region; readonly from: number; readonly count: number; readonly isExact: boolean; readonly vector: (shader: ShaderBuilder, element: (index: string) => string, index: string) => string }

/** Four numbers as they are computed with. */
const type = 'vec4<f32>';
/** The same in the packed buffer. */
const stored = { float32: type, float16: 'vec2<u32>' } as const;

/** All that the loop reads again and again, in one buffer and in the order in which it is read: weights, biases, vectors. */
export class Packing {
  /** Undefined where there is nothing to pack. */
  readonly region: Region | undefined;
  /** Where each vector of the step that the loop reads begins. */
  readonly vectors: ReadonlyMap<number, number>;
  readonly format: WeightFormat;
  readonly #products = new Map<Product, Packed>();
  readonly #segments: Segment[] = [];
  readonly #step: Step;
  readonly #regions: Regions;
  readonly #lanes: 0 | 4 | 8;
  #end = 0;

  constructor(step: Step, plan: Plan, regions: Regions, target: Target) {
    this.#step = step;
    this.#regions = regions;
    this.format = target.weights ?? 'float32';
    this.#lanes = sharedLanes(target);
    const known = new Map<string, Packed>();
    for (const { products } of plan.loop) for (const product of products) {
      const key = `${product.weight} ${product.transposed} ${product.blocks.join(' ')}`;
      const packed = known.get(key) ?? this.#weight(product);
      known.set(key, packed);
      this.#products.set(product, packed);
    }
    this.vectors = this.#vectors(plan);
    this.region = this.#end === 0 ? undefined : scratch('packed', { fixed: this.#end }, stored[this.format]);
  }

  of(product: Product): Packed {
    const packed = this.#products.get(product);
    if (packed === undefined) throw new RangeError(`scan: weight ${product.weight} was not packed.`);
    return packed;
  }

  /** What the dispatches use that fill the buffer: one, unless it has more sources than can be bound. */
  users(target: Target): Uses[] {
    return this.#groups(target).map((segments) => ({ reads: new Set(segments.map(({ source }) => source)), writes: new Set(this.region === undefined ? [] : [this.region]) }));
  }

  record(recorder: Recorder, memory: Memory, target: Target): void {
    const groups = this.#groups(target);
    this.users(target).forEach((uses, k) => this.#dispatch(groups[k] ?? [], uses, recorder, memory, target));
  }

  #groups(target: Target): Segment[][] {
    const room = target.limits.maxStorageBuffersPerShaderStage - 1;
    const sources = [...new Set(this.#segments.map(({ source }) => source))];
    return Array.from({ length: Math.ceil(sources.length / room) }, (_, k) => sources.slice(k * room, (k + 1) * room))
      .map((some) => this.#segments.filter(({ source }) => some.includes(source)));
  }

  #dispatch(segments: readonly Segment[], uses: Uses, recorder: Recorder, memory: Memory, target: Target): void {
    const shader = scanShader('pack');
    const bindings = new Bindings(shader, memory, uses, declareSizes(shader));
    let index = shader.flatIndex(64);
    for (const { source, from, count, isExact, vector } of segments) {
      shader.block(`if (${index} < ${count}u)`, () => {
        const value = shader.let('value', vector(shader, (element) => bindings.element(source, element), index));
        shader.line(`${bindings.element(this.region as Region, `${from}u + ${index}`)} = ${packed(this.format, value, isExact)};`).line('return;');
      });
      index = shader.let('index', `${index} - ${count}u`);
    }
    recorder.dispatch(shader.build([64]), bindings, linear(segments.reduce((sum, { count }) => sum + count, 0), 64, target));
  }

  #take(source: Region, count: number, vector: Segment['vector'], isExact = false): number {
    this.#segments.push({ source, from: this.#end, count, isExact, vector });
    this.#end += count;
    return this.#end - count;
  }

  #weight(product: Product): Packed {
    const { weight, transposed, blocks } = product;
    const { rows, columns, bias } = this.#step.weights[weight] as Step['weights'][number];
    const regions = transposed ? 1 : blocks.length;
    const [depth, width] = transposed ? [blocks.length * rows, columns] : [columns, rows];
    const lanes = this.#lanes;
    const vectors = paddedTo(depth, lanes) / 4;
    const source = this.#regions.matrices[weight] as Region;
    const from = this.#take(source, vectors * regions * width, transposed ? transposedVector(blocks, rows, columns) : plainVector(blocks, rows, columns));
    const ownBias = bias && !transposed ? this.#regions.biases[weight] : undefined;
    return { from, depth, vectors, lanes, regions, width, bias: ownBias === undefined ? undefined : this.#take(ownBias, blocks.length * rows, biasVector(blocks, rows), true), format: this.format };
  }

  #vectors(plan: Plan): Map<number, number> {
    const found = new Map<number, number>();
    for (const { maps } of plan.loop) for (const { leaves } of maps) for (const { kind, index } of leaves.values()) {
      if (kind !== 'vector' || found.has(index)) continue;
      const source = this.#regions.vectors[index] as Region;
      found.set(index, this.#take(source, source.extent.fixed, (_, element, at) => single(element(at)), true));
    }
    return found;
  }
}

/** A length filled up to what lanes take at a time, vectors of four at least. */
export function paddedTo(length: number, lanes: 0 | 4 | 8): number {
  const unit = Math.max(lanes, 4);
  return Math.ceil(length / unit) * unit;
}

/** The text of four packed weights. */
export function weightText(shader: ShaderBuilder, format: WeightFormat, element: string): string {
  if (format === 'float32') return element;
  shader.declare('fn widened(words: vec2<u32>) -> vec4<f32> { return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y)); }');
  return `widened(${element})`;
}

/** The text of a single packed number. */
export function numberText(format: WeightFormat, element: string): string {
  return format === 'float32' ? `${element}.x` : `bitcast<f32>(${element}.x)`;
}

/** The text of a vector's four numbers in half of the bits. */
export function rounded(value: string): string {
  const [low, high] = ['xy', 'zw'].map((lanes) => `pack2x16float(clamp(${value}.${lanes}, vec2<f32>(-65504.0f), vec2<f32>(65504.0f)))`);
  return `vec2<u32>(${low}, ${high})`;
}

/** The text of the block of a weight that is a product's block at `position`. */
export function blockAt(shader: ShaderBuilder, blocks: readonly number[], position: string): string {
  const [first = 0] = blocks;
  if (blocks.every((block, k) => block === first + k)) return first === 0 ? `(${position})` : `(${position} + ${first}u)`;
  const list = shader.name('blocks');
  shader.line(`var ${list} = array<u32, ${blocks.length}>(${blocks.map((block) => `${block}u`).join(', ')});`);
  return `${list}[${position}]`;
}

// Private: the vector at an index of a segment.

// Half of the bits where there are several numbers; the whole of one.
function packed(format: WeightFormat, value: string, isExact: boolean): string {
  if (format === 'float32') return value;
  return isExact ? `vec2<u32>(bitcast<u32>(${value}.x), 0u)` : rounded(value);
}

// [vector][block][row of the block]: neighbours in a block read neighbours.
function plainVector(blocks: readonly number[], rows: number, columns: number): Segment['vector'] {
  return (shader, element, index) => {
    const row = shader.let('row', `${blockAt(shader, blocks, `${index} / ${rows}u % ${blocks.length}u`)} * ${rows}u + ${index} % ${rows}u`);
    const column = shader.let('column', `${index} / ${rows * blocks.length}u * 4u`);
    return four((k) => `select(0.0f, ${element(`${row} * ${columns}u + min(${column} + ${k}u, ${columns - 1}u)`)}, ${column} + ${k}u < ${columns}u)`);
  };
}

// [vector][column]
function transposedVector(blocks: readonly number[], rows: number, columns: number): Segment['vector'] {
  const depth = blocks.length * rows;
  return (shader, element, index) => {
    const column = shader.let('column', `${index} % ${columns}u`);
    const first = shader.let('first', `${index} / ${columns}u * 4u`);
    return four((k) => {
      const row = shader.let('row', `min(${first} + ${k}u, ${depth - 1}u)`);
      return `select(0.0f, ${element(`(${blockAt(shader, blocks, `${row} / ${rows}u`)} * ${rows}u + ${row} % ${rows}u) * ${columns}u + ${column}`)}, ${first} + ${k}u < ${depth}u)`;
    });
  };
}

function biasVector(blocks: readonly number[], rows: number): Segment['vector'] {
  return (shader, element, index) => single(element(`${blockAt(shader, blocks, `${index} / ${rows}u`)} * ${rows}u + ${index} % ${rows}u`));
}

function four(text: (k: number) => string): string {
  return `${type}(${[0, 1, 2, 3].map(text).join(', ')})`;
}

function single(text: string): string {
  return `${type}(${text}, 0.0f, 0.0f, 0.0f)`;
}
