import { use } from '@unroll/tensor';
import { DivergenceError, EarlyStopping, isLost } from '@unroll/train';
import type { Learning } from '../config/config.ts';
import { Devices, type Device } from './devices.ts';
import { forecastOf } from './forecast.ts';
import { judge } from './judge.ts';
import { cellOf, widthOf } from './match.ts';
import { Meter } from './meter.ts';
import { Network, type NetworkPlan } from './network.ts';
import type { Forecast, Message, NamedArray, Notice, Opened, RunSpec, Sample, SampleRequest, Trace, TraceRequest } from './protocol.ts';
import { SnapshotRing, type Snapshot } from './ring.ts';
import { sampleOf } from './sampling.ts';
import type { Sharing } from './sharing.ts';
import { applySnapshot, takeSnapshot, type HostTraining } from './snapshot.ts';
import { sourceOf } from './sources/index.ts';
import { traceOf } from './trace.ts';
import { readWeights, unpacked, writeWeights } from './weights.ts';

/** Held-out sequences are judged every so many training steps. */
const judgeEvery = 10;
const ring = { capacity: 64, stride: 10 };
/** Judgements without a lower loss after which there is nothing more to wait for: a thousand steps. What is learnt late is learnt within a few hundred. */
const patience = 100;
/** Milliseconds of training after which questions get their turn. */
const turnTime = 16;
/** Milliseconds between the snapshots that a lost device is recovered from. */
const safeEvery = 2000;

/** The training of one model: everything that a worker does, without knowing that it is one. */
export class Session {
  readonly #plan: NetworkPlan;
  readonly #tell: (message: Message) => void;
  readonly #meter: Meter;
  readonly #devices: Devices;
  readonly #share: Sharing;
  readonly #ring = new SnapshotRing<HostTraining>(ring.capacity, ring.stride);
  #learning: Learning;
  #device: Device;
  #network: Network;
  /** The newest snapshot, which need not be in the ring. */
  #safe: Snapshot<HostTraining> & { readonly time: number };
  #stopping: EarlyStopping;
  #limit = 0;
  #running = false;
  #closed = false;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(plan: NetworkPlan, learning: Learning, { devices, share, device, network, first }: Begun, tell: (message: Message) => void) {
    this.#plan = plan;
    this.#tell = tell;
    this.#learning = learning;
    this.#devices = devices;
    this.#share = share;
    this.#device = device;
    this.#network = network;
    this.#meter = new Meter((progress) => tell({ kind: 'progress', progress }));
    this.#stopping = this.#awaited();
    this.#safe = { step: 0, content: first, time: performance.now() };
    this.#ring.add(this.#safe);
  }

  /** Builds the model; `share` says when it may train. Throws EquationError for a cell that cannot be read, DataError for a text or table that cannot be learnt from. */
  static async open(spec: RunSpec, tell: (message: Message) => void, devices: Devices = new Devices(), share: Sharing = (turn) => turn()): Promise<Session> {
    const cell = cellOf(spec);
    const source = await sourceOf(spec);
    const plan = { cell, source, hidden: widthOf(cell, spec, source.shape), seed: spec.seed, keep: spec.keep };
    const device = await devices.open(spec.backend, { plan, learning: spec, batch: spec.batch });
    use(device.backend);
    const network = new Network(plan, spec);
    return new Session(plan, spec, { devices, share, device, network, first: await takeSnapshot(network) }, tell);
  }

  /** What it turned out to be. */
  get opened(): Opened {
    const { model } = this.#network;
    const { shape, baseline, floor, vocabulary, series, heldOut } = this.#plan.source;
    const { inputs, targets, per, inputSymbols, targetSymbols } = shape;
    return {
      parameters: Object.values(model.parameters()).reduce((sum, { size }) => sum + size, 0),
      hidden: model.rnn.hiddenSize,
      backend: this.#device.name,
      threads: this.#device.threads,
      values: model.rnn.cell.values.map(({ name }) => name),
      states: model.rnn.cell.state,
      data: {
        inputs, targets: targets as Opened['data']['targets'], per: per as Opened['data']['per'], baseline, floor,
        text: vocabulary !== undefined, series: series !== undefined, sequences: heldOut.inputShape[1] ?? 1,
        ...(series === undefined ? {} : { columns: series.names }), ...(inputSymbols === undefined ? {} : { inputSymbols }), ...(targetSymbols === undefined ? {} : { targetSymbols }),
      },
      ...(this.#device.notice === undefined ? {} : { notice: this.#device.notice }),
    };
  }

  get snapshots(): readonly number[] {
    return this.#ring.steps;
  }

  grant(limit: number): void {
    this.#limit = limit;
    if (!this.#running) void this.#run();
  }

  learn(settings: Learning): Promise<void> {
    return this.#turn(() => {
      this.#learning = settings;
      this.#stopping = this.#awaited();
      return this.#network.learn(settings);
    });
  }

  rewind(step: number): Promise<number> {
    return this.#turn(async () => {
      const snapshot = this.#ring.before(step);
      if (snapshot === undefined) return this.#network.step;
      this.#meter.flush(this.#network.step);
      await this.#restore(snapshot);
      this.#ring.forget(snapshot.step);
      this.#stopping = this.#awaited();
      this.#limit = snapshot.step;
      return snapshot.step;
    });
  }

  trace(request: TraceRequest): Promise<Trace> {
    const { shape, heldOut: batch } = this.#plan.source;
    return this.#turn(() => this.#onDevice(() => traceOf({ model: this.#network.model, shape, batch, step: this.#network.step }, request)));
  }

  sample(request: SampleRequest): Promise<Sample> {
    const { vocabulary } = this.#plan.source;
    if (vocabulary === undefined) throw new TypeError('sample: symbols of this task are no characters');
    return this.#turn(() => this.#onDevice(() => sampleOf(this.#network.model, vocabulary, request)));
  }

  forecast(request: { readonly column: number; readonly seed: number }): Promise<Forecast> {
    const { series } = this.#plan.source;
    if (series === undefined) throw new TypeError('forecast: this task has no series to go on with');
    return this.#turn(() => this.#onDevice(() => forecastOf(this.#network.model, series, request)));
  }

  weights(): Promise<readonly NamedArray[]> {
    return this.#turn(() => this.#onDevice(() => readWeights(this.#network.model)));
  }

  load(weights: readonly NamedArray[] | Float32Array): Promise<void> {
    return this.#turn(async () => {
      const { model } = this.#network;
      writeWeights(model, weights instanceof Float32Array ? unpacked(model, weights) : weights);
      await this.#network.interrupt();
      this.#network.optimizer.dispose();
      this.#ring.forget(-1);
      this.#stopping = this.#awaited();
      this.#limit = 0;
      await this.#remember();
    });
  }

  loseDevice(): void {
    this.#device.lose();
  }

  /** Ends it and frees everything. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#turn(async () => {
      await this.#network.dispose();
      this.#device.lose();
    });
  }

  // One thing at a time, in the order in which they were asked for.
  #turn<T>(body: () => T | Promise<T>): Promise<T> {
    const done = this.#queue.then(() => {
      use(this.#device.backend);
      return body();
    });
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (!this.#closed && this.#network.step < this.#limit) await this.#turn(() => this.#placed(() => this.#someSteps()));
    } catch (error) {
      this.#limit = this.#network.step;
      this.#tell({ kind: 'notice', notice: noticeOf(error) });
    } finally {
      this.#running = false;
      this.#meter.flush(this.#network.step);
      this.#tell({ kind: 'paused', step: this.#network.step });
    }
  }

  // A GPU takes turns itself.
  #placed(turn: () => Promise<void>): Promise<void> {
    return this.#device.name === 'webgpu' ? turn() : this.#share(turn);
  }

  async #someSteps(): Promise<void> {
    const end = performance.now() + turnTime;
    do await this.#onDevice(() => this.#oneStep()); while (!this.#closed && this.#network.step < this.#limit && performance.now() < end);
  }

  async #oneStep(): Promise<void> {
    const { loss, gradNorm = NaN } = await this.#network.update();
    const { step, model } = this.#network;
    const { shape, heldOut } = this.#plan.source;
    const judged = step % judgeEvery === 0;
    const judgement = judged ? await judge(model, shape, heldOut) : { score: NaN, loss: NaN };
    if (judged) this.#await(judgement.loss);
    if (this.#ring.wants(step) || performance.now() - this.#safe.time > safeEvery) await this.#remember();
    this.#meter.add({ step, loss, gradNorm, score: judgement.score, heldOut: judgement.loss });
  }

  /** Tells once where there is nothing more to wait for. */
  #await(heldOut: number): void {
    const before = this.#stopping.stopped;
    this.#stopping.step(heldOut);
    const why = this.#stopping.stopped;
    if (before === undefined && why !== undefined) this.#tell({ kind: 'settled', why });
  }

  // A hundredth of what is lost without memory is as good as nothing.
  #awaited(): EarlyStopping {
    const { baseline, floor } = this.#plan.source;
    const whole = Math.max(0, baseline - floor);
    return new EarlyStopping({ patience, minDelta: whole / 1000, target: floor + whole / 100 });
  }

  async #remember(): Promise<void> {
    const snapshot = { step: this.#network.step, content: await takeSnapshot(this.#network), time: performance.now() };
    if (this.#ring.wants(snapshot.step)) this.#ring.add(snapshot);
    this.#safe = snapshot;
  }

  async #restore({ step, content }: Snapshot<HostTraining>): Promise<void> {
    await this.#network.interrupt();
    applySnapshot(this.#network, content);
    await this.#network.learn(this.#learning);
    this.#safe = { step, content, time: performance.now() };
  }

  /** Runs something on the device; where that is lost meanwhile, it begins anew from the last snapshot on another one. */
  async #onDevice<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (!isLost(error)) throw error;
      await this.#recover(error);
      return this.#onDevice(body);
    }
  }

  // What was on the device is gone, so nothing is freed there.
  async #recover(loss: Error): Promise<void> {
    this.#meter.flush(this.#network.step);
    const { notice, ...device } = await this.#devices.follow(loss);
    this.#device = device;
    use(device.backend);
    this.#network = new Network(this.#plan, this.#learning);
    await this.#restore(this.#safe);
    this.#ring.forget(this.#safe.step);
    if (notice !== undefined) this.#tell({ kind: 'notice', notice: { ...notice, values: { ...notice.values, step: this.#safe.step } } });
  }
}

interface Begun {
  readonly devices: Devices;
  readonly share: Sharing;
  readonly device: Device;
  readonly network: Network;
  readonly first: HostTraining;
}

function noticeOf(error: unknown): Notice {
  if (error instanceof DivergenceError) return { code: 'diverged', values: { step: error.step, loss: String(error.loss), gradNorm: String(error.gradNorm) } };
  return { code: 'failed', values: { message: error instanceof Error ? error.message : String(error) } };
}
