import { Generator, use } from '@unroll/tensor';
import { adam, crossEntropy, DivergenceError, fit, mse, type Batch, type FitProgress, type Optimizer } from '@unroll/train';
import type { Learning } from '../config/config.ts';
import { openBackend } from './backends.ts';
import { judge } from './judge.ts';
import { cellOf, widthOf } from './match.ts';
import { Meter } from './meter.ts';
import { SequenceModel } from './model.ts';
import type { BackendName, Message, Opened, Progress, RunSpec, Trace, TraceRequest } from './protocol.ts';
import { SnapshotRing } from './ring.ts';
import { applySnapshot, takeSnapshot, type HostTraining } from './snapshot.ts';
import { sourceOf, type Source } from './sources.ts';
import { traceOf } from './trace.ts';

/** Held-out sequences are judged every so many training steps. */
const judgeEvery = 10;
const snapshots = { capacity: 64, stride: 10 };
/** Milliseconds of training after which questions get their turn. */
const turnTime = 16;

/** The training of one model: everything that a worker does, without knowing that it is one. */
export class Session {
  readonly #source: Source;
  readonly #backend: BackendName;
  readonly #tell: (message: Message) => void;
  readonly #model: SequenceModel;
  readonly #optimizer: Optimizer;
  readonly #ring = new SnapshotRing<HostTraining>(snapshots.capacity, snapshots.stride);
  readonly #meter: Meter;
  #learning: Learning;
  #updates: AsyncGenerator<FitProgress<unknown>, void, void> | undefined;
  #limit = 0;
  #running = false;
  #closed = false;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(spec: RunSpec, source: Source, backend: BackendName, tell: (message: Message) => void) {
    [this.#source, this.#backend, this.#tell, this.#learning] = [source, backend, tell, spec];
    const cell = cellOf(spec);
    this.#model = new SequenceModel(cell, source.shape, widthOf(cell, spec, source.shape), new Generator(spec.seed));
    this.#optimizer = adam({ lr: spec.lr });
    this.#meter = new Meter((progress: Progress) => tell({ kind: 'progress', progress }));
    this.learn(spec);
  }

  /** Builds the model. Throws EquationError for a cell that cannot be read, and what backends and data throw. */
  static async open(spec: RunSpec, tell: (message: Message) => void): Promise<Session> {
    const source = await sourceOf(spec);
    const name = spec.backend === 'auto' ? 'wasm' : spec.backend;
    use(await openBackend(name));
    const session = new Session(spec, source, name, tell);
    await session.#remember();
    return session;
  }

  /** What it turned out to be. */
  get opened(): Opened {
    const { cell, hiddenSize } = this.#model.rnn;
    const { inputs, targets, per, inputSymbols, targetSymbols } = this.#source.shape;
    return {
      parameters: Object.values(this.#model.parameters()).reduce((sum, { size }) => sum + size, 0),
      hidden: hiddenSize,
      backend: this.#backend,
      values: cell.values.map((value) => value.name),
      states: cell.state,
      data: {
        inputs, targets: targets as Opened['data']['targets'], per: per as Opened['data']['per'], baseline: this.#source.baseline, floor: this.#source.floor,
        ...(inputSymbols === undefined ? {} : { inputSymbols }), ...(targetSymbols === undefined ? {} : { targetSymbols }),
      },
    };
  }

  get #step(): number {
    return this.#optimizer.steps;
  }

  grant(limit: number): void {
    this.#limit = limit;
    if (!this.#running) void this.#run();
  }

  learn({ lr, clip, truncate }: Learning): void {
    this.#learning = { lr, clip, truncate };
    this.#optimizer.lr = lr;
    this.#model.truncate = truncate;
    this.#restart();
  }

  rewind(step: number): Promise<number> {
    return this.#turn(() => {
      const snapshot = this.#ring.before(step);
      if (snapshot === undefined) return this.#step;
      this.#restart();
      applySnapshot(this.#training, snapshot.content);
      this.#optimizer.lr = this.#learning.lr;
      this.#ring.forget(snapshot.step);
      this.#limit = snapshot.step;
      return snapshot.step;
    });
  }

  get snapshots(): readonly number[] {
    return this.#ring.steps;
  }

  trace(request: TraceRequest): Promise<Trace> {
    return this.#turn(() => traceOf({ model: this.#model, shape: this.#source.shape, batch: this.#source.heldOut, step: this.#step }, request));
  }

  /** Ends it and frees everything. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#turn(() => {
      this.#restart();
      this.#model.dispose();
      this.#optimizer.dispose();
    });
  }

  get #training(): { model: SequenceModel; optimizer: Optimizer } {
    return { model: this.#model, optimizer: this.#optimizer };
  }

  // One thing at a time, in the order in which they were asked for.
  #turn<T>(body: () => T | Promise<T>): Promise<T> {
    const done = this.#queue.then(body);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (!this.#closed && this.#step < this.#limit) await this.#turn(() => this.#someSteps());
    } catch (error) {
      this.#limit = this.#step;
      this.#tell({ kind: 'notice', notice: noticeOf(error) });
    } finally {
      this.#running = false;
      this.#meter.flush(this.#step);
      this.#tell({ kind: 'paused', step: this.#step });
    }
  }

  async #someSteps(): Promise<void> {
    const end = performance.now() + turnTime;
    do await this.#oneStep(); while (!this.#closed && this.#step < this.#limit && performance.now() < end);
  }

  async #oneStep(): Promise<void> {
    this.#updates ??= fit(this.#model, this.#batches(), { loss: this.#source.shape.targets === 'classification' ? crossEntropy : mse, optimizer: this.#optimizer, clipNorm: this.#learning.clip });
    const { value } = await this.#updates.next();
    if (value === undefined) return;
    const judgement = this.#step % judgeEvery === 0 ? await judge(this.#model, this.#source.shape, this.#source.heldOut) : undefined;
    if (this.#ring.wants(this.#step)) await this.#remember();
    this.#meter.add({ step: this.#step, loss: value.loss, gradNorm: value.gradNorm ?? NaN, score: judgement?.score ?? NaN, heldOut: judgement?.loss ?? NaN });
  }

  *#batches(): BatchStream {
    while (true) {
      const { inputs, inputShape, targets, targetShape, lengths } = this.#source.batch(this.#step);
      this.#model.lengths = lengths;
      yield { inputs, targets, shape: inputShape, targetShape };
    }
  }

  async #remember(): Promise<void> {
    this.#ring.add({ step: this.#step, content: await takeSnapshot(this.#training) });
  }

  // Ends the loop; the next step begins one with the present settings.
  #restart(): void {
    void this.#updates?.return();
    this.#updates = undefined;
  }
}

type BatchStream = globalThis.Generator<Batch, void, void>;

function noticeOf(error: unknown): Extract<Message, { kind: 'notice' }>['notice'] {
  if (error instanceof DivergenceError) return { code: 'diverged', values: { step: error.step, loss: String(error.loss), gradNorm: String(error.gradNorm) } };
  return { code: 'failed', values: { message: error instanceof Error ? error.message : String(error) } };
}
