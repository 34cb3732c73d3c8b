import type { Module } from '@unroll/layers';
import type { Generator, Tensor } from '@unroll/tensor';
import {
  adagrad, adam, adamw, EarlyStopping, ema, fit, History, nadam, radam, ReduceLROnPlateau, releaseState, retainState, rmsprop, scheduleOf, sgd, WeightSnapshot,
  type Batch, type LearningConfig, type Objective, type Optimizer, type OptimizerName, type Recovery, type Training, type WeightAverage,
} from '@unroll/train';

/** How an evaluation went, as far as training hears of it. */
export interface Measured {
  /** Mean loss over everything that was asked for. */
  readonly loss: number;
}

/** The parts of every run, whatever it learns. Plain parts: use any of them by itself. */
export interface Learner {
  /** Initial parameters were drawn from it, dropout masks still are. */
  readonly generator: Generator;
  readonly optimizer: Optimizer;
  /** Hears the loss of each evaluation on the way; its rate counts where `config.schedule` is `plateau`. */
  readonly plateau: ReduceLROnPlateau;
  /** Hears the same; ends the training where `config.patience` or `config.target` say so. */
  readonly stopping: EarlyStopping;
  /** The weights of the best of these evaluations. */
  readonly best: WeightSnapshot;
  /** Averaged weights, where `config.ema` is above 0. */
  readonly ema: WeightAverage | undefined;
  /** `loss`, `gradNorm` and `lr` of the updates, `heldOut` (and what else there is) of these evaluations. */
  readonly history: History;
  /** Where updates go on when a device is lost: may be set before training. Not set, training ends with the error of the backend. */
  recovery?: Recovery['next'];
}

/** A run as training sees it. */
export interface Lesson<State, Item extends Batch, Result extends Measured> extends Learner {
  readonly config: Pick<LearningConfig, 'lr' | 'schedule' | 'warmup' | 'accumulate' | 'clip'>;
  readonly model: Module;
  /** Updates in all. */
  readonly steps: number;
  /** An evaluation that is heard follows after so many updates; 0: none does. */
  readonly evaluateEvery: number;
  readonly batches: Iterable<Item>;
  readonly objective: Objective<State, Item>;
  /** On what was held out; absent where nothing was. Switches the model to evaluation and back. */
  readonly measure?: (() => Promise<Result>) | undefined;
  /** Of an evaluation, what goes into the history beside `heldOut`. */
  readonly record?: (result: Result) => Readonly<Record<string, number>>;
  /** Told of each evaluation: of the best so far, of others, and, where the end is not among those that are heard, of that. */
  readonly onMeasured?: (result: Result, rank: 'best' | 'other' | 'end') => void;
  /** What the next batch starts from. */
  state: State | undefined;
}

/** After each update. */
export interface UpdateProgress {
  readonly kind: 'step';
  /** Updates made, of all. */
  readonly step: number;
  /** Mean loss, before the update, on its own data. */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** Learning rate. */
  readonly lr: number;
  /** Targets learnt from. */
  readonly tokens: number;
}

/** On what was held out. */
export type MeasuredProgress<Result extends Measured> = Result & { readonly kind: 'evaluation'; readonly step: number };

/** The parts of a run at its beginning. */
export function learnerOf(config: LearningConfig, model: Module, generator: Generator): Learner {
  const { patience, target } = config;
  return {
    generator,
    optimizer: optimizers[config.optimizer](config.lr),
    plateau: new ReduceLROnPlateau(config.lr, { factor: 0.5, patience: 2 }),
    stopping: new EarlyStopping({ ...(patience > 0 ? { patience } : {}), ...(target > 0 ? { target } : {}) }),
    best: new WeightSnapshot(model),
    ema: config.ema > 0 ? ema(model, config.ema) : undefined,
    history: new History(),
  };
}

/** Frees everything of a run. */
export function disposeLesson(run: Learner & { readonly model: Module; state: unknown }): void {
  run.best.dispose();
  run.ema?.dispose();
  run.model.dispose();
  run.optimizer.dispose();
  releaseState(run.state);
  run.state = undefined;
}

/** What `captureTraining` saves of a run. */
export function trainingOf<State>(run: Learner & { readonly model: Module; readonly state: State | undefined }, data: NonNullable<Training['data']>): Training<State> {
  const { model, optimizer, generator, plateau, stopping, history, ema: averaged, best, state } = run;
  return { model, optimizer, generator, plateau, stopping, history, ema: averaged, best, state, data };
}

/**
 * All updates that are left, each followed by the evaluation that is due, and one at the end. The run may have been left, or saved,
 * anywhere before.
 *
 * @throws DivergenceError where loss or gradient are no numbers any more; the model is that of the step before
 */
export async function* learn<State, Item extends Batch, Result extends Measured>(run: Lesson<State, Item, Result>): AsyncGenerator<UpdateProgress | MeasuredProgress<Result>, void, void> {
  let isMeasured = false;
  if (run.optimizer.steps < run.steps && run.stopping.stopped === undefined) {
    for await (const progress of updates(run)) {
      yield progress;
      isMeasured = progress.kind === 'evaluation';
    }
  }
  if (run.measure !== undefined && !isMeasured) yield await measured(run, run.measure);
}

/** Runs `body` while the model has the averaged weights, where there are any. */
export function withAverage<T>({ ema: averaged }: Pick<Learner, 'ema'>, body: () => Promise<T>): Promise<T> {
  return averaged === undefined ? body() : averaged.within(body);
}

/** Runs `body` while the model has the best weights; where there are none, the averaged ones; where there are none of those, its own. */
export async function withBest<T>(run: Pick<Learner, 'ema' | 'best'>, body: () => Promise<T>): Promise<T> {
  if (run.best.empty) return withAverage(run, body);
  run.best.swap();
  try {
    return await body();
  } finally {
    run.best.swap();
  }
}

/** Runs `body` without dropout. */
export async function evaluating<T>(model: Module, body: () => Promise<T>): Promise<T> {
  const wasTraining = model.training;
  model.eval();
  try {
    return await body();
  } finally {
    model.train(wasTraining);
  }
}

/** A number from the backend; the tensor is freed. */
export async function numberOf(value: Tensor): Promise<number> {
  try {
    return await value.item();
  } finally {
    value.dispose();
  }
}

async function* updates<State, Item extends Batch, Result extends Measured>(run: Lesson<State, Item, Result>): AsyncGenerator<UpdateProgress | MeasuredProgress<Result>, void, void> {
  const { config, model, optimizer, objective, measure, stopping } = run;
  if (measure !== undefined && isDue(run)) yield await measured(run, measure);
  if (stopping.stopped !== undefined) return;
  const schedule = scheduleOf({ ...config, steps: run.steps }, run.plateau);
  const parts = { ...(run.state === undefined ? {} : { state: run.state }), ...(run.ema === undefined ? {} : { ema: run.ema }), ...(schedule === undefined ? {} : { schedule }) };
  const recovery = run.recovery === undefined ? {} : { recovery: { next: run.recovery, generators: [run.generator], snapshots: [run.best] } };
  const clipNorm = config.clip === 0 ? Infinity : config.clip;
  model.train();
  for await (const progress of fit<State, Item>(model, run.batches, { objective, optimizer, clipNorm, accumulate: config.accumulate, steps: run.steps - optimizer.steps, ...parts, ...recovery })) {
    releaseState(run.state);
    run.state = retainState(progress.state);
    const { step, loss, gradNorm = NaN, lr, tokens } = progress;
    run.history.add(step, { loss, gradNorm, lr });
    yield { kind: 'step', step, loss, gradNorm, lr, tokens };
    if (measure !== undefined && isDue(run)) yield await measured(run, measure);
    if (stopping.stopped !== undefined) return;
  }
}

/** Whether schedule and early stopping wait for an evaluation of this step. */
function isDue({ evaluateEvery, measure, optimizer: { steps }, history }: Pick<Lesson<unknown, Batch, Measured>, 'evaluateEvery' | 'optimizer' | 'history'> & { readonly measure?: unknown }): boolean {
  return evaluateEvery > 0 && measure !== undefined && steps > 0 && steps % evaluateEvery === 0 && history.latest('heldOut')?.step !== steps;
}

/** Evaluates the averaged weights where there are any. Those who wait for it hear of it. */
async function measured<State, Item extends Batch, Result extends Measured>(run: Lesson<State, Item, Result>, measure: () => Promise<Result>): Promise<MeasuredProgress<Result>> {
  const { optimizer: { steps: step }, plateau, stopping, best, history } = run;
  return withAverage(run, async () => {
    const result = await measure();
    if (isDue(run)) {
      history.add(step, { heldOut: result.loss, ...run.record?.(result) });
      plateau.step(result.loss);
      const isBest = stopping.step(result.loss);
      if (isBest) best.take();
      run.onMeasured?.(result, isBest ? 'best' : 'other');
    } else {
      run.onMeasured?.(result, 'end');
    }
    return { ...result, kind: 'evaluation', step };
  });
}

// Options of the optimisers other than lr keep PyTorch's defaults, but for the momentum that makes plain descent usable.
const optimizers: Readonly<Record<OptimizerName, (lr: number) => Optimizer>> = {
  sgd: (lr) => sgd({ lr, momentum: 0.9, nesterov: true }),
  rmsprop: (lr) => rmsprop({ lr }),
  adagrad: (lr) => adagrad({ lr }),
  adam: (lr) => adam({ lr }),
  adamw: (lr) => adamw({ lr }),
  nadam: (lr) => nadam({ lr }),
  radam: (lr) => radam({ lr }),
};
