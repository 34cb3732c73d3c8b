import type { DType, ReduceOp } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local } from '../assembler.ts';
import type { PlainInstruction } from '../instructions.ts';
import { lanes } from '../lanes.ts';

/** The locals of a running result, as many as its fold's `start` has entries. */
export type State = readonly Local[];

/** One reduction on vectors of four elements. */
export interface Fold {
  /** The 32 bits that every lane of each local holds before the first element. */
  readonly start: readonly number[];
  /** Takes in a vector x. `index`: the number of its elements along their axis, if lanes lie across that axis. */
  step(f: FunctionBuilder, state: State, x: Local, index: Local): void;
  /** Takes in another running result. */
  merge(f: FunctionBuilder, state: State, other: State): void;
  /** Takes all lanes into lane 0. */
  across(f: FunctionBuilder, state: State): void;
  /** Pushes the result of each lane. */
  finish(f: FunctionBuilder, state: State): void;
  /** How a single element is loaded so that the other lanes change nothing. */
  readonly single: 'v128.load32_zero' | 'v128.load32_splat';
  /** The result over no elements. */
  readonly empty: number;
}

/** The fold of each reduction over float32 or int32. */
export function foldOf(op: ReduceOp, dtype: DType): Fold {
  return (dtype === 'int32' ? integers : floats)[op];
}

// Private.

const lowestInteger = 0x8000_0000;
const highestInteger = 0x7fff_ffff;
const minusInfinity = 0xff80_0000;
const infinity = 0x7f80_0000;

/** float32 is summed in float64: as exact as the reference, at the speed of the memory. */
const floatSum: Fold = {
  start: [0, 0],
  step(f, state, x) {
    const [low, high] = pair(state);
    f.get(low).get(x).op('f64x2.promote_low_f32x4').op('f64x2.add').set(low);
    f.get(high).get(x).get(x).shuffle(rotated(2)).op('f64x2.promote_low_f32x4').op('f64x2.add').set(high);
  },
  merge(f, state, other) {
    state.forEach((local, k) => f.get(local).get(other[k] as Local).op('f64x2.add').set(local));
  },
  across(f, state) {
    const [low, high] = pair(state);
    f.get(low).get(high).op('f64x2.add').set(low);
    f.get(low).get(low).get(low).shuffle(rotated(2)).op('f64x2.add').set(low);
  },
  finish(f, state) {
    const [low, high] = pair(state);
    f.get(low).op('f32x4.demote_f64x2_zero').get(high).op('f32x4.demote_f64x2_zero').shuffle(lanes(0, 1, 4, 5));
  },
  single: 'v128.load32_zero',
  empty: 0,
};

/** The best so far, and a mask of lanes that met a NaN. */
function floatBest(instruction: 'f32x4.pmin' | 'f32x4.pmax', worst: number, empty: number): Fold {
  const merge: Fold['merge'] = (f, state, other) => {
    const [[best, nan], [otherBest, otherNan]] = [pair(state), pair(other)];
    f.get(best).get(otherBest).op(instruction).set(best);
    f.get(nan).get(otherNan).op('v128.or').set(nan);
  };
  return {
    start: [worst, 0],
    step(f, state, x) {
      const [best, nan] = pair(state);
      f.get(best).get(x).op(instruction).set(best);
      f.get(nan).get(x).get(x).op('f32x4.ne').op('v128.or').set(nan);
    },
    merge,
    across: (f, state) => mergeLanes(f, state, merge),
    // All bits set are a NaN.
    finish: (f, [best, nan]) => f.get(best as Local).get(nan as Local).op('v128.or'),
    single: 'v128.load32_splat',
    empty,
  };
}

/** One local, and one instruction that takes in elements and other results alike. */
function simple(instruction: PlainInstruction, start: number, single: Fold['single']): Fold {
  const step: Fold['step'] = (f, [result], x) => f.get(result as Local).get(x).op(instruction).set(result as Local);
  const merge: Fold['merge'] = (f, state, [other]) => step(f, state, other as Local, other as Local);
  return { start: [start], step, merge, across: (f, state) => mergeLanes(f, state, merge), finish: (f, [result]) => f.get(result as Local), single, empty: 0 };
}

/** The best so far and its index; the first of equals, where NaN counts as best. Lanes lie across the axis only: results are not merged. */
function argmax(above: 'f32x4.gt' | 'i32x4.gt_s', worst: number): Fold {
  const unmerged = (): never => {
    throw new RangeError('reduce: argmax goes element by element.');
  };
  return {
    start: [worst, 0],
    step(f, state, x, index) {
      const [best, place] = pair(state);
      const better = f.local('v128');
      f.get(x).get(best).op(above);
      if (above === 'f32x4.gt') f.get(x).get(x).op('f32x4.ne').get(best).get(best).op('f32x4.eq').op('v128.and').op('v128.or');
      f.set(better);
      f.get(x).get(best).get(better).op('v128.bitselect').set(best);
      f.get(index).op('i32x4.splat').get(place).get(better).op('v128.bitselect').set(place);
    },
    merge: unmerged,
    across: unmerged,
    finish: (f, state) => f.get(pair(state)[1]),
    single: 'v128.load32_splat',
    empty: 0,
  };
}

const floats: Readonly<Record<ReduceOp, Fold>> = {
  sum: floatSum,
  max: floatBest('f32x4.pmax', minusInfinity, -Infinity),
  min: floatBest('f32x4.pmin', infinity, Infinity),
  argmax: argmax('f32x4.gt', minusInfinity),
};

const integers: Readonly<Record<ReduceOp, Fold>> = {
  sum: simple('i32x4.add', 0, 'v128.load32_zero'),
  max: simple('i32x4.max_s', lowestInteger, 'v128.load32_splat'),
  min: simple('i32x4.min_s', highestInteger, 'v128.load32_splat'),
  argmax: argmax('i32x4.gt_s', lowestInteger),
};

function pair(state: State): readonly [Local, Local] {
  return [state[0] as Local, state[1] as Local];
}

/** Takes in the state turned by two lanes, then by one: after that every lane has all. */
function mergeLanes(f: FunctionBuilder, state: State, merge: Fold['merge']): void {
  for (const places of [2, 1]) {
    const turned = state.map((local) => {
      const copy = f.local('v128');
      f.get(local).get(local).shuffle(rotated(places)).set(copy);
      return copy;
    });
    merge(f, state, turned);
  }
}

function rotated(places: number): number[] {
  return lanes(...[0, 1, 2, 3].map((lane) => (lane + places) % 4));
}
