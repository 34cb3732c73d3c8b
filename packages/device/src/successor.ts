import type { Backend } from '@unroll/tensor';
import { openBackend, type OpenOptions } from './open.ts';

/** How a lost GPU is followed. */
export interface SuccessorOptions extends Pick<OpenOptions, 'openers'> {
  /** Hears in a sentence what happens. */
  readonly say: (sentence: string) => void;
  /** Milliseconds of a clock. */
  readonly now?: () => number;
}

/** Losses within so many milliseconds are too many. */
const short = 60_000;
const tooMany = 2;

/**
 * The `next` of a recovery in `fit`: the GPU again, opened anew; the processor where there is none any more, or where this was the second
 * loss within a minute.
 */
export function successor({ say, now = () => performance.now(), openers = {} }: SuccessorOptions): (loss: Error) => Promise<Backend> {
  let losses: number[] = [];
  const onProcessor = async (why: string): Promise<Backend> => {
    say(`${why}; going on, on the processor`);
    return (await openBackend('wasm', { openers })).backend;
  };
  return async ({ message }) => {
    losses = [...losses, now()].filter((time) => now() - time < short);
    if (losses.length >= tooMany) return onProcessor(`the GPU was lost ${losses.length} times within a minute (${message})`);
    try {
      const { backend } = await openBackend('webgpu', { openers });
      say(`the GPU was lost (${message}); going on from the last copy, on a new device`);
      return backend;
    } catch (error) {
      return onProcessor(`the GPU was lost, and is not there any more (${error instanceof Error ? error.message : String(error)})`);
    }
  };
}
