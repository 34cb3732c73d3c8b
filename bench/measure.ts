import type { Case } from './cases.ts';
import type { Memory, Reply, Request } from './protocol.ts';
import { summarise, type Summary } from './statistics.ts';

/** A running system. */
export interface Runner {
  request(request: Request): Promise<Reply>;
  stop(): void;
}

/** A system that can be started. */
export interface Entrant {
  readonly name: string;
  /** Its time, and ours beside it, is the clock's. */
  readonly byClock?: boolean;
  start(): Runner;
}

export interface Plan {
  /** Samples of each system, taken in turn. */
  readonly rounds: number;
  /** A sample repeats the work until it takes about this long. */
  readonly sampleMs: number;
  /** Every system works this long before it is measured, and at least three repetitions. */
  readonly warmMs: number;
  /** A system that would take longer than this for all rounds leaves after fewer, but not before the third. */
  readonly budgetMs: number;
  /** Entrants are meant to do different work, so their losses are not compared. */
  readonly differentWork?: true;
}

/** One system in one case. Times are processor time of its whole process, in milliseconds, unless `byClock`. */
export interface Row {
  readonly system: string;
  /** Times and ratios are the clock's: it runs on several cores. */
  readonly byClock?: true;
  readonly about: string;
  /** Starting the backend and loading the data; without the import of the library. */
  readonly prepareMs: number;
  /** The first repetition, with everything that is compiled in it. */
  readonly firstMs: number;
  /** Loss of the first repetition and of the third, to compare with others'. */
  readonly losses: readonly number[];
  /** Why its work is not the same as ours; its times are not compared then. */
  readonly disagreement?: string;
  /** Per repetition; one sample a round. */
  readonly time: Summary;
  /** Clock time by processor time: above 1 where others used the core. */
  readonly crowding: number;
  /** Most bytes in one sample, where it tells. */
  readonly memory?: Memory;
  /** Its time over ours in the same rounds. */
  readonly theirsOverOurs?: Summary;
  /** The inverse. */
  readonly oursOverTheirs?: Summary;
  readonly samples: readonly number[];
}

/** A system that did not finish, and why. */
export interface Failure { readonly system: string; readonly failure: string }

export interface CaseResult { readonly case: Case; readonly rows: readonly (Row | Failure)[] }

/** Losses that differ by more than this share belong to different work. */
const tolerance = 1e-3;

/** Measures one case: every system is started, compared and warmed up by itself; then they take turns. The first entrant is ours. */
export async function measureCase(size: Case, data: string, entrants: readonly Entrant[], plan: Plan, log: (line: string) => void): Promise<CaseResult> {
  const racers: Racer[] = [];
  try {
    for (const entrant of entrants) {
      const racer = new Racer(entrant, plan);
      racers.push(racer);
      await racer.prepare({ op: 'prepare', case: size, data });
      log(`${size.name}: ${entrant.name} ${racer.status}`);
    }
    for (let round = 0; round < plan.rounds; round++) {
      // Who goes first changes: what one leaves in the caches is not always for the same one.
      for (let k = 0; k < racers.length; k++) await racers[(k + round) % racers.length]?.sample(round);
    }
  } finally {
    for (const racer of racers) racer.stop();
  }
  const [first] = racers;
  return { case: size, rows: racers.map((racer) => racer.result(first as Racer)) };
}

class Racer {
  readonly #name: string;
  readonly #runner: Runner;
  readonly #plan: Plan;
  readonly #samples: { readonly cpuMs: number; readonly wallMs: number }[] = [];
  readonly #losses: number[] = [];
  readonly #clock: 'cpuMs' | 'wallMs';
  #memory: Memory | undefined;
  #about = '';
  #prepareMs = 0;
  #firstMs = 0;
  #repetitions = 1;
  #rounds = 0;
  #failure: string | undefined;

  constructor(entrant: Entrant, plan: Plan) {
    this.#name = entrant.name;
    this.#clock = entrant.byClock === true ? 'wallMs' : 'cpuMs';
    this.#runner = entrant.start();
    this.#plan = plan;
  }

  get status(): string {
    return this.#failure === undefined ? `ready, first ${milliseconds(this.#firstMs)}` : `CANNOT: ${this.#failure}`;
  }

  async prepare(request: Request): Promise<void> {
    await this.#unlessFailed(async () => {
      const { about = '', cpuMs } = await this.#runner.request(request);
      [this.#about, this.#prepareMs] = [about, cpuMs];
      this.#firstMs = await this.#compare(1);
      // The loss of the third repetition tells whether gradients and updates are the same.
      await this.#calibrate(await this.#compare(2));
    });
  }

  async sample(round: number): Promise<void> {
    if (round >= this.#rounds) return;
    await this.#unlessFailed(async () => {
      const { cpuMs, wallMs, memory } = await this.#runner.request({ op: 'run', count: this.#repetitions });
      this.#memory = memory;
      this.#samples.push({ cpuMs: cpuMs / this.#repetitions, wallMs: wallMs / this.#repetitions });
    });
  }

  stop(): void {
    this.#runner.stop();
  }

  result(first: Racer): Row | Failure {
    if (this.#failure !== undefined) return { system: this.#name, failure: this.#failure };
    const samples = this.#samples.map((sample) => sample[this.#clock]);
    const disagreement = this.#disagreement(first);
    return {
      system: this.#name, about: this.#about, prepareMs: this.#prepareMs, firstMs: this.#firstMs, losses: this.#losses, samples,
      time: summarise(samples),
      ...(this.#clock === 'wallMs' ? { byClock: true as const } : {}), ...(this.#memory === undefined ? {} : { memory: this.#memory }),
      crowding: summarise(this.#samples.map(({ cpuMs, wallMs }) => wallMs / cpuMs)).median,
      ...(disagreement === undefined ? this.#ratios(first) : { disagreement }),
    };
  }

  #ratios(first: Racer): Pick<Row, 'theirsOverOurs' | 'oursOverTheirs'> {
    const pairs = this.#samples.flatMap((sample, round) => {
      const base = first.#samples[round]?.[this.#clock];
      return base === undefined ? [] : [sample[this.#clock] / base];
    });
    if (first === this || pairs.length === 0) return {};
    return { theirsOverOurs: summarise(pairs), oursOverTheirs: summarise(pairs.map((ratio) => 1 / ratio)) };
  }

  #disagreement(first: Racer): string | undefined {
    if (first.#failure !== undefined || this.#plan.differentWork) return undefined;
    const at = this.#losses.findIndex((loss, k) => !(Math.abs(loss - (first.#losses[k] ?? Number.NaN)) <= tolerance * Math.abs(loss)));
    return at < 0 ? undefined : `its loss is ${this.#losses[at]} where ours is ${first.#losses[at]} (${at === 0 ? 'first' : 'third'} repetition)`;
  }

  /** Runs and notes the loss; returns the time of one repetition. */
  async #compare(count: number): Promise<number> {
    const { cpuMs, loss = Number.NaN } = await this.#runner.request({ op: 'run', count });
    this.#losses.push(loss);
    return cpuMs / count;
  }

  /** Warms up, and finds how much a sample takes. */
  async #calibrate(estimateMs: number): Promise<void> {
    const { warmMs, sampleMs, budgetMs, rounds } = this.#plan;
    let estimate = estimateMs;
    for (let spent = 0; spent < warmMs && estimate < warmMs;) {
      const count = Math.max(1, Math.round(Math.min(warmMs - spent, warmMs / 4) / estimate));
      const { cpuMs } = await this.#runner.request({ op: 'run', count });
      spent += Math.max(cpuMs, 1);
      estimate = Math.max(cpuMs / count, 1e-6);
    }
    this.#repetitions = Math.max(1, Math.round(sampleMs / estimate));
    this.#rounds = Math.min(rounds, Math.max(3, Math.floor(budgetMs / (estimate * this.#repetitions))));
  }

  async #unlessFailed(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      this.stop();
    }
  }
}

/** A duration for people: three digits and a unit. */
export function milliseconds(ms: number): string {
  const [value, unit] = ms >= 1000 ? [ms / 1000, 's'] : ms >= 1 ? [ms, 'ms'] : [ms * 1000, 'µs'];
  return `${Number(value.toPrecision(3))} ${unit}`;
}
