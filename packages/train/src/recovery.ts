import { defaultGenerator, tensor, use, type Backend, type DType, type Generator, type GeneratorState, type HostData, type Shape, type Tensor } from '@unroll/tensor';
import type { WeightAverage } from './average.ts';
import { releaseState, replaceTensors, retainState } from './carry.ts';
import type { NamedTensors, Optimizer } from './optimizer.ts';
import type { WeightSnapshot } from './weights.ts';

/**
 * How a training goes on when the device of its backend is lost: driver reset, laptop asleep, a tab's GPU taken away.
 *
 * Now and then all that decides how it goes on is copied to the host. After a loss it is put onto another backend, the batches since
 * then are learnt again, without being reported again, and the step that failed follows. On a backend of the same kind the numbers are
 * those of a training that was never interrupted.
 */
export interface Recovery {
  /** The backend to go on with, given what the lost one said. Where it rejects, so does `fit`. */
  readonly next: (loss: Error) => Backend | Promise<Backend>;
  /** Updates between two copies. Default 50. */
  readonly every?: number;
  /** What the model draws random numbers from, besides the default generator. */
  readonly generators?: readonly Generator[];
  /** Weights that are kept beside the model's: the best ones so far, for instance. They are saved, too. */
  readonly snapshots?: readonly WeightSnapshot[];
}

/** What of a training lives on the device, apart from the recurrent state. */
export interface OnDevice {
  readonly parameters: () => NamedTensors;
  readonly optimizer: Optimizer;
  readonly ema?: WeightAverage | undefined;
  readonly snapshots?: readonly WeightSnapshot[] | undefined;
}

/** Whether this says that a device is gone, and with it all that was on it. */
export function isLost(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'lost';
}

/** Numbers of a tensor on the host. */
class HostCopy {
  readonly data: HostData;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(data: HostData, { shape, dtype }: Tensor) {
    [this.data, this.shape, this.dtype] = [data, shape, dtype];
  }

  /** A tensor of them on the backend in use. */
  upload(): Tensor {
    return tensor(this.data, { shape: this.shape, dtype: this.dtype });
  }
}

/** A copy on the host of all that decides how a training goes on. */
export class HostSnapshot<State> {
  readonly #tree: Tree<HostCopy, State>;

  private constructor(tree: Tree<HostCopy, State>) {
    this.#tree = tree;
  }

  /** Waits for all that was enqueued. */
  static async take<State>({ parameters, optimizer, ema, snapshots = [] }: OnDevice, state: State): Promise<HostSnapshot<State>> {
    const tree = { parameters: parameters(), optimizer: optimizer.stateDict(), ema: ema?.stateDict(), snapshots: snapshots.map((one) => one.stateDict()), state };
    const tensors: Tensor[] = [];
    replaceTensors(tree, (one) => tensors.push(one));
    const copies = await Promise.all(tensors.map(async (one) => new HostCopy(await one.data(), one)));
    let next = 0;
    return new HostSnapshot(replaceTensors(tree, () => copies[next++]) as Tree<HostCopy, State>);
  }

  /** Puts everything onto the backend in use; returns the recurrent state, which is the caller's. */
  restore({ parameters, optimizer, ema, snapshots = [] }: OnDevice): State {
    const tree = replaceCopies(this.#tree) as Tree<Tensor, State>;
    try {
      for (const [name, own] of Object.entries(parameters())) own.assign(tree.parameters[name] as Tensor);
      optimizer.loadStateDict(tree.optimizer);
      if (tree.ema !== undefined) ema?.loadStateDict(tree.ema);
      snapshots.forEach((one, k) => one.loadStateDict(tree.snapshots[k] ?? {}));
      return retainState(tree.state);
    } finally {
      releaseState(tree);
    }
  }
}

interface Tree<Leaf, State> {
  readonly parameters: Readonly<Record<string, Leaf>>;
  readonly optimizer: { readonly steps: number; readonly lr: number; readonly tensors: Readonly<Record<string, Leaf>> };
  readonly ema: { readonly updates: number; readonly tensors: Readonly<Record<string, Leaf>> } | undefined;
  readonly snapshots: readonly Readonly<Record<string, Leaf>>[];
  readonly state: State;
}

function replaceCopies(value: unknown): unknown {
  if (value instanceof HostCopy) return value.upload();
  if (Array.isArray(value)) return value.map(replaceCopies);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceCopies(item)]));
}

/** A training, piece by piece, as far as going back needs it. */
export interface Course<Piece, State, Result> {
  state: State;
  /** Whether all that was learnt so far is in the weights. */
  readonly isSettled: boolean;
  /** Learns a piece. Where it ends an update, the learning rate of that is `lr` if it is given. */
  advance(piece: Piece, lr?: number): Promise<Result>;
  /** Forgets what was learnt since the last update. */
  clear(): void;
}

/** Something that a training learns from. What of it is on the device is freed by `dispose`, and uploaded again when it is needed. */
export interface OnLoan {
  dispose(): void;
}

interface Entry<Piece> {
  readonly piece: Piece;
  /** Where generators and learning rate were before it was learnt. */
  readonly generators: readonly GeneratorState[];
  readonly lr: number;
  /** The rate that it was learnt with, if it ended an update. */
  used: number;
}

/** What was learnt since the last copy to the host, and the way to learn it again. */
export class Journal<Piece extends OnLoan, State> {
  readonly #recovery: Recovery;
  readonly #device: OnDevice;
  readonly #generators: readonly Generator[];
  readonly #since: Entry<Piece>[] = [];
  #copy: { readonly snapshot: HostSnapshot<State>; readonly steps: number; readonly kept: readonly NamedTensors[] } | undefined;

  constructor(recovery: Recovery, device: OnDevice) {
    this.#recovery = recovery;
    this.#device = { ...device, snapshots: recovery.snapshots };
    this.#generators = [defaultGenerator(), ...(recovery.generators ?? [])];
  }

  /** Learns a piece, on another backend each time that the device is lost meanwhile. */
  async take<Result>(piece: Piece, course: Course<Piece, State, Result>): Promise<Result> {
    const { optimizer } = this.#device;
    const entry: Entry<Piece> = { piece, generators: this.#generators.map((one) => one.state()), lr: optimizer.lr, used: optimizer.lr };
    for (let isLeft = false; ;) {
      try {
        if (isLeft) await this.#return(entry, course);
        await this.#copyWhereDue(course);
        const result = await course.advance(piece);
        entry.used = optimizer.lr;
        this.#since.push(entry);
        return result;
      } catch (error) {
        // Before the first copy there is nothing to go back to.
        if (!isLost(error) || this.#copy === undefined) throw error;
        use(await this.#recovery.next(error));
        isLeft = true;
      }
    }
  }

  async #copyWhereDue(course: Course<Piece, State, unknown>): Promise<void> {
    const { optimizer: { steps }, snapshots = [] } = this.#device;
    const kept = snapshots.map((one) => one.stateDict());
    const last = this.#copy;
    // Weights are taken between two updates, which is not learnt again.
    const isOld = last === undefined || steps - last.steps >= (this.#recovery.every ?? 50) || kept.some((one, k) => one !== last.kept[k]);
    if (!isOld || (last !== undefined && !course.isSettled)) return;
    this.#copy = { snapshot: await HostSnapshot.take(this.#device, course.state), steps, kept };
    this.#since.length = 0;
  }

  /** On the backend in use: to the last copy, and from there to where the piece of `entry` can be learnt. */
  async #return(entry: Entry<Piece>, course: Course<Piece, State, unknown>): Promise<void> {
    course.clear();
    entry.piece.dispose();
    releaseState(course.state);
    course.state = this.#copy?.snapshot.restore(this.#device) as State;
    if (this.#copy !== undefined) this.#copy = { ...this.#copy, kept: (this.#device.snapshots ?? []).map((one) => one.stateDict()) };
    for (const { piece, used, ...start } of this.#since) {
      this.#startFrom(start);
      await course.advance(piece, used);
      piece.dispose();
    }
    this.#startFrom(entry);
  }

  #startFrom({ generators, lr }: Pick<Entry<Piece>, 'generators' | 'lr'>): void {
    this.#generators.forEach((one, k) => one.restore(generators[k] as GeneratorState));
    this.#device.optimizer.lr = lr;
  }
}
