import { valueAndGrad } from '@unroll/autograd';
import { narrow, scope, type Tensor } from '@unroll/tensor';
import { Accumulation, type LossAndGradients } from './accumulate.ts';
import type { WeightAverage } from './average.ts';
import { load, onHost, windowsOf, type Batch, type LoadedBatch, type Window } from './batch.ts';
import { breather } from './breathe.ts';
import { releaseState, retainState } from './carry.ts';
import { clipGradNorm, clipGradValue } from './clip.ts';
import { check, checkWhole, DivergenceError } from './errors.ts';
import type { Loss } from './losses.ts';
import type { NamedTensors, Optimizer } from './optimizer.ts';
import { Journal, type Course, type OnLoan, type Recovery } from './recovery.ts';
import type { Schedule } from './schedules.ts';

/** What `fit` trains: parameters by name, and a forward pass, which may take and return a state. */
export interface Trainable<State> {
  parameters(): Record<string, Tensor>;
  forward(inputs: Tensor, state?: State): Tensor | readonly [output: Tensor, state: State];
}

/** What an update is made from, on the backend: a batch, or a window of it. */
export interface FitInput<Item extends Batch = Batch> {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  /** The batch as it was given, with whatever else is in it: lengths, for instance. */
  readonly batch: Item;
}

/** The loss of a batch, and the state after it where there is one. */
export type Objective<State, Item extends Batch = Batch> = (input: FitInput<Item>, state: State | undefined) => Tensor | readonly [loss: Tensor, state: State];

/** How `fit` trains. */
export interface FitOptions<State, Item extends Batch = Batch> {
  /** Of outputs and targets. */
  readonly loss?: Loss;
  /** In its place: the whole way from a batch to its loss, where `forward` takes more than inputs and state, or the loss more than its output. */
  readonly objective?: Objective<State, Item>;
  readonly optimizer: Optimizer;
  /** Scales the gradients so that their norm is at most this; Infinity only measures it. Default: neither. */
  readonly clipNorm?: number;
  /** Cuts each element of the gradients to [−clipValue, clipValue], before the norm is taken. Default: not. */
  readonly clipValue?: number;
  /** Batches with more steps are cut into windows of this many, each an update, with the state carried on (truncated back-propagation through time). */
  readonly truncate?: number;
  /** Where time is, for `truncate`: false (default) inputs are (T, B, …), true (B, T, …). */
  readonly batchFirst?: boolean;
  /**
   * So many batches (or windows) make one update, of the mean of their gradients, each with the weight of its targets: as if they were
   * one batch, where the loss is a mean over targets. What is left at the end makes an update, too. Default 1.
   */
  readonly accumulate?: number;
  /** Ends after so many updates, for batches without end. */
  readonly steps?: number;
  /**
   * Reports only each so many updates, and the last one: of the others nothing is read, so that a GPU is never waited for. A loss that is no
   * number is then found by the next report; updates in between were made. Default 1.
   */
  readonly reportEvery?: number;
  /** Learning rate of the update of that number (from 1); otherwise the optimiser's own stays. */
  readonly schedule?: Schedule;
  /** An average of the weights, which takes those after each update in. */
  readonly ema?: WeightAverage;
  /** State before the first batch, unless that has `reset`. Stays the caller's. */
  readonly state?: State;
  /** Where the training goes on when the device that it runs on is lost; otherwise `fit` throws what the backend says. */
  readonly recovery?: Recovery;
}

/** One update. */
export interface FitProgress<State> {
  /** Updates that the optimiser has made: goes on counting in a resumed run. */
  readonly step: number;
  /** Before the update, on its own data. */
  readonly loss: number;
  /** Norm of all gradients together before clipping; only with `clipNorm`. */
  readonly gradNorm: number | undefined;
  /** Learning rate of this update. */
  readonly lr: number;
  /** Targets learnt from since the report before. */
  readonly tokens: number;
  /** What the next window starts from; belongs to the loop and lives until the next update. */
  readonly state: State | undefined;
}

/**
 * Trains a model: one update a batch (or window of it), reporting after each. Stop by leaving the loop.
 *
 * Where `forward` returns [output, state], the state goes into the next call, detached, unless the batch says `reset`. What an
 * update makes is freed when it ends, also when it throws; then the parameters are unchanged. The loop lets the event loop run every few milliseconds.
 *
 * @example
 * for await (const { step, loss } of fit(model, batches, { loss: crossEntropy, optimizer: adamw({ lr: 2e-3 }), clipNorm: 1 })) console.log(step, loss);
 * @throws DivergenceError where the loss, or the norm that `clipNorm` measures, is NaN or infinite; the update is then not made
 */
export async function* fit<State = unknown, Item extends Batch = Batch>(
  model: Trainable<State> | Pick<Trainable<State>, 'parameters'>, batches: Iterable<Item> | AsyncIterable<Item>, options: FitOptions<State, Item>,
): AsyncGenerator<FitProgress<State>, void, void> {
  const { steps = Infinity, recovery, optimizer } = options;
  checkOptions(options);
  const last = optimizer.steps + steps;
  const breathe = breather();
  const course = new Fitting(model, options);
  const journal = recovery === undefined ? undefined : new Journal<Piece<Item>, State | undefined>(recovery, { ...options, parameters: () => model.parameters() });
  const take = (piece: Piece<Item>): Promise<FitProgress<State> | undefined> => journal?.take(piece, course) ?? course.advance(piece);
  try {
    if (steps <= 0) return;
    for await (const piece of pieces(batches, options)) {
      const progress = await take(piece);
      if (progress !== undefined) yield progress;
      await breathe();
      if (optimizer.steps >= last) return;
    }
    const progress = await take(nothing);
    if (progress !== undefined) yield progress;
  } finally {
    course.clear();
    releaseState(course.state);
  }
}

/** A window of a batch; without one, the end of all batches. */
interface Piece<Item> extends OnLoan {
  readonly content: { readonly batch: Item; readonly data: LoadedBatch; readonly window: Window; readonly reset: boolean } | undefined;
}

const nothing: Piece<never> = { content: undefined, dispose: () => undefined };

type Timing = Pick<FitOptions<unknown>, 'truncate' | 'batchFirst' | 'recovery'>;

async function* pieces<Item extends Batch>(batches: Iterable<Item> | AsyncIterable<Item>, options: Timing): AsyncGenerator<Piece<Item>, void, void> {
  for await (const batch of batches) {
    const data = load(options.recovery === undefined ? batch : await onHost(batch));
    try {
      for (const window of windowsOf(data, options.truncate, timeAxis(options))) {
        yield { content: { batch, data, window, reset: data.reset && window.start === 0 }, dispose: () => data.dispose() };
      }
    } finally {
      data.dispose();
    }
  }
}

/** Learns window by window, and makes an update of as many as belong together. */
class Fitting<State, Item extends Batch> implements Course<Piece<Item>, State | undefined, FitProgress<State> | undefined> {
  state: State | undefined;
  readonly #model: Pick<Trainable<State>, 'parameters'>;
  readonly #options: FitOptions<State, Item>;
  readonly #objective: Objective<State, Item>;
  readonly #gathered = new Accumulation();
  /** The update that is the last one, by its number. */
  readonly #last: number;
  /** Targets since the last report. */
  #tokens = 0;

  constructor(model: Trainable<State> | Pick<Trainable<State>, 'parameters'>, options: FitOptions<State, Item>) {
    [this.#model, this.#options] = [model, options];
    this.#objective = options.objective ?? byLoss<State>(model as Trainable<State>, options.loss as Loss);
    this.state = retainState(options.state);
    this.#last = options.optimizer.steps + (options.steps ?? Infinity);
  }

  get isSettled(): boolean { return this.#gathered.windows === 0; }

  async advance({ content }: Piece<Item>, lr?: number): Promise<FitProgress<State> | undefined> {
    if (content === undefined && this.isSettled) return undefined;
    if (content !== undefined) {
      const next = learn(this.#model, content, content.reset ? undefined : this.state, this.#objective, this.#options, this.#gathered);
      releaseState(this.state);
      this.state = next;
      if (this.#gathered.windows < (this.#options.accumulate ?? 1)) return undefined;
    }
    const options = lr === undefined ? this.#options : { ...this.#options, schedule: () => lr };
    const tokens = this.#tokens + this.#gathered.tokens;
    const done = await update(this.#model.parameters(), this.#gathered, options, this.#isReported(content === undefined));
    // What is learnt again was counted when it was learnt first.
    if (lr === undefined) this.#tokens = done === undefined ? tokens : 0;
    return done && { ...done, tokens, state: this.state };
  }

  /** Whether somebody is to hear of the next update. */
  #isReported(isEnd: boolean): boolean {
    const { optimizer, reportEvery = 1 } = this.#options;
    const step = optimizer.steps + 1;
    return isEnd || step % reportEvery === 0 || step >= this.#last;
  }

  clear(): void {
    this.#gathered.clear();
  }
}

/** What `loss` alone asks for. */
function byLoss<State>(model: Trainable<State>, loss: Loss): Objective<State> {
  return ({ inputs, targets }, state) => {
    const [output, next] = parts(model.forward(inputs, state));
    return next === undefined ? loss(output, targets) : [loss(output, targets), next];
  };
}

/** Puts loss and gradients of a window into `gathered`; returns the state that it ends in. All of it is enqueued without waiting. */
function learn<State, Item extends Batch>(
  model: Pick<Trainable<State>, 'parameters'>, { batch, data, window }: NonNullable<Piece<Item>['content']>, before: State | undefined, objective: Objective<State, Item>, options: Timing, gathered: Accumulation,
): State | undefined {
  const whole = data.tensors();
  return scope(() => {
    const { inputs, targets } = cut(whole, window, timeAxis(options));
    const { value, gradients, aux: state } = valueAndGrad(model, () => {
      const [loss, next] = parts(objective({ inputs, targets, batch }, before));
      return [loss, next] as const;
    })();
    gathered.add({ loss: value, gradients }, batch.count ?? targets.size);
    return retainState(state);
  });
}

// Parameters change last, when it is known that the numbers are numbers and nothing else can fail.
async function update(parameters: NamedTensors, gathered: Accumulation, options: Updating, isReported: boolean): Promise<Omit<FitProgress<unknown>, 'state' | 'tokens'> | undefined> {
  const { optimizer, schedule, ema } = options;
  const { loss, gradients } = gathered.mean as LossAndGradients;
  const step = optimizer.steps + 1;
  try {
    const norm = clipped(gradients, options);
    const measured = isReported ? await read(loss, norm) : undefined;
    if (measured === undefined) norm?.dispose();
    else if (!Number.isFinite(measured.loss) || !Number.isFinite(measured.gradNorm ?? 0)) throw new DivergenceError({ step, ...measured });
    if (schedule !== undefined) optimizer.lr = schedule(step);
    optimizer.step(parameters, gradients);
    ema?.update();
    return measured && { step, lr: optimizer.lr, ...measured };
  } finally {
    gathered.clear();
  }
}

type Updating = Pick<FitOptions<unknown>, 'optimizer' | 'schedule' | 'ema' | 'clipValue' | 'clipNorm'>;

function clipped(gradients: NamedTensors, { clipValue, clipNorm }: Updating): Tensor | undefined {
  if (clipValue !== undefined) clipGradValue(gradients, clipValue);
  return clipNorm === undefined ? undefined : clipGradNorm(gradients, clipNorm);
}

async function read(loss: Tensor, norm: Tensor | undefined): Promise<{ loss: number; gradNorm: number | undefined }> {
  try {
    const [lossValue, gradNorm] = await Promise.all([loss.item(), norm?.item()]);
    return { loss: lossValue, gradNorm };
  } finally {
    norm?.dispose();
  }
}

type Tensors = Pick<FitInput, 'inputs' | 'targets'>;

function cut({ inputs, targets }: Tensors, { start, length }: Window, axis: number): Tensors {
  if (start === 0 && length === (inputs.shape[axis] ?? 1)) return { inputs, targets };
  return { inputs: narrow(inputs, axis, start, length), targets: narrow(targets, axis, start, length) };
}

function parts<State>(result: Tensor | readonly [Tensor, State]): readonly [output: Tensor, state: State | undefined] {
  return 'shape' in result ? [result, undefined] : result;
}

function timeAxis({ batchFirst = false }: Timing): number {
  return batchFirst ? 1 : 0;
}

function checkOptions({ loss, objective, truncate, steps, accumulate = 1, reportEvery = 1 }: Pick<FitOptions<unknown>, 'loss' | 'truncate' | 'steps' | 'accumulate' | 'reportEvery'> & { readonly objective?: unknown }): void {
  check((loss === undefined) !== (objective === undefined), 'argument', () => `fit: give a loss or an objective, got ${loss === undefined ? 'neither' : 'both'}.`);
  checkWhole('fit', 1, { accumulate, reportEvery });
  check(truncate === undefined || (Number.isSafeInteger(truncate) && truncate >= 1), 'argument', () => `fit: truncate must be a whole number of steps from 1, got ${truncate}.`);
  check(steps === undefined || steps >= 0, 'argument', () => `fit: steps must be a number from 0, got ${steps}.`);
}
