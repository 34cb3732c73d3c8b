import { valueAndGrad } from '@unroll/autograd';
import { narrow, scope, type Tensor } from '@unroll/tensor';
import { load, windowsOf, type Batch, type LoadedBatch, type Window } from './batch.ts';
import { breather } from './breathe.ts';
import { releaseState, retainState } from './carry.ts';
import { clipGradNorm, clipGradValue } from './clip.ts';
import { check } from './errors.ts';
import type { Loss } from './losses.ts';
import type { Optimizer } from './optimizer.ts';

/** What `fit` trains: parameters by name, and a forward pass, which may take and return a state. */
export interface Trainable<State> {
  parameters(): Record<string, Tensor>;
  forward(inputs: Tensor, state?: State): Tensor | readonly [output: Tensor, state: State];
}

/** How `fit` trains. */
export interface FitOptions<State> {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Scales the gradients so that their norm is at most this; Infinity only measures it. Default: neither. */
  readonly clipNorm?: number;
  /** Cuts each element of the gradients to [−clipValue, clipValue], before the norm is taken. Default: not. */
  readonly clipValue?: number;
  /** Batches with more steps are cut into windows of this many, each an update, with the state carried on (truncated back-propagation through time). */
  readonly truncate?: number;
  /** Where time is, for `truncate`: false (default) inputs are (T, B, …), true (B, T, …). */
  readonly batchFirst?: boolean;
  /** Ends after so many updates, for batches without end. */
  readonly steps?: number;
  /** Learning rate of the update of that number (from 1); otherwise the optimiser's own stays. */
  readonly schedule?: (step: number) => number;
  /** State before the first batch, unless that has `reset`. Stays the caller's. */
  readonly state?: State;
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
  /** Targets learnt from. */
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
 */
export async function* fit<State = unknown>(
  model: Trainable<State>, batches: Iterable<Batch> | AsyncIterable<Batch>, options: FitOptions<State>,
): AsyncGenerator<FitProgress<State>, void, void> {
  const { optimizer, steps = Infinity } = options;
  checkOptions(options);
  const breathe = breather();
  let state: State | undefined = retainState(options.state);
  let left = steps;
  try {
    if (left <= 0) return;
    for await (const batch of batches) {
      const data = load(batch);
      try {
        if (data.reset) {
          releaseState(state);
          state = undefined;
        }
        for (const window of windowsOf(data, options.truncate, timeAxis(options))) {
          if (options.schedule !== undefined) optimizer.lr = options.schedule(optimizer.steps + 1);
          const done = update(model, data, window, state, options);
          releaseState(state);
          state = done.state;
          const { lr } = optimizer;
          yield { step: optimizer.steps, lr, state, tokens: done.tokens, ...(await read(done)) };
          await breathe();
          if (--left <= 0) return;
        }
      } finally {
        data.dispose();
      }
    }
  } finally {
    releaseState(state);
  }
}

interface Update<State> {
  readonly loss: Tensor;
  readonly norm: Tensor | undefined;
  readonly tokens: number;
  readonly state: State | undefined;
}

// All of an update is enqueued without waiting for any of it. The parameters change last, when nothing else can fail.
function update<State>(model: Trainable<State>, data: LoadedBatch, window: Window, before: State | undefined, options: FitOptions<State>): Update<State> {
  return scope(() => {
    const { inputs, targets } = cut(data, window, timeAxis(options));
    const { value: loss, gradients, aux: state } = valueAndGrad(model, () => {
      const [output, next] = parts(model.forward(inputs, before));
      return [options.loss(output, targets), next] as const;
    })();
    if (options.clipValue !== undefined) clipGradValue(gradients, options.clipValue);
    const norm = options.clipNorm === undefined ? undefined : clipGradNorm(gradients, options.clipNorm);
    options.optimizer.step(model.parameters(), gradients);
    return { loss, norm, state: retainState(state), tokens: targets.size };
  });
}

async function read({ loss, norm }: Update<unknown>): Promise<{ loss: number; gradNorm: number | undefined }> {
  try {
    const [lossValue, gradNorm] = await Promise.all([loss.item(), norm?.item()]);
    return { loss: lossValue, gradNorm };
  } finally {
    loss.dispose();
    norm?.dispose();
  }
}

function cut({ inputs, targets }: LoadedBatch, { start, length }: Window, axis: number): { inputs: Tensor; targets: Tensor } {
  if (start === 0 && length === (inputs.shape[axis] ?? 1)) return { inputs, targets };
  return { inputs: narrow(inputs, axis, start, length), targets: narrow(targets, axis, start, length) };
}

function parts<State>(result: Tensor | readonly [Tensor, State]): readonly [output: Tensor, state: State | undefined] {
  return 'shape' in result ? [result, undefined] : result;
}

function timeAxis({ batchFirst = false }: FitOptions<unknown>): number {
  return batchFirst ? 1 : 0;
}

function checkOptions({ truncate, steps }: FitOptions<unknown>): void {
  check(truncate === undefined || (Number.isSafeInteger(truncate) && truncate >= 1), 'argument', () => `fit: truncate must be a whole number of steps from 1, got ${truncate}.`);
  check(steps === undefined || steps >= 0, 'argument', () => `fit: steps must be a number from 0, got ${steps}.`);
}
