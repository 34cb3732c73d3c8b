import type { Kernel } from '@unroll/tensor/backend';
import { choiceOf, isCut } from './compile.ts';
import type { Choice, Program, Target } from './program.ts';

/** Milliseconds that a program takes for a kernel; rejects where the device does not want it. */
export type Timer = (kernel: Kernel, program: Program) => Promise<number>;

/** Which way of running kernels is the fastest on this device: measured once for each class of shapes, known from then on. */
export class Tuner {
  readonly #target: Target;
  readonly #fastest: Map<string, string>;
  readonly #wanted = new Map<string, { readonly kernel: Kernel; readonly choice: Choice }>();
  #measuring: Promise<boolean> | undefined;

  constructor(target: Target, known: Readonly<Record<string, string>> = {}) {
    this.#target = target;
    this.#fastest = new Map(Object.entries(known));
  }

  /** The fastest variant for a kernel, as far as is known; what is not known is asked for. */
  choose(kernel: Kernel): string | undefined {
    // What is cut runs in pieces of other shapes.
    if (isCut(kernel, this.#target)) return undefined;
    const choice = choiceOf(kernel, this.#target);
    if (choice.variants.length < 2) return undefined;
    const known = this.#fastest.get(choice.shapeClass);
    if (known === undefined) this.#wanted.set(choice.shapeClass, { kernel, choice });
    return choice.variants.some(({ name }) => name === known) ? known : undefined;
  }

  /** Measures what was asked for. Gives whether anything is known now that was not before. */
  measure(time: Timer): Promise<boolean> {
    this.#measuring ??= this.#measureAll(time).finally(() => { this.#measuring = undefined; });
    return this.#measuring;
  }

  /** What is known: it is good for this device at another time, too. */
  known(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#fastest);
  }

  async #measureAll(time: Timer): Promise<boolean> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const [shapeClass, { kernel, choice }] of wanted) this.#fastest.set(shapeClass, await fastest(kernel, choice, time));
    return wanted.length > 0;
  }
}

/** Milliseconds from handing `run` over until it is done, the best of a few runs after the first, which compiles. */
export async function shortest({ queue }: GPUDevice, run: () => void): Promise<number> {
  const durations: number[] = [];
  for (let k = 0; k <= runs; k++) {
    const start = performance.now();
    run();
    await queue.onSubmittedWorkDone();
    durations.push(performance.now() - start);
  }
  return Math.min(...durations.slice(1));
}

const runs = 3;

async function fastest(kernel: Kernel, { variants }: Choice, time: Timer): Promise<string> {
  let best = { name: variants[0]?.name ?? '', duration: Infinity };
  for (const { name, make } of variants) {
    const duration = await time(kernel, make()).catch(() => Infinity);
    if (duration < best.duration) best = { name, duration };
  }
  return best.name;
}
