import type { Config, Learning, ModelConfig, Slot, TaskName } from '../config/config.ts';
import { slots } from '../config/config.ts';
import type { Reading } from '../config/fragment.ts';
import { firstConfig, optionsOf, taskInfos } from '../config/tasks.ts';
import { startWorker, type ModelWorker, type WorkerEvent } from '../training/client.ts';
import type { CallName, Calls, Notice, Opened, OwnData, RunSpec, Settled, Trace } from '../training/protocol.ts';
import { Curve } from './curve.ts';
import { Tracer } from './tracer.ts';

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
  /** Loss on unseen sequences. */
  heldOut: number | undefined = $state(undefined);
  /** Steps to which one can go back. */
  snapshots: readonly number[] = $state.raw([]);
  notice: Notice | undefined = $state.raw(undefined);
  /** Why there is nothing more to wait for, if so. */
  settled: Settled | undefined = $state(undefined);
  /** The held-out sequence that is looked at, from inside; kept up to date while `lab.watched` has this slot. */
  trace: Trace | undefined = $state.raw(undefined);
  /** The course of this run, and of the one before. Read them in an effect that reads `lab.revision`. */
  curve: Curve = new Curve();
  ghost: Curve | undefined = undefined;

  constructor(slot: Slot) {
    this.slot = slot;
  }
}

/** A text or table that was not taken: it cannot be learnt from (message), or is too large (name, most in megabytes). Nothing has changed then. */
export interface Refused {
  readonly code: 'refused' | 'large';
  readonly values: Readonly<Record<string, string | number>>;
}

/** Who wants to know what happens. */
export interface LabOptions {
  /** Hears of every other configuration. */
  readonly changed?: (config: Config) => void;
}

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
  /** What the visitor brought, by the task that it is for. */
  own: Readonly<Partial<Record<TaskName, OwnData | undefined>>> = $state.raw({});
  /** Why the last text or table was not taken. */
  refused: Refused | undefined = $state.raw(undefined);
  /** What an address said that could not be taken as it stood. */
  remarks: readonly (Reading['remarks'][number] | { readonly code: 'damaged-later' | 'newer-later'; readonly field: string })[] = $state.raw([]);
  /** The trained model that an address brought, and the steps that it had behind it. */
  brought: { readonly slot: Slot; readonly step: number } | undefined = $state.raw(undefined);
  readonly #workers: readonly ModelWorker[];
  readonly #changed: (config: Config) => void;
  /** Why it stopped by itself. */
  stopped: 'hidden' | 'settled' | undefined = $state(undefined);
  /** Whether it stops by itself where no model has anything more to learn. */
  ending: 'settled' | 'never' = $state('settled');
  readonly #tracers: Readonly<Record<Slot, Tracer>>;
  #generation = 0;
  #insisting = false;

  constructor({ changed = () => undefined }: LabOptions = {}, start: (slot: Slot, listen: (event: WorkerEvent) => void) => ModelWorker = (slot, listen) => startWorker(`model-${slot}`, listen)) {
    this.#changed = changed;
    this.#workers = slots.map((slot) => start(slot, (event) => this.#heard(slot, event)));
    const tracer = (slot: Slot): Tracer => new Tracer((request) => this.ask(slot, 'trace', request), (trace) => { this.models[slot].trace = trace; });
    this.#tracers = { 0: tracer(0), 1: tracer(1), 2: tracer(2) };
  }

  get model(): ModelState {
    return this.models[this.selected];
  }

  /** The visitor's own text or table for the present task. */
  get data(): OwnData | undefined {
    return this.own[this.config.task];
  }

  /** Trains until `pause`. */
  play(): void {
    // Whoever goes on after that wants to.
    this.#insisting = this.#isSettled();
    this.stopped = undefined;
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
    return this.open(startOf(this.config, task));
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
    // A run of another task is nothing to compare with.
    if (config.task !== this.config.task) for (const model of this.models) Object.assign(model, { curve: new Curve(), ghost: undefined });
    this.config = config;
    this.remarks = [];
    this.stopped = undefined;
    this.refused = undefined;
    this.brought = undefined;
    this.#changed(config);
    this.#generation += 1;
    const generation = this.#generation;
    await Promise.all(slots.map((slot) => this.#openModel(slot, generation)));
    if (generation === this.#generation && wasPlaying) this.play();
  }

  /** Changes how all models learn, without starting anew. */
  learn(settings: Partial<Learning>): void {
    this.config = { ...this.config, ...settings };
    this.#changed(this.config);
    this.#unsettle();
    this.#each((worker) => void worker.call('learn', learningOf(this.config)));
  }

  /** Goes back to an earlier step; what came after it stays as a ghost. */
  async rewind(step: number): Promise<void> {
    this.playing = false;
    this.#unsettle();
    await Promise.all(slots.map(async (slot) => {
      const model = this.models[slot];
      const reached = await (this.#workers[slot] as ModelWorker).call('rewind', step);
      if (reached < model.curve.steps) model.ghost = model.curve.copy();
      model.curve.cut(reached);
      model.step = reached;
      model.notice = undefined;
      model.snapshots = await this.ask(slot, 'snapshots');
      void this.#traced(slot, true);
    }));
    this.revision += 1;
  }

  /** Keeps traces of a model up to date until the function that it returns is called. */
  watch(slot: Slot, { reach = false }: { readonly reach?: boolean } = {}): () => void {
    const end = this.#tracers[slot].watch({ reach });
    void this.#traced(slot, true);
    return end;
  }

  /** Asks the worker of a model something. Rejects with a RefusalError that says why not. */
  ask<Name extends CallName>(slot: Slot, name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>> {
    return (this.#workers[slot] as ModelWorker).call(name, ...args);
  }

  /** Puts weights into a model, which begins to count at 0 again. Rejects where they do not fit; the model is then as it was. */
  async load(slot: Slot, weights: Parameters<Calls['load']>[0]): Promise<void> {
    const wasPlaying = this.playing;
    this.pause();
    try {
      await this.ask(slot, 'load', weights);
    } catch (error) {
      if (wasPlaying) this.play();
      throw error;
    }
    this.#begin(this.models[slot]);
    void this.#traced(slot, true);
    this.models[slot].snapshots = await this.ask(slot, 'snapshots');
  }

  /**
   * The visitor's own text or table: learnt from at once. Without one the built-in text is. What cannot be learnt from is refused before anything
   * ends, in `refused`.
   */
  async bring(data: OwnData | undefined, task: 'text' | 'csv'): Promise<void> {
    this.refused = undefined;
    const config = this.config.task === task ? this.config : startOf(this.config, task);
    try {
      if (data !== undefined) await this.ask(0, 'examine', this.#specOf(0, config, data));
    } catch (error) {
      this.refused = { code: 'refused', values: { message: error instanceof Error ? error.message : String(error) } };
      return;
    }
    this.own = { ...this.own, [task]: data };
    return this.open(config);
  }

  /** Halves the learning rate and goes on from the last snapshot: what one does when a loss is no number any more. */
  async calmDown(): Promise<void> {
    const step = Math.min(...this.models.map(({ snapshots }) => snapshots.at(-1) ?? 0));
    this.learn({ lr: this.config.lr / 2 });
    await this.rewind(step);
    this.play();
  }

  /** Looks at another held-out sequence. */
  look(sequence: number): void {
    this.sequence = sequence;
    for (const slot of slots) void this.#traced(slot, true);
  }

  async #openModel(slot: Slot, generation: number): Promise<void> {
    const model = this.models[slot];
    model.status = 'opening';
    this.#begin(model);
    try {
      const opened = await (this.#workers[slot] as ModelWorker).call('open', this.#specOf(slot, this.config, this.data));
      if (generation !== this.#generation) return;
      Object.assign(model, { opened, status: 'ready', notice: opened.notice, snapshots: [0] });
      void this.#traced(slot, true);
    } catch (error) {
      if (generation !== this.#generation) return;
      Object.assign(model, { status: 'failed', notice: { code: 'failed', values: { message: error instanceof Error ? error.message : String(error) } } });
    }
  }

  // A new run; the one before stays as a ghost.
  #begin(model: ModelState): void {
    this.#tracers[model.slot].forget();
    if (model.curve.steps > 0) model.ghost = model.curve;
    model.curve = new Curve();
    Object.assign(model, { step: 0, stepsPerSecond: 0, loss: undefined, gradNorm: undefined, score: undefined, heldOut: undefined, notice: undefined, settled: undefined });
    this.revision += 1;
  }

  #specOf(slot: Slot, config: Config, data: OwnData | undefined): RunSpec {
    const { models, task, options, hidden, keep, batch, seed, fairness } = config;
    const { cell, backend, equations } = models[slot];
    return {
      cell, backend, task, hidden, keep, fairness, batch, seed, rivals: models.map(({ cell, equations }) => ({ cell, ...(equations === undefined ? {} : { equations }) })), options: optionsOf(task, options), ...learningOf(config),
      ...(equations === undefined ? {} : { equations }), ...(data === undefined ? {} : { data }),
    };
  }

  #heard(slot: Slot, event: WorkerEvent): void {
    const model = this.models[slot];
    // Said before the worker had heard that something else begins.
    if (model.status === 'opening') return;
    if (event.kind === 'notice') this.#noticed(model, event.notice);
    if (event.kind === 'settled') this.#settle(model, event.why);
    if (event.kind === 'paused') this.#paused(slot).catch(() => undefined);
    if (event.kind === 'progress') {
      model.curve.add(event.progress);
      model.step = event.progress.step;
      model.stepsPerSecond = event.progress.stepsPerSecond;
      model.loss = event.progress.losses.at(-1);
      model.gradNorm = event.progress.gradNorms.at(-1);
      model.score = event.progress.scores.findLast((score) => !Number.isNaN(score)) ?? model.score;
      model.heldOut = event.progress.heldOut.findLast((loss) => !Number.isNaN(loss)) ?? model.heldOut;
      this.revision += 1;
      if (this.playing) this.#advance();
    }
    void this.#traced(slot, event.kind === 'paused');
  }

  #noticed(model: ModelState, notice: Notice): void {
    model.notice = notice;
    const { step, backend } = notice.values;
    if (!wentBack(notice) || typeof step !== 'number' || model.opened === undefined) return;
    model.curve.cut(step);
    model.step = step;
    model.opened = { ...model.opened, backend: backend === 'webgpu' ? 'webgpu' : 'wasm' };
  }

  #settle(model: ModelState, why: Settled): void {
    model.settled = why;
    if (this.ending === 'never' || !this.playing || this.#insisting || !this.#isSettled()) return;
    this.pause();
    this.stopped = 'settled';
  }

  #isSettled(): boolean {
    const learning = this.models.filter(({ status, notice }) => status === 'ready' && notice?.code !== 'diverged');
    return learning.length > 0 && learning.every(({ settled }) => settled !== undefined);
  }

  #unsettle(): void {
    for (const model of this.models) model.settled = undefined;
  }

  async #paused(slot: Slot): Promise<void> {
    this.models[slot].stepsPerSecond = 0;
    this.models[slot].snapshots = await this.ask(slot, 'snapshots');
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
    if (this.models[slot].status === 'ready') await this.#tracers[slot].refresh(this.sequence, now);
  }
}

/** Whether it was sent back to a snapshot, on another device. */
function wentBack({ code }: Notice): boolean {
  return code === 'device-lost' || code === 'device-lost-often' || code === 'device-gone';
}

/** Another task, with the settings that suit it. */
function startOf(config: Config, task: TaskName): Config {
  return { ...config, ...taskInfos[task].start, task, options: optionsOf(task, {}) };
}

function learningOf({ lr, clip, truncate }: Config): Learning {
  return { lr, clip, truncate };
}
