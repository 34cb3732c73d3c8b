import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';

/** Some of a number of rows or columns: from `first` to before `end`. */
export interface Share { readonly first: Local; readonly end: Local }

/** Bytes of the memory in which threads meet, and where what lies in it. */
export const meetingBytes = 64;
const arrivedAt = 0;
const roundAt = 4;

/** As often a thread looks again before it goes to sleep: some tens of microseconds, more than shares of equal size differ by. */
const spins = 60_000;

/**
 * The threads that run one function together: every one the same code, each on its share. What one share is never changes a result,
 * as every element is computed as it is by one thread alone.
 */
export class Team {
  readonly #f: FunctionBuilder;
  readonly #meet: FunctionReference | undefined;
  /** Which of the team this thread is, and how many there are. */
  readonly thread: Local;
  readonly #threads: Local;

  /** In a function whose parameters are `thread` and `threads`. `meet`: from `emitMeet`; undefined where there is only one thread ever. */
  constructor(f: FunctionBuilder, meet: FunctionReference | undefined) {
    this.#f = f;
    this.#meet = meet;
    this.thread = f.param(0);
    this.#threads = f.param(1);
  }

  /** This thread's share of `count`, as evenly as multiples of `step` allow; known from the function's beginning on. */
  share(count: number, step: number): Share {
    const border = (thread: () => void): void => {
      thread();
      this.#f.i32(Math.ceil(count / step)).op('i32.mul').get(this.#threads).op('i32.div_u').i32(step).op('i32.mul');
      this.#atMost(count);
    };
    return {
      first: this.#f.held(`first of ${count} by ${step}`, 'i32', () => border(() => this.#f.get(this.thread))),
      end: this.#f.held(`end of ${count} by ${step}`, 'i32', () => border(() => this.#f.get(this.thread).i32(1).op('i32.add'))),
    };
  }

  /** This thread's share of `count` in pieces of `size`: one piece, or all of them where there is only one thread. */
  piece(count: number, size: number): Share {
    const f = this.#f;
    const first = f.held(`first of ${count} in pieces of ${size}`, 'i32', () => {
      f.get(this.thread).i32(size).op('i32.mul');
      this.#atMost(count);
    });
    const end = f.held(`end of ${count} in pieces of ${size}`, 'i32', () => {
      f.get(first).i32(size).op('i32.add').i32(count).get(this.#threads).i32(1).op('i32.gt_u').op('select');
      this.#atMost(count);
    });
    return { first, end };
  }

  /** Everything, for each thread. */
  all(count: number): Share {
    return { first: this.#f.held('first of all', 'i32', () => this.#f.i32(0)), end: this.#f.held(`end of ${count}`, 'i32', () => this.#f.i32(count)) };
  }

  /** Pushes how many are in a share. */
  pushCount({ first, end }: Share): FunctionBuilder {
    return this.#f.get(end).get(first).op('i32.sub');
  }

  /** Goes on when all threads have come so far, and sees what they wrote. */
  meet(): void {
    if (this.#meet !== undefined) this.#f.get(this.#threads).call(this.#meet);
  }

  /** Pushes the smaller one of the number on the stack and `most`. */
  #atMost(most: number): void {
    const number = this.#f.local('i32');
    this.#f.tee(number).i32(most).get(number).i32(most).op('i32.lt_u').op('select');
  }

  /** Runs `body` in the first thread alone. */
  first(body: () => void): void {
    this.#f.get(this.thread).op('i32.eqz').if(body);
  }
}

/**
 * `meet(threads)`: waits for all threads at `address`, looking for a while, then asleep. The last one to come starts the next round.
 */
export function emitMeet(module: ModuleBuilder, address: number): FunctionReference {
  return module.function({ params: ['i32'], results: [] }, (f) => {
    const [threads, round, left] = [f.param(0), f.local('i32'), f.local('i32')];
    const isOver = (): FunctionBuilder => f.i32(address).atomic('i32.atomic.load', roundAt).get(round).op('i32.ne');
    f.block(() => {
      f.get(threads).i32(2).op('i32.lt_u').brIf(0);
      f.i32(address).atomic('i32.atomic.load', roundAt).set(round);
      f.i32(address).i32(1).atomic('i32.atomic.rmw.add', arrivedAt).i32(1).op('i32.add').get(threads).op('i32.eq').if(() => {
        f.i32(address).i32(0).atomic('i32.atomic.store', arrivedAt);
        f.i32(address).i32(1).atomic('i32.atomic.rmw.add', roundAt).op('drop');
        f.i32(address).i32(-1).atomic('memory.atomic.notify', roundAt).op('drop').br(1);
      });
      f.i32(spins).set(left);
      f.loop(() => {
        isOver().brIf(1);
        f.get(left).i32(1).op('i32.sub').tee(left).brIf(0);
      });
      f.loop(() => {
        f.i32(address).get(round).i64(-1).atomic('memory.atomic.wait32', roundAt).op('drop');
        isOver().op('i32.eqz').brIf(0);
      });
    });
  });
}
