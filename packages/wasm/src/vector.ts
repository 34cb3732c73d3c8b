import type { FunctionBuilder, Local } from './assembler.ts';
import type { Constants } from './constants.ts';
import type { PlainInstruction } from './instructions.ts';
import type { Profile } from './profile.ts';

/** One value: a vector of four lanes for each of the vectors in lock step. */
export type Value = readonly Local[];
/** The same 32 bits in every lane. */
export interface Bits { readonly bits: number }
/** A value, or a number that is the same in all lanes. */
export type Operand = Value | Bits | number;

/** What generated code depends on beside its function: the pool of constants, and whether multiply-add may be fused. */
export interface VectorOptions {
  readonly constants: Constants;
  readonly profile: Pick<Profile, 'relaxed'>;
  /** Vectors in lock step: more independent work for the processor, at the price of registers. */
  readonly vectors: number;
}

/** Straight-line code over vectors in lock step. Every operation puts its result into locals of its own. */
export class VectorCode {
  readonly f: FunctionBuilder;
  readonly vectors: number;
  readonly #constants: Constants;
  readonly #relaxed: boolean;
  readonly #unused: Local[] = [];
  #taken: Local[] = [];

  constructor(f: FunctionBuilder, { constants, profile, vectors }: VectorOptions) {
    this.f = f;
    this.vectors = vectors;
    this.#constants = constants;
    this.#relaxed = profile.relaxed;
  }

  /** Any instruction of one, two or three operands. */
  op(instruction: PlainInstruction, ...operands: readonly Operand[]): Value {
    const pushes = operands.map((operand) => this.#pusher(operand));
    return this.value((vector) => {
      for (const push of pushes) push(vector);
      this.f.op(instruction);
    });
  }

  /** Shifts every lane, seen as an integer. */
  shift(instruction: 'i32x4.shl' | 'i32x4.shr_s' | 'i32x4.shr_u', operand: Operand, places: number): Value {
    const push = this.#pusher(operand);
    return this.value((vector) => {
      push(vector);
      this.f.i32(places).op(instruction);
    });
  }

  /** `a · b + c`, rounded once where the profile has a fused instruction. */
  madd(a: Operand, b: Operand, c: Operand): Value {
    return this.#relaxed ? this.op('f32x4.relaxed_madd', a, b, c) : this.op('f32x4.add', this.op('f32x4.mul', a, b), c);
  }

  /** `c − a · b`, rounded once where the profile has a fused instruction. */
  nmadd(a: Operand, b: Operand, c: Operand): Value {
    return this.#relaxed ? this.op('f32x4.relaxed_nmadd', a, b, c) : this.op('f32x4.sub', c, this.op('f32x4.mul', a, b));
  }

  /** `c₀ + c₁ x + c₂ x² + …`, at least two coefficients. */
  polynomial(x: Operand, coefficients: readonly number[]): Value {
    const [highest = 0, next = 0, ...rest] = coefficients.toReversed();
    return rest.reduce<Value>((sum, coefficient) => this.madd(sum, x, coefficient), this.madd(highest, x, next));
  }

  /** `a` in the bits that are set in `mask`, else `b`. */
  choose(mask: Operand, a: Operand, b: Operand): Value {
    return this.op('v128.bitselect', a, b, mask);
  }

  /** New locals, set to what `push` pushes for each vector. */
  value(push: (vector: number) => void): Value {
    return Array.from({ length: this.vectors }, (_, vector) => {
      push(vector);
      const local = this.#take();
      this.f.set(local);
      return local;
    });
  }

  /** Runs `body`; of the locals that it took, only those of its result stay taken. */
  scope(body: () => Value): Value {
    const outer = this.#taken;
    this.#taken = [];
    const result = body();
    const inner = this.#taken;
    this.#taken = [...outer, ...result];
    this.#unused.push(...inner.filter((local) => !result.includes(local)));
    return result;
  }

  /** Gives locals back: later code may overwrite them. */
  release(value: Value): void {
    this.#taken = this.#taken.filter((local) => !value.includes(local));
    this.#unused.push(...value);
  }

  #take(): Local {
    const local = this.#unused.pop() ?? this.f.local('v128');
    this.#taken.push(local);
    return local;
  }

  // A number is loaded once for all vectors in lock step.
  #pusher(operand: Operand): (vector: number) => void {
    if (isValue(operand)) return (vector) => this.f.get(operand[vector] as Local);
    const push = (): void => (typeof operand === 'number' ? this.#constants.float(this.f, operand) : this.#constants.bits(this.f, operand.bits));
    return push;
  }
}

function isValue(operand: Operand): operand is Value {
  return Array.isArray(operand);
}
