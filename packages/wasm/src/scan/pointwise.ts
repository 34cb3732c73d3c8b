import { constant, input, type Expr, type Random } from '@unroll/expr';
import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import type { Constants } from '../constants.ts';
import { emitExpressions } from '../emit.ts';
import type { Profile } from '../profile.ts';
import { emitDraw } from './draw.ts';

/** How a map walks over one operand: bytes from row to row, and whether a row is a single number for all channels. */
export interface Walk { readonly rowBytes: number; readonly single: boolean }

/** A fused elementwise function over rows. */
export interface Pointwise {
  /** Channels of each row. */
  readonly width: number;
  /** What the expressions read, by name. */
  readonly leaves: ReadonlyMap<string, Walk>;
  /** Names that are random numbers. */
  readonly draws: ReadonlyMap<string, Random>;
  /** B: rows of one step; behind them comes the next step. */
  readonly batch: number;
  readonly writes: readonly { readonly value: Expr; readonly walk: Walk; readonly masked: Masked }[];
  /** One more parameter, a float a row: where it is 0 every write takes its `masked` value. */
  readonly masked: boolean;
}
/** What a write gets in a masked row: the value of a leaf, or zero. */
export type Masked = { readonly leaf: string } | 'zero';

/** Vectors computed in lock step, to keep the processor's pipelines full. */
const vectors = 2;

/** How many parameters of a map with random numbers come behind the mask: the step of the first row, its first channel, the seed's address. */
export const drawParameters = 3;

/**
 * A function of the addresses of all leaves, then of all targets, then of the mask, then of what `drawParameters` says, then of the first
 * row and the row behind the last. Writes nothing beyond `width` channels of a row.
 */
export function emitPointwise(module: ModuleBuilder, map: Pointwise, options: { readonly constants: Constants; readonly profile: Profile }): FunctionReference {
  const count = map.leaves.size + map.writes.length + (map.masked ? 1 : 0) + (map.draws.size > 0 ? drawParameters : 0) + 2;
  const draw = map.draws.size > 0 ? emitDraw(module) : undefined;
  return module.function({ params: Array.from({ length: count }, () => 'i32' as const), results: [] }, (f) => new PointwiseCode(f, map, options, draw).emit());
}

/** An operand: the parameter with its address, and how far into it the loop has come. */
interface Operand { readonly base: Local; readonly walk: Walk; readonly at: Local }

class PointwiseCode {
  readonly #f: FunctionBuilder;
  readonly #map: Pointwise;
  readonly #options: { readonly constants: Constants; readonly profile: Profile };
  /** One running offset for all operands that walk alike. */
  readonly #offsets = new Map<string, { readonly at: Local; readonly walk: Walk }>();
  readonly #leaves: ReadonlyMap<string, Operand>;
  readonly #targets: readonly Operand[];
  readonly #draw: FunctionReference | undefined;
  readonly #rowIndex: Local;
  /** How far into the channels of its row a vector lies. */
  readonly #channel: Local;

  constructor(f: FunctionBuilder, map: Pointwise, options: { readonly constants: Constants; readonly profile: Profile }, draw: FunctionReference | undefined) {
    this.#f = f;
    this.#map = map;
    this.#options = options;
    this.#draw = draw;
    this.#rowIndex = f.local('i32');
    this.#channel = this.#offset({ rowBytes: 0, single: false });
    this.#leaves = new Map([...map.leaves].map(([name, walk], k) => [name, this.#operand(f.param(k), walk)]));
    this.#targets = map.writes.map(({ walk }, k) => this.#operand(f.param(map.leaves.size + k), walk));
  }

  emit(): void {
    const f = this.#f;
    const row = this.#rowIndex;
    const [first, end] = [f.param(f.signature.params.length - 2), f.param(f.signature.params.length - 1)];
    f.get(first).set(row);
    for (const { at, walk } of this.#offsets.values()) f.get(first).i32(walk.rowBytes).op('i32.mul').set(at);
    const live = this.#map.writes.map(({ value }) => value);
    if (!this.#map.masked) {
      f.while(row, end, 1, () => this.#row(live));
      return;
    }
    const carried = this.#map.writes.map(({ masked }) => (masked === 'zero' ? constant(0) : input(masked.leaf)));
    const mask = f.param(this.#map.leaves.size + this.#map.writes.length);
    f.get(mask).get(first).i32(4).op('i32.mul').op('i32.add').set(mask);
    f.while(row, end, 1, () => {
      f.get(mask).memory('f32.load').f32(0).op('f32.ne').if(() => this.#row(live), () => this.#row(carried));
      f.get(mask).i32(4).op('i32.add').set(mask);
    });
  }

  #operand(base: Local, walk: Walk): Operand {
    return { base, walk, at: this.#offset(walk) };
  }

  #offset(walk: Walk): Local {
    const key = `${walk.rowBytes} ${walk.single}`;
    const known = this.#offsets.get(key) ?? { at: this.#f.local('i32'), walk };
    this.#offsets.set(key, known);
    return known.at;
  }

  /** All channels of one row: pairs of vectors, a vector, the channels left over. */
  #row(values: readonly Expr[]): void {
    const f = this.#f;
    const { width } = this.#map;
    const step = 4 * vectors;
    const rounds = Math.floor(width / step);
    const rest = width - rounds * step;
    if (rounds > 0) {
      const round = f.local('i32');
      f.i32(0).set(round);
      f.while(round, rounds, 1, () => this.#channels(values, vectors, step));
    }
    if (rest >= 4) this.#channels(values, 1, 4);
    if (rest % 4 > 0) this.#channels(values, 1, rest % 4);
    for (const { at, walk } of this.#offsets.values()) {
      const behind = walk.rowBytes - (walk.single ? 0 : width * 4);
      if (behind !== 0) f.get(at).i32(behind).op('i32.add').set(at);
    }
  }

  #channels(values: readonly Expr[], lockStep: number, channels: number): void {
    const f = this.#f;
    emitExpressions(f, values, {
      ...this.#options,
      vectors: lockStep,
      load: (name, vector) => this.#load(name, vector),
      store: (index, value, vector) => this.#store(index, value, vector, Math.min(4, channels - 4 * vector)),
    });
    for (const { at, walk } of this.#offsets.values()) if (!walk.single) f.get(at).i32(channels * 4).op('i32.add').set(at);
  }

  #load(name: string, vector: number): void {
    const drawn = this.#map.draws.get(name);
    if (drawn !== undefined) {
      this.#drawn(drawn, vector);
      return;
    }
    const operand = this.#leaves.get(name);
    if (operand === undefined) throw new RangeError(`pointwise: nothing is named "${name}".`);
    this.#f.get(operand.base).get(operand.at).op('i32.add');
    if (operand.walk.single) this.#f.memory('v128.load32_splat');
    else this.#f.memory('v128.load', vector * 16);
  }

  /** Four channels' random numbers: from the seed, the stream, the step, the row and the channels alone. */
  #drawn({ stream, span }: Random, vector: number): void {
    const f = this.#f;
    const { leaves, writes, masked, batch } = this.#map;
    const first = leaves.size + writes.length + (masked ? 1 : 0);
    const [time, unit, seed] = [f.param(first), f.param(first + 1), f.param(first + 2)];
    f.get(unit).i32(2).op('i32.shr_u').get(this.#channel).i32(4).op('i32.shr_u').op('i32.add').i32(vector).op('i32.add');
    f.get(this.#rowIndex).i32(batch).op('i32.rem_u');
    if (span === 'step') f.get(this.#rowIndex).i32(batch).op('i32.div_u').get(time).op('i32.add').i32(1).op('i32.add');
    else f.i32(0);
    f.i32(stream).get(seed).call(this.#draw as FunctionReference);
  }

  #store(index: number, value: Local, vector: number, lanes: number): void {
    const { base, at } = this.#targets[index] as Operand;
    const f = this.#f;
    if (lanes === 4) {
      f.get(base).get(at).op('i32.add').get(value).memory('v128.store', vector * 16);
      return;
    }
    for (let lane = 0; lane < lanes; lane++) f.get(base).get(at).op('i32.add').get(value).storeLane32(lane, vector * 16 + lane * 4);
  }
}
