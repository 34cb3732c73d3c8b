import type { Runner } from '../measure.ts';
import type { Reply, Request } from '../protocol.ts';
import { summarise, type Summary } from '../statistics.ts';
import type { Counts } from './gpu.ts';

/** What a system asks of a GPU for one repetition, and the processor time it takes besides; undefined where it does not tell. */
export interface Reading { readonly perRepetition: Counts | undefined; readonly processorMs: Summary }

/** Runs a system by the clock: what a GPU does is no time of the process. */
export class Meter implements Runner {
  readonly #runner: Runner;
  readonly #processor: number[] = [];
  #last: Counts | undefined;
  #perRepetition: Counts | undefined;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async request(request: Request): Promise<Reply> {
    const reply = await this.#runner.request(request);
    if (request.op === 'run') this.#note(reply, request.count);
    return { ...reply, cpuMs: reply.wallMs };
  }

  stop(): void {
    this.#runner.stop();
  }

  reading(): Reading {
    return { perRepetition: this.#perRepetition, processorMs: summarise(this.#processor.length > 0 ? this.#processor : [Number.NaN]) };
  }

  // The last repetitions are those of a warm system.
  #note({ counts, cpuMs }: Reply, count: number): void {
    this.#processor.push(cpuMs / count);
    if (counts === undefined) return;
    const last = this.#last;
    if (last !== undefined) {
      const each = (what: keyof Counts): number => (counts[what] - last[what]) / count;
      this.#perRepetition = { dispatches: each('dispatches'), submits: each('submits'), buffers: each('buffers') };
    }
    this.#last = counts;
  }
}
