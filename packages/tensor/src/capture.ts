import { drawsRandom } from '@unroll/expr';
import type { Backend, DirectAccess, HostData } from './backend.ts';
import { hostArray, type DType, type HostArray } from './dtype.ts';
import { check } from './errors.ts';
import type { Kernel, Shape } from './kernel.ts';
import { keep, scope, type Storage } from './memory.ts';
import { recording, type Recorder } from './run.ts';
import { shapeText, sizeOf } from './shape.ts';
import { upload } from './ops/create.ts';
import type { Tensor } from './tensor.ts';
import { currentBackend } from './use.ts';

/** Shape and type of what is new in every run; float32 where no type is named. */
export interface InputSpec { readonly shape: Shape; readonly dtype?: DType }

/** A tensor for each of a list. */
export type TensorsOf<List extends readonly unknown[]> = { readonly [K in keyof List]: Tensor };

/** What a captured function gives: results, and the state for the next run. */
export interface Produced { readonly outputs: readonly Tensor[]; readonly state?: readonly Tensor[] }

export interface CaptureOptions<Inputs extends readonly InputSpec[], State extends readonly Tensor[]> {
  readonly inputs: Inputs;
  /** What the first run starts from: copied. */
  readonly state?: State;
}

/**
 * Runs `fn` once and writes down what it does to its tensors; the result does that again and again, over memory that is set aside now:
 * a run makes no tensor and allocates nothing. For what is called often and does little: one step of a stream, a character of a text.
 *
 * The shapes are fixed. Parameters are followed as they change by `assign`; what `fn` makes from numbers of its own (`zeros`, `tensor`)
 * stays as it was. Needs a backend whose memory the host can see (wasm, reference).
 *
 * @example
 * const stream = capture(([x], [h, c]) => {
 *   const [y, next] = layer.step(x, [h, c]);
 *   return { outputs: [head.forward(y)], state: next };
 * }, { inputs: [{ shape: [1, 64] }], state: [zeros([1, 1, 256]), zeros([1, 1, 256])] });
 * const [scores] = stream.run(samples);
 * @throws TensorError `backend` on other backends; `argument` for functions that draw random numbers, take gradients or are async;
 * `shape` where the state that comes out is not the one that goes in
 */
export function capture<const Inputs extends readonly InputSpec[], const State extends readonly Tensor[] = readonly []>(
  fn: (inputs: TensorsOf<Inputs>, state: TensorsOf<State>) => Produced, { inputs, state }: CaptureOptions<Inputs, State>,
): Captured {
  const backend = currentBackend();
  const { direct } = backend;
  check(direct !== undefined, 'backend', () => `capture: the ${backend.name} backend computes in memory that the host does not see; call the function itself, and read with data().`);
  return new Captured(new Tape(backend, direct, inputs, state ?? []), (given, before) => fn(given as TensorsOf<Inputs>, before as TensorsOf<State>));
}

/** A function that was captured. */
export class Captured {
  readonly #tape: Tape;
  readonly #nodes: readonly BoundKernel[];
  readonly #outputs: readonly { readonly from: Place; readonly to: HostArray }[];
  readonly #carried: readonly { readonly from: Place; readonly to: Place; readonly by: HostArray | undefined }[];
  readonly #results: readonly HostArray[];
  #disposed = false;

  /** For `capture`. */
  constructor(tape: Tape, fn: (inputs: readonly Tensor[], state: readonly Tensor[]) => Produced) {
    this.#tape = tape;
    const { outputs, state } = tape.listen(fn);
    this.#nodes = tape.nodes;
    this.#outputs = outputs.map((from) => ({ from, to: hostArray(from.dtype, from.size) }));
    // A state that becomes another one has to be read before that one is written.
    this.#carried = state.map((from, k) => ({ from, to: tape.state[k] as Place, by: tape.state.includes(from) ? hostArray(from.dtype, from.size) : undefined }));
    this.#results = this.#outputs.map(({ to }) => to);
  }

  /** One run: numbers for each input, in order, to those of each output. The arrays returned are always the same: the next run overwrites them. */
  run(...inputs: readonly ArrayLike<number>[]): readonly HostArray[] {
    check(!this.#disposed, 'disposed', () => 'capture: this captured function was disposed; capture it again.');
    const places = this.#tape.inputs;
    check(inputs.length === places.length, 'argument', () => `capture: the function takes ${places.length} inputs, got ${inputs.length}.`);
    for (let k = 0; k < places.length; k++) this.#tape.put(places[k] as Place, inputs[k] as ArrayLike<number>);
    for (const node of this.#nodes) node.run();
    // Outputs first: one of them may be a state as it was before.
    for (const { from, to } of this.#outputs) to.set(this.#tape.view(from));
    for (const { from, by } of this.#carried) by?.set(this.#tape.view(from));
    for (const { from, to, by } of this.#carried) this.#tape.view(to).set(by ?? this.#tape.view(from));
    return this.#results;
  }

  /** The state now, a copy of each. */
  state(): readonly HostArray[] {
    return this.#tape.state.map((place) => {
      const copy = hostArray(place.dtype, place.size);
      copy.set(this.#tape.view(place));
      return copy;
    });
  }

  /** Goes on from another state; without one, from that of the beginning. */
  reset(state: readonly ArrayLike<number>[] = this.#tape.initial): void {
    const places = this.#tape.state;
    check(state.length === places.length, 'argument', () => `capture: the state has ${places.length} parts, got ${state.length}.`);
    places.forEach((place, k) => this.#tape.put(place, state[k] as ArrayLike<number>));
  }

  /** Gives its memory back. A second call does nothing. */
  dispose(): void {
    if (!this.#disposed) this.#tape.release();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

// Private.

/** A tensor's memory, whatever becomes of the tensor. */
interface Place { readonly storage: Storage; readonly shape: Shape; readonly dtype: DType; readonly size: number; seen: HostData | undefined }

/** A tensor from outside: its memory now may not be that of the next run. */
interface Outside { readonly tensor: Tensor; storage: Storage }

/** One kernel over fixed memory. */
class BoundKernel {
  readonly #direct: DirectAccess;
  readonly #kernel: Kernel;
  readonly #inputs: Storage[];
  readonly #outputs: readonly Storage[];
  readonly #outside: readonly (Outside & { readonly at: number })[];
  #bound: () => void;

  constructor(direct: DirectAccess, kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Storage[], isInside: (storage: Storage) => boolean) {
    this.#direct = direct;
    this.#kernel = kernel;
    this.#inputs = inputs.map(({ storage }) => storage.retain());
    this.#outputs = outputs;
    this.#outside = inputs.flatMap((tensor, at) => (isInside(tensor.storage) ? [] : [{ tensor, storage: tensor.storage, at }]));
    this.#bound = this.#bind();
  }

  run(): void {
    for (const outside of this.#outside) if (!outside.tensor.disposed && outside.tensor.storage !== outside.storage) this.#follow(outside);
    this.#bound();
  }

  release(): void {
    for (const storage of this.#inputs) storage.release();
  }

  #follow(outside: Outside & { readonly at: number }): void {
    const { storage } = outside.tensor;
    this.#inputs[outside.at] = storage.retain();
    outside.storage.release();
    outside.storage = storage;
    this.#bound = this.#bind();
  }

  #bind(): () => void {
    return this.#direct.bind(this.#kernel, this.#inputs.map(({ buffer }) => buffer), this.#outputs.map(({ buffer }) => buffer));
  }
}

class Tape implements Recorder {
  readonly alone = true;
  readonly nodes: BoundKernel[] = [];
  readonly inputs: readonly Place[];
  readonly state: readonly Place[];
  readonly initial: readonly HostArray[];
  readonly #direct: DirectAccess;
  readonly #tensors: readonly Tensor[];
  readonly #inside = new Set<Storage>();

  constructor(backend: Backend, direct: DirectAccess, inputs: readonly InputSpec[], state: readonly Tensor[]) {
    this.#direct = direct;
    const given = inputs.map(({ shape, dtype = 'float32' }) => upload(backend, hostArray(dtype, sizeOf(shape)), shape, dtype));
    this.initial = state.map((tensor) => {
      check(tensor.backend === backend, 'backend', () => `capture: the state must live on the backend in use, ${backend.name}, got ${tensor.backend.name}; move it with to().`);
      const copy = hostArray(tensor.dtype, tensor.size);
      copy.set(direct.view(tensor.storage.buffer, tensor.dtype));
      return copy;
    });
    const before = state.map(({ shape, dtype }, k) => upload(backend, this.initial[k] as HostArray, shape, dtype));
    this.#tensors = [...given, ...before].map(keep);
    [this.inputs, this.state] = [given.map(placeOf), before.map(placeOf)];
    for (const { storage } of this.#tensors) this.#inside.add(storage.retain());
  }

  /** Runs `fn` and gives the places of what it returns. What was taken is given back when it throws. */
  listen(fn: (inputs: readonly Tensor[], state: readonly Tensor[]) => Produced): { readonly outputs: readonly Place[]; readonly state: readonly Place[] } {
    const [inputs, before] = [this.#tensors.slice(0, this.inputs.length), this.#tensors.slice(this.inputs.length)];
    try {
      return scope(() => {
        const { outputs, state = [] } = checkProduced(recording(this, () => fn(inputs, before)));
        this.#checkState(state);
        return { outputs: outputs.map((output) => this.#produced(output)), state: state.map((tensor) => this.#produced(tensor)) };
      });
    } catch (error) {
      this.release();
      throw error;
    }
  }

  extend(kernel: Kernel): Kernel {
    const draws = kernel.kind === 'random' || (kernel.kind === 'scan' && drawsRandom(kernel.step));
    check(!draws, 'argument', () => 'capture: the function draws random numbers, which would be the same in every run; call eval() on its modules, or draw outside.');
    return kernel;
  }

  record(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    if (outputs.every(({ size }) => size === 0)) return;
    const storages = outputs.map(({ storage }) => storage.retain());
    for (const storage of storages) this.#inside.add(storage);
    this.nodes.push(new BoundKernel(this.#direct, kernel, inputs, storages, (storage) => this.#inside.has(storage)));
  }

  alias(): void {
    // Same memory: nothing to do again.
  }

  put(place: Place, values: ArrayLike<number>): void {
    check(values.length === place.size, 'shape', () => `capture: ${shapeText(place.shape)} takes ${place.size} numbers, got ${values.length}.`);
    this.view(place).set(values);
  }

  /** The memory itself. Where a memory that grew left its old view behind, a new one. */
  view(place: Place): HostData {
    if (place.seen === undefined || place.seen.length !== place.size) place.seen = this.#direct.view(place.storage.buffer, place.dtype);
    return place.seen;
  }

  release(): void {
    for (const node of this.nodes) node.release();
    for (const storage of this.#inside) storage.release();
    for (const tensor of this.#tensors) tensor.dispose();
  }

  #checkState(state: readonly Tensor[]): void {
    const texts = (places: readonly { readonly shape: Shape; readonly dtype: DType }[]): string => places.map(({ shape, dtype }) => `${shapeText(shape)} ${dtype}`).join(', ') || 'none';
    check(texts(state) === texts(this.state), 'shape', () => `capture: the state that comes out must be the one that goes in, ${texts(this.state)}, got ${texts(state)}.`);
  }

  #produced(tensor: Tensor): Place {
    const own = [...this.inputs, ...this.state].find(({ storage }) => storage === tensor.storage);
    check(own !== undefined || this.#inside.has(tensor.storage), 'argument', () => `capture: a result ${shapeText(tensor.shape)} does not come from the function's inputs or state.`);
    return own ?? placeOf(tensor);
  }
}

// What a program without types returns.
function checkProduced(produced: Produced): Produced {
  if (produced instanceof Promise) produced.catch(() => undefined);
  check(Array.isArray(produced.outputs), 'argument', () => `capture: the function must return { outputs: [...] }${produced instanceof Promise ? ' and must not be async; await outside' : ''}.`);
  return produced;
}

function placeOf({ storage, shape, dtype, size }: Tensor): Place {
  return { storage, shape, dtype, size, seen: undefined };
}
