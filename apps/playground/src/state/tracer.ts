import type { Trace, TraceRequest } from '../training/protocol.ts';

/** What a view wants to see of a model. */
export interface Wish {
  /** Gradients by states too, which cost as much as several training steps. */
  readonly reach: boolean;
}

/** Milliseconds between two traces while a model learns, without and with gradients. */
const pauses = { plain: 200, reach: 1500 };

/** Keeps the trace of one model up to date for those who watch it, without ever asking twice at a time. */
export class Tracer {
  readonly #ask: (request: TraceRequest) => Promise<Trace>;
  readonly #take: (trace: Trace) => void;
  readonly #wishes = new Set<Wish>();
  #asking = false;
  /** Something has changed since the question was asked. */
  #stale = false;
  #last = { plain: -Infinity, reach: -Infinity };
  #reach: { readonly sequence: number; readonly values: NonNullable<Trace['reach']> } | undefined;

  constructor(ask: (request: TraceRequest) => Promise<Trace>, take: (trace: Trace) => void) {
    this.#ask = ask;
    this.#take = take;
  }

  /** Until the function that it returns is called. */
  watch(wish: Wish): () => void {
    this.#wishes.add(wish);
    return () => void this.#wishes.delete(wish);
  }

  /** Traces a held-out sequence anew: at once, or where the last trace is old enough. Never rejects: where there is no answer, the old one stays. */
  async refresh(sequence: number, now: boolean): Promise<void> {
    const time = performance.now();
    if (this.#wishes.size === 0 || (!now && time - this.#last.plain < pauses.plain)) return;
    if (this.#asking) {
      this.#stale ||= now;
      return;
    }
    const reach = [...this.#wishes].some((wish) => wish.reach) && (now || time - this.#last.reach >= pauses.reach);
    this.#asking = true;
    try {
      this.#take(this.#whole(sequence, await this.#ask({ sequence, reach })));
    } catch {
      // A model that is being built anew, or cannot be, says so by itself.
    } finally {
      this.#asking = false;
      const done = performance.now();
      this.#last = { plain: done, reach: reach ? done : this.#last.reach };
    }
    if (!this.#stale) return;
    this.#stale = false;
    await this.refresh(sequence, true);
  }

  /** Forgets gradients of a run that is over. */
  forget(): void {
    this.#reach = undefined;
  }

  // Gradients are asked for more rarely than the rest; those of the last time stay until then.
  #whole(sequence: number, trace: Trace): Trace {
    if (trace.reach !== undefined) this.#reach = { sequence, values: trace.reach };
    return trace.reach === undefined && this.#reach?.sequence === sequence ? { ...trace, reach: this.#reach.values } : trace;
  }
}
