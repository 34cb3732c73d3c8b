import type { ReduceKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local, ModuleBuilder } from '../assembler.ts';
import type { Compile } from './compile.ts';
import { foldOf, type Fold, type State } from './fold.ts';
import { storeSome } from './store.ts';

/** Sums and extremes over the middle one of three axes, in an order that depends on sizes alone. */
export const compileReduce: Compile<ReduceKernel> = (kernel, machine) => {
  const { op, dtype, outer, length, inner } = kernel;
  const fold = foldOf(op, dtype);
  if (length === 0) {
    const array = op === 'argmax' || dtype === 'int32' ? 'int32' : 'float32';
    return (_, [target = 0]) => machine.heap.views[array].fill(fold.empty, target / 4, target / 4 + outer * inner);
  }
  // The first largest element is found one after the other, so argmax has no rows.
  const along = inner === 1 && op !== 'argmax';
  const run = machine.shared(`reduce ${op} ${dtype} ${along}`, () => machine.function((module, name) => emitReduce(module, fold, along, name)));
  return ([source = 0], [target = 0]) => run(source, target, outer, length, inner);
};

/** Running results beside each other in one loop. */
const parallel = 4;

/** `run(source, target, outer, length, inner)` */
function emitReduce(module: ModuleBuilder, fold: Fold, along: boolean, name: string): void {
  module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32'], results: [] }, (f) => {
    const code = new ReduceCode(f, fold);
    if (along) code.rows();
    else code.columns();
  }, name);
}

class ReduceCode {
  readonly #f: FunctionBuilder;
  readonly #fold: Fold;
  readonly #source: Local;
  readonly #target: Local;
  readonly #outer: Local;
  readonly #length: Local;
  readonly #inner: Local;
  readonly #states: readonly State[];

  constructor(f: FunctionBuilder, fold: Fold) {
    this.#f = f;
    this.#fold = fold;
    [this.#source, this.#target, this.#outer, this.#length, this.#inner] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    this.#states = Array.from({ length: parallel }, () => fold.start.map(() => f.local('v128')));
  }

  /** Along contiguous rows: four running results of four lanes, merged in the end. */
  rows(): void {
    const f = this.#f;
    const [row, left, x] = [f.local('i32'), f.local('i32'), f.local('v128')];
    const first = this.#states[0] as State;
    const run = (elements: number, load: (k: number) => void): void => {
      this.#runs(left, elements, () => {
        this.#states.slice(0, Math.ceil(elements / 4)).forEach((state, k) => {
          load(k);
          f.set(x);
          this.#fold.step(f, state, x, left);
        });
        f.get(this.#source).i32(elements * 4).op('i32.add').set(this.#source);
      });
    };
    f.while(row, this.#outer, 1, () => {
      this.#start(parallel);
      f.get(this.#length).set(left);
      run(4 * parallel, (k) => f.get(this.#source).memory('v128.load', k * 16));
      run(4, () => f.get(this.#source).memory('v128.load'));
      run(1, () => f.get(this.#source).memory(this.#fold.single));
      for (const state of this.#states.slice(1)) this.#fold.merge(f, first, state);
      this.#fold.across(f, first);
      f.get(this.#target);
      this.#fold.finish(f, first);
      f.storeLane32(0);
      f.get(this.#target).i32(4).op('i32.add').set(this.#target);
    });
  }

  /** Across: lanes are neighbours on the innermost axis, each with a running result of its own. */
  columns(): void {
    const f = this.#f;
    const [block, left, count, stride] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const advance = (pushBytes: () => void): void => {
      for (const pointer of [this.#source, this.#target]) {
        f.get(pointer);
        pushBytes();
        f.op('i32.add').set(pointer);
      }
    };
    f.get(this.#inner).i32(2).op('i32.shl').set(stride);
    f.while(block, this.#outer, 1, () => {
      f.get(this.#inner).set(left);
      this.#runs(left, 4 * parallel, () => {
        this.#column(parallel, stride, (value, k) => f.get(this.#target).get(value).memory('v128.store', k * 16));
        advance(() => f.i32(16 * parallel));
      });
      f.block(() => f.loop(() => {
        f.get(left).op('i32.eqz').brIf(1);
        f.get(left).i32(4).get(left).i32(4).op('i32.lt_u').op('select').set(count);
        this.#column(1, stride, (value) => storeSome(f, this.#target, value, count));
        advance(() => f.get(count).i32(2).op('i32.shl'));
        f.get(left).get(count).op('i32.sub').set(left).br(0);
      }));
      // The source is behind the first element of each column: on to the next block.
      f.get(this.#source).get(this.#length).i32(1).op('i32.sub').get(stride).op('i32.mul').op('i32.add').set(this.#source);
    });
  }

  #column(vectors: number, stride: Local, store: (value: Local, k: number) => void): void {
    const f = this.#f;
    const [pointer, index, x] = [f.local('i32'), f.local('i32'), f.local('v128')];
    const states = this.#states.slice(0, vectors);
    this.#start(vectors);
    f.get(this.#source).set(pointer).i32(0).set(index);
    f.while(index, this.#length, 1, () => {
      states.forEach((state, k) => {
        f.get(pointer).memory('v128.load', k * 16).set(x);
        this.#fold.step(f, state, x, index);
      });
      f.get(pointer).get(stride).op('i32.add').set(pointer);
    });
    states.forEach((state, k) => {
      this.#fold.finish(f, state);
      f.set(x);
      store(x, k);
    });
  }

  #start(count: number): void {
    for (const state of this.#states.slice(0, count)) state.forEach((local, k) => this.#f.i32x4(this.#fold.start[k] ?? 0).set(local));
  }

  /** Runs `body` as often as `left` has that many elements. */
  #runs(left: Local, elements: number, body: () => void): void {
    const f = this.#f;
    f.block(() => f.loop(() => {
      f.get(left).i32(elements).op('i32.lt_u').brIf(1);
      body();
      f.get(left).i32(elements).op('i32.sub').set(left).br(0);
    }));
  }
}
