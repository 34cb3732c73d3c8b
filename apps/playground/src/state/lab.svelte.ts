import type { Config, Learning, ModelConfig, Slot } from '../config/config.ts';
import { slots } from '../config/config.ts';
import { firstConfig, optionsOf, taskInfos } from '../config/tasks.ts';
import { startWorker, type ModelWorker, type WorkerEvent } from '../training/client.ts';
import type { Notice, Opened, OwnData, RunSpec, Trace } from '../training/protocol.ts';
import { Curve } from './curve.ts';

/** What a model is doing. */
export type Status = 'opening' | 'ready' | 'failed';

/** One of the three models, as views see it. */
export class ModelState {
  readonly slot: Slot;
  status: Status = $state('opening');
  opened: Opened | undefined = $state.raw(undefined);
  /** Training steps made. */
  step: number = $state(0);
  stepsPerSecond: number = $state(0);
  loss: number | undefined = $state(undefined);
  gradNorm: number | undefined = $state(undefined);
  score: number | undefined = $state(undefined);
  notice: Notice | undefined = $state.raw(undefined);
  /** The held-out sequence that is looked at, from inside; kept up to date while `lab.watched` has this slot. */
  trace: Trace | undefined = $state.raw(undefined);
  /** The course of this run, and of the one before. Read them in an effect that reads `lab.revision`. */
  curve: Curve = new Curve();
  ghost: Curve | undefined = undefined;

  constructor(slot: Slot) {
    this.slot = slot;
  }
}

/** Milliseconds between two traces of a model. */
const traceEvery = 200;

/** The whole page's state: three models on one task. Views read it and call its methods; nobody else talks to the workers. */
export class Lab {
  config: Config = $state.raw(firstConfig);
  readonly models: readonly [ModelState, ModelState, ModelState] = [new ModelState(0), new ModelState(1), new ModelState(2)];
  playing: boolean = $state(false);
  /** The model that views of the inside show. */
  selected: Slot = $state(1);
  /** The held-out sequence that is looked at. */
  sequence: number = $state(0);
  /** Grows whenever curves have changed. */
  revision: number = $state(0);
  /** The visitor's own text or table. */
  data: OwnData | undefined = $state.raw(undefined);
  readonly #workers: readonly ModelWorker[];
  readonly #watched = new Map<Slot, { reach: boolean }>();
  readonly #tracing = new Map<Slot, number>();
  #generation = 0;

  constructor(start: (slot: Slot, listen: (event: WorkerEvent) => void) => ModelWorker = (slot, listen) => startWorker(`model-${slot}`, listen)) {
    this.#workers = slots.map((slot) => start(slot, (event) => this.#heard(slot, event)));
  }

  get model(): ModelState {
    return this.models[this.selected];
  }

  /** Trains until `pause`. */
  play(): void {
    this.playing = true;
    this.#advance();
  }

  /** Stops; who is behind catches up, so that all have made the same number of steps. */
  pause(): void {
    this.playing = false;
    this.#advance();
  }

  /** So many training steps. */
  train(steps = 1): void {
    this.playing = false;
    const limit = this.#furthest() + steps;
    this.#each((worker) => void worker.call('grant', limit));
  }

  /** Starts anew from the same seed. */
  reset(): Promise<void> {
    return this.open(this.config);
  }

  newSeed(): Promise<void> {
    return this.open({ ...this.config, seed: this.config.seed + 1 });
  }

  /** Another task, with the settings that suit it. */
  chooseTask(task: Config['task']): Promise<void> {
    return this.open({ ...this.config, ...taskInfos[task].start, task, options: optionsOf(task, {}) });
  }

  /** Another cell, or another place to compute, for one model. */
  chooseModel(slot: Slot, model: ModelConfig): Promise<void> {
    const models = this.config.models.map((one, k) => (k === slot ? model : one)) as unknown as Config['models'];
    return this.open({ ...this.config, models });
  }

  /** Builds all models anew. The runs so far stay as ghosts. */
  async open(config: Config): Promise<void> {
    const wasPlaying = this.playing;
    this.playing = false;
    this.config = config;
    this.#generation += 1;
    const generation = this.#generation;
    await Promise.all(slots.map((slot) => this.#openModel(slot, generation)));
    if (generation === this.#generation && wasPlaying) this.play();
  }

  /** Changes how all models learn, without starting anew. */
  learn(settings: Partial<Learning>): void {
    this.config = { ...this.config, ...settings };
    this.#each((worker) => void worker.call('learn', learningOf(this.config)));
  }

  /** Goes back to an earlier step; what came after it stays as a ghost. */
  async rewind(step: number): Promise<void> {
    this.playing = false;
    await Promise.all(slots.map(async (slot) => {
      const model = this.models[slot];
      const reached = await (this.#workers[slot] as ModelWorker).call('rewind', step);
      model.ghost = model.curve.copy();
      model.curve.cut(reached);
      model.step = reached;
      model.notice = undefined;
      void this.#traced(slot, true);
    }));
    this.revision += 1;
  }

  /** Keeps traces of a model up to date until the function that it returns is called. */
  watch(slot: Slot, { reach = false }: { readonly reach?: boolean } = {}): () => void {
    const wish = { reach };
    this.#watched.set(slot, wish);
    void this.#traced(slot, true);
    return () => {
      if (this.#watched.get(slot) === wish) this.#watched.delete(slot);
    };
  }

  /** Looks at another held-out sequence. */
  look(sequence: number): void {
    this.sequence = sequence;
    for (const slot of slots) void this.#traced(slot, true);
  }

  async #openModel(slot: Slot, generation: number): Promise<void> {
    const model = this.models[slot];
    model.status = 'opening';
    if (model.curve.steps > 0) model.ghost = model.curve;
    model.curve = new Curve();
    Object.assign(model, { step: 0, stepsPerSecond: 0, loss: undefined, gradNorm: undefined, score: undefined, notice: undefined });
    this.revision += 1;
    try {
      const opened = await (this.#workers[slot] as ModelWorker).call('open', this.#specOf(slot));
      if (generation !== this.#generation) return;
      Object.assign(model, { opened, status: 'ready', notice: opened.notice });
      void this.#traced(slot, true);
    } catch (error) {
      if (generation !== this.#generation) return;
      Object.assign(model, { status: 'failed', notice: { code: 'failed', values: { message: error instanceof Error ? error.message : String(error) } } });
    }
  }

  #specOf(slot: Slot): RunSpec {
    const { models, task, options, hidden, batch, seed, fairness } = this.config;
    const { cell, backend, equations } = models[slot];
    return {
      cell, backend, task, hidden, fairness, batch, seed, rivals: models.map(({ cell, equations }) => ({ cell, ...(equations === undefined ? {} : { equations }) })), options: optionsOf(task, options), ...learningOf(this.config),
      ...(equations === undefined ? {} : { equations }), ...(this.data === undefined ? {} : { data: $state.snapshot(this.data) }),
    };
  }

  #heard(slot: Slot, event: WorkerEvent): void {
    const model = this.models[slot];
    if (event.kind === 'notice') model.notice = event.notice;
    if (event.kind === 'progress') {
      model.curve.add(event.progress);
      model.step = event.progress.step;
      model.stepsPerSecond = event.progress.stepsPerSecond;
      model.loss = event.progress.losses.at(-1);
      model.gradNorm = event.progress.gradNorms.at(-1);
      model.score = model.curve.last('score');
      this.revision += 1;
      if (this.playing) this.#advance();
    }
    void this.#traced(slot, event.kind === 'paused');
  }

  // Who is ahead waits, so that all curves are of the same length.
  #advance(): void {
    const steps = this.models.filter(({ status, notice }) => status === 'ready' && notice?.code !== 'diverged').map(({ step }) => step);
    if (steps.length === 0) return;
    const lead = Math.max(20, ...this.models.map(({ stepsPerSecond }) => Math.ceil(stepsPerSecond / 2)));
    const limit = this.playing ? Math.min(...steps) + lead : this.#furthest();
    this.#each((worker) => void worker.call('grant', limit));
  }

  #furthest(): number {
    return Math.max(...this.models.map(({ step }) => step));
  }

  #each(act: (worker: ModelWorker) => void): void {
    for (const slot of slots) if (this.models[slot].status === 'ready') act(this.#workers[slot] as ModelWorker);
  }

  async #traced(slot: Slot, now: boolean): Promise<void> {
    const wish = this.#watched.get(slot);
    const last = this.#tracing.get(slot) ?? -Infinity;
    if (wish === undefined || this.models[slot].status !== 'ready' || last === Infinity || (!now && performance.now() - last < traceEvery)) return;
    this.#tracing.set(slot, Infinity);
    try {
      this.models[slot].trace = await (this.#workers[slot] as ModelWorker).call('trace', { sequence: this.sequence, reach: wish.reach });
    } finally {
      this.#tracing.set(slot, performance.now());
    }
  }
}

function learningOf({ lr, clip, truncate }: Config): Learning {
  return { lr, clip, truncate };
}
