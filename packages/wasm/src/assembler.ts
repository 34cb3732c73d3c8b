import { atomic, lane, memory, plain, valueTypes, type AtomicInstruction, type LaneInstruction, type MemoryInstruction, type PlainInstruction, type ValueType } from './instructions.ts';

/** A local variable or parameter of a function under construction. */
export interface Local { readonly index: number; readonly type: ValueType }
/** What a function takes and gives back. */
export interface Signature { readonly params: readonly ValueType[]; readonly results: readonly ValueType[] }
/** A function of a module: what `call` needs. */
export interface FunctionReference { readonly index: number; readonly signature: Signature }
/** Limits of the imported memory, in pages of 64 KiB. */
export interface MemoryLimits { readonly initial: number; readonly maximum: number; readonly shared: boolean }

/** The bytes of a WebAssembly module, function by function. Its one import is a memory, `env.memory`. */
export class ModuleBuilder {
  readonly #limits: MemoryLimits;
  readonly #functions: { builder: FunctionBuilder; exported: string | undefined }[] = [];

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  /** Adds a function; `body` writes its instructions. With `exported`, JavaScript can call it under that name. */
  function(signature: Signature, body: (f: FunctionBuilder) => void, exported?: string): FunctionReference {
    const builder = new FunctionBuilder(signature);
    const reference = { index: this.#functions.length, signature };
    this.#functions.push({ builder, exported });
    body(builder);
    return reference;
  }

  /** Lets JavaScript call a function under this name. */
  export(reference: FunctionReference, exported: string): void {
    const entry = this.#functions[reference.index];
    if (entry !== undefined) entry.exported = exported;
  }

  /** The finished module. */
  bytes(): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    const head: number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    section(head, 1, vector(functions.map(({ builder }) => signatureBytes(builder.signature))));
    section(head, 2, vector([[...name('env'), ...name('memory'), 0x02, ...limitBytes(this.#limits)]]));
    section(head, 3, vector(functions.map((_, index) => unsigned(index))));
    const exports = functions.flatMap(({ exported }, index) => (exported === undefined ? [] : [[...name(exported), 0x00, ...unsigned(index)]]));
    section(head, 7, vector(exports));
    const codes = functions.map(({ builder }) => builder.code());
    const count = unsigned(codes.length);
    head.push(10, ...unsigned(count.length + codes.reduce((sum, code) => sum + code.length, 0)), ...count);
    return joined([head, ...codes]);
  }
}

/** Instructions of one function, in the order in which they are emitted; methods return the builder, so that they chain. */
export class FunctionBuilder {
  readonly signature: Signature;
  readonly #locals: ValueType[] = [];
  #code: number[] = [];
  readonly #start: number[] = [];
  readonly #held = new Map<string, Local>();

  constructor(signature: Signature) {
    this.signature = signature;
  }

  /** Parameter number `index`. */
  param(index: number): Local {
    const type = this.signature.params[index];
    if (type === undefined) throw new RangeError(`assembler: parameter ${index} of ${this.signature.params.length} does not exist.`);
    return { index, type };
  }

  /** A new local variable, zero at first. */
  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.signature.params.length + this.#locals.length - 1, type };
  }

  /** The local that holds what `push` pushes: set once, at the function's beginning, for every use under the same key. */
  held(key: string, type: ValueType, push: () => void): Local {
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const local = this.local(type);
    const code = this.#code;
    this.#code = this.#start;
    push();
    this.set(local);
    this.#code = code;
    this.#held.set(key, local);
    return local;
  }

  get({ index }: Local): this { return this.#short(0x20, index); }
  set({ index }: Local): this { return this.#short(0x21, index); }
  tee({ index }: Local): this { return this.#short(0x22, index); }
  i32(value: number): this { return value >= 0 && value < 64 ? this.#short(0x41, value) : this.#emit(0x41, ...signed(value | 0)); }
  i64(value: number): this { return this.#emit(0x42, ...signed(value)); }
  f32(value: number): this { return this.#emit(0x43, ...float32(value)); }
  /** Four equal floats. In hot loops load constants from memory instead: some engines rematerialise this one each time round. */
  f32x4(value: number): this { return this.#emit(0xfd, 0x0c, ...float32(value), ...float32(value), ...float32(value), ...float32(value)); }
  /** Four equal integers (32 bits each). */
  i32x4(value: number): this { return this.#emit(0xfd, 0x0c, ...int32(value), ...int32(value), ...int32(value), ...int32(value)); }
  /** Any instruction without an immediate. */
  op(instruction: PlainInstruction): this {
    for (const byte of plain[instruction]) this.#code.push(byte);
    return this;
  }
  /** A load, or a store, `offset` bytes past the address on the stack. */
  memory(instruction: MemoryInstruction, offset = 0): this {
    const [code, alignment] = memory[instruction];
    for (const byte of code) this.#code.push(byte);
    return this.#short(Math.min(alignment, 2), offset);
  }
  /** What other threads see whole, `offset` bytes past the address on the stack. */
  atomic(instruction: AtomicInstruction, offset = 0): this { return this.#emit(...atomic[instruction], 2, ...unsigned(offset)); }
  /** Takes or replaces one lane. */
  lane(instruction: LaneInstruction, index: number): this { return this.#emit(...lane[instruction], index); }
  /** Stores lane `index` of the vector on the stack (`address vector →`). */
  storeLane32(index: number, offset = 0): this { return this.#emit(0xfd, 0x5a, 0x02, ...unsigned(offset), index); }
  /** Stores half `index` (64 bits) of the vector on the stack. */
  storeLane64(index: number, offset = 0): this { return this.#emit(0xfd, 0x5b, 0x02, ...unsigned(offset), index); }
  /** Bytes of two vectors in a new order (16 indices below 32). */
  shuffle(indices: readonly number[]): this { return this.#emit(0xfd, 0x0d, ...indices); }
  /** Copies bytes (`to from bytes →`); the two may overlap. */
  memoryCopy(): this { return this.#emit(0xfc, 0x0a, 0x00, 0x00); }
  /** Fills bytes (`to value bytes →`). */
  memoryFill(): this { return this.#emit(0xfc, 0x0b, 0x00); }
  call({ index }: FunctionReference): this { return this.#short(0x10, index); }

  /** `block … end`: `br(0)` inside leaves it. */
  block(body: () => void): this {
    this.#emit(0x02, 0x40);
    body();
    return this.#emit(0x0b);
  }

  /** `loop … end`: `br(0)` inside goes round again. */
  loop(body: () => void): this {
    this.#emit(0x03, 0x40);
    body();
    return this.#emit(0x0b);
  }

  /** Runs `then` where the i32 on the stack is not 0, else `otherwise`. */
  if(then: () => void, otherwise?: () => void): this {
    this.#emit(0x04, 0x40);
    then();
    if (otherwise !== undefined) {
      this.#emit(0x05);
      otherwise();
    }
    return this.#emit(0x0b);
  }

  br(depth: number): this { return this.#emit(0x0c, ...unsigned(depth)); }
  brIf(depth: number): this { return this.#emit(0x0d, ...unsigned(depth)); }

  /** `for (counter = counter; counter < end; counter += step)` over unsigned i32; the counter keeps its value, so set it first. */
  while(counter: Local, end: Local | number, step: number, body: () => void): this {
    const pushEnd = (): this => (typeof end === 'number' ? this.i32(end) : this.get(end));
    return this.block(() => {
      this.get(counter);
      pushEnd().op('i32.ge_u').brIf(0);
      this.loop(() => {
        body();
        this.get(counter).i32(step).op('i32.add').tee(counter);
        pushEnd().op('i32.lt_u').brIf(0);
      });
    });
  }

  /** The function's entry in the code section. */
  code(): Uint8Array<ArrayBuffer> {
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count += 1;
      else runs.push({ type, count: 1 });
    }
    const locals = vector(runs.map(({ type, count }) => [...unsigned(count), valueTypes[type]]));
    return joined([[...unsigned(locals.length + this.#start.length + this.#code.length + 1), ...locals], this.#start, this.#code, [0x0b]]);
  }

  #emit(...bytes: number[]): this {
    for (const byte of bytes) this.#code.push(byte);
    return this;
  }

  // Nearly all of what is emitted: modules are made while somebody waits, by code that no engine has optimised yet.
  #short(code: number, index: number): this {
    if (index >= 128) return this.#emit(code, ...unsigned(index));
    this.#code.push(code, index);
    return this;
  }
}

function signatureBytes({ params, results }: Signature): number[] {
  return [0x60, ...vector(params.map((type) => [valueTypes[type]])), ...vector(results.map((type) => [valueTypes[type]]))];
}

function limitBytes({ initial, maximum, shared }: MemoryLimits): number[] {
  return [shared ? 0x03 : 0x01, ...unsigned(initial), ...unsigned(maximum)];
}

function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
}

function section(out: number[], id: number, content: readonly number[]): void {
  out.push(id, ...unsigned(content.length));
  for (const byte of content) out.push(byte);
}

function vector(items: readonly (readonly number[])[]): number[] {
  return concat([unsigned(items.length), ...items]);
}

// Spreading a long list into push overflows the stack, hence byte by byte.
function concat(lists: readonly (readonly number[])[]): number[] {
  const out: number[] = [];
  for (const list of lists) for (const byte of list) out.push(byte);
  return out;
}

function joined(lists: readonly (readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    out.set(list, at);
    at += list.length;
  }
  return out;
}

// LEB128, seven bits a byte, lowest first.
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

function signed(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const low = ((rest % 128) + 128) % 128;
    rest = Math.floor(rest / 128);
    const done = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
    out.push(done ? low : low | 0x80);
    if (done) return out;
  }
}

function float32(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
